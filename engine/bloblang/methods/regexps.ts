/** Methods with regular expressions, in the syntax and with the linear time of RE2. */
import { RE2JS } from 're2js'
import type { MethodDefinition, Parameter } from '../definition.ts'
import { MappingError } from '../mapping-error.ts'
import { expectText } from '../values/kind-of.ts'
import { setKey } from '../values/set-key.ts'
import type { ObjectValue, Value } from '../values/value.ts'
import { expandReplacement } from './expand-replacement.ts'

const regexps = { category: 'regular expressions', status: 'stable' } as const
const pattern: Parameter = {
  name: 'pattern',
  type: 'string',
  description: 'The expression, in RE2 syntax.',
}

export function compilePattern(text: string): RE2JS {
  try {
    return RE2JS.compile(text)
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    throw new MappingError(`expected a regular expression in RE2 syntax: ${reason}`)
  }
}

export const regexpMethods: readonly MethodDefinition[] = [
  {
    name: 're_match',
    ...regexps,
    description: 'Whether the expression matches anywhere in the text.',
    parameters: [pattern],
    examples: [{ mapping: 'root = "there are 5".re_match("[0-9]")', output: 'true' }],
    build: (site) => {
      const expression = site.derived('pattern', compilePattern)
      return (target, frame) => expression(frame).matcher(expectText(target)).find()
    },
  },
  {
    name: 're_replace_all',
    aliases: ['re_replace'],
    ...regexps,
    description:
      'With every match replaced; `$1` and `${name}` stand for groups, `$$` for a dollar.',
    parameters: [
      pattern,
      { name: 'value', type: 'string', description: 'What takes the place of a match.' },
    ],
    examples: [
      { mapping: 'root = "a1b22".re_replace_all("([0-9]+)", "<$1>")', output: 'a<1>b<22>' },
      { mapping: 'root = "ab".re_replace_all("(a)", "$1y$$")', output: '$b' },
    ],
    build: (site) => {
      const expression = site.derived('pattern', compilePattern)
      const value = site.string('value')
      return (target, frame) => replaceMatches(expression(frame), expectText(target), value(frame))
    },
  },
  {
    name: 're_find_all',
    ...regexps,
    description: 'All matches, as texts.',
    parameters: [pattern],
    examples: [{ mapping: 'root = "paranormal".re_find_all("a.")', output: '["ar","an","al"]' }],
    build: (site) => {
      const expression = site.derived('pattern', compilePattern)
      return (target, frame) =>
        allMatches(expression(frame), expectText(target)).map((groups) => groups[0] ?? '')
    },
  },
  {
    name: 're_find_all_submatch',
    ...regexps,
    description: 'All matches, each as an array of the match and its groups.',
    parameters: [pattern],
    examples: [
      {
        mapping: 'root = "-axxb-ab-".re_find_all_submatch("a(x*)b")',
        output: '[["axxb","xx"],["ab",""]]',
      },
    ],
    build: (site) => {
      const expression = site.derived('pattern', compilePattern)
      return (target, frame) => allMatches(expression(frame), expectText(target))
    },
  },
  {
    name: 're_find_object',
    ...regexps,
    description:
      'The first match as an object of its groups, named by name or number; `"0"` is the whole match.',
    parameters: [pattern],
    examples: [
      {
        mapping: 'root = "-axxb-".re_find_object("a(?P<foo>x*)b")',
        output: '{"0":"axxb","foo":"xx"}',
      },
      { mapping: 'root = "-".re_find_object("a(x)")', output: '{}' },
    ],
    build: (site) => {
      const expression = site.derived('pattern', compilePattern)
      return (target, frame): Value => {
        const first = allMatches(expression(frame), expectText(target), 1)[0]
        return objectOfGroups(first ?? [], groupNames(expression(frame)))
      }
    },
  },
  {
    name: 're_find_all_object',
    ...regexps,
    description: 'All matches, each as an object of its groups, as `re_find_object` gives one.',
    parameters: [pattern],
    examples: [
      {
        mapping: 'root = "-axxb-ab-".re_find_all_object("a(?P<foo>x*)b")',
        output: '[{"0":"axxb","foo":"xx"},{"0":"ab","foo":""}]',
      },
    ],
    build: (site) => {
      const expression = site.derived('pattern', compilePattern)
      return (target, frame): Value => {
        const names = groupNames(expression(frame))
        return allMatches(expression(frame), expectText(target)).map((groups) =>
          objectOfGroups(groups, names),
        )
      }
    },
  },
]

function objectOfGroups(
  groups: readonly string[],
  names: ReadonlyMap<number, string>,
): ObjectValue {
  const found: ObjectValue = {}
  groups.forEach((text, index) => {
    setKey(found, names.get(index) ?? String(index), text)
  })
  return found
}

function groupNames(expression: RE2JS): ReadonlyMap<number, string> {
  const named = Object.entries(expression.namedGroups() as Record<string, number>)
  return new Map(named.map(([name, index]) => [index, name]))
}

/** Each match with its groups; a group that took no part is an empty text. */
function allMatches(expression: RE2JS, text: string, limit = Number.POSITIVE_INFINITY): string[][] {
  const matcher = expression.matcher(text)
  const count = matcher.groupCount()
  const matches: string[][] = []
  while (matches.length < limit && matcher.find()) {
    matches.push(Array.from({ length: count + 1 }, (_, index) => matcher.group(index) ?? ''))
  }
  return matches
}

function replaceMatches(expression: RE2JS, text: string, replacement: string): string {
  const matcher = expression.matcher(text)
  const names = new Map([...groupNames(expression)].map(([index, name]) => [name, index]))
  let joined = ''
  let from = 0
  while (matcher.find()) {
    joined += text.slice(from, matcher.start())
    joined += expandReplacement(replacement, (name) => {
      const index = /^\d{1,4}$/.test(name) ? Number(name) : names.get(name)
      return index === undefined || index > matcher.groupCount() ? '' : (matcher.group(index) ?? '')
    })
    from = matcher.end()
  }
  return joined + text.slice(from)
}
