/** Methods with regular expressions, in the syntax and with the linear time of RE2. */
import type { MethodDefinition, Parameter } from '../definition.ts'
import { compileRegexp, type Regexp } from '../regexp/regexp.ts'
import { expectText } from '../values/kind-of.ts'
import type { Value } from '../values/value.ts'
import { expandReplacement } from './expand-replacement.ts'

const regexps = { category: 'regular expressions', status: 'stable' } as const
const pattern: Parameter = {
  name: 'pattern',
  type: 'string',
  description: 'The expression, in RE2 syntax.',
}

export const regexpMethods: readonly MethodDefinition[] = [
  {
    name: 're_match',
    ...regexps,
    description: 'Whether the expression matches anywhere in the text.',
    parameters: [pattern],
    examples: [{ mapping: 'root = "there are 5".re_match("[0-9]")', output: 'true' }],
    build: (site) => {
      const expression = site.derived('pattern', compileRegexp)
      return (target, frame) => expression(frame).test(expectText(target))
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
      const expression = site.derived('pattern', compileRegexp)
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
      const expression = site.derived('pattern', compileRegexp)
      return (target, frame) =>
        expression(frame)
          .matches(expectText(target))
          .map(({ groups }) => groups[0] ?? '')
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
      const expression = site.derived('pattern', compileRegexp)
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
      const expression = site.derived('pattern', compileRegexp)
      return (target, frame): Value => {
        const [first] = expression(frame).matches(expectText(target), 1)
        return objectOfGroups(first?.groups ?? [], expression(frame))
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
      const expression = site.derived('pattern', compileRegexp)
      return (target, frame): Value => {
        const matches = expression(frame).matches(expectText(target))
        return matches.map(({ groups }) => objectOfGroups(groups, expression(frame)))
      }
    },
  },
]

function objectOfGroups(groups: readonly string[], { groupKeys, groupTemplate }: Regexp): Value {
  if (groups.length === 0) return {}
  const found = { ...groupTemplate } as Record<string, Value>
  for (let index = 0; index < groups.length; index++) {
    found[groupKeys[index] as string] = groups[index] as string
  }
  return found
}

/** Each match with its groups; a group that took no part is an empty text. */
function allMatches(expression: Regexp, text: string): Value[] {
  return expression.matches(text).map(({ groups }) => groups)
}

function replaceMatches(expression: Regexp, text: string, replacement: string): string {
  const { groupKeys } = expression
  let joined = ''
  let from = 0
  for (const { start, end, groups } of expression.matches(text)) {
    joined += text.slice(from, start)
    joined += expandReplacement(replacement, (name) => {
      const index = /^\d{1,4}$/.test(name) ? Number(name) : groupKeys.indexOf(name)
      return groups[index] ?? ''
    })
    from = end
  }
  return joined + text.slice(from)
}
