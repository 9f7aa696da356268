/**
 * Expressions of grok: regular expressions that name patterns, `%{PATTERN}`, `%{PATTERN:field}`, `%{PATTERN:field:type}`.
 *
 * An expression is written out into one regular expression of RE2 when it is compiled; a field becomes a group, and a
 * field of several groups (of a choice, say) has what the first of them found that found something.
 */
import { compileRegexp } from '../../bloblang/regexp/regexp.ts'
import { isObject } from '../../bloblang/values/kind-of.ts'
import { numericOfText } from '../../bloblang/values/number.ts'
import { setKey } from '../../bloblang/values/set-key.ts'
import type { ObjectValue, Value } from '../../bloblang/values/value.ts'
import { HeadgateError } from '../../error.ts'

/** Patterns that name patterns, deeper than this, are refused: so are those that name themselves. */
export const GROK_DEPTH_MAX = 32
/** What an expression may be written out to. */
export const GROK_LENGTH_MAX = 20_000

export interface GrokOptions {
  readonly patterns: ReadonlyMap<string, string>
  /** Whether `%{PATTERN}` finds nothing; else it finds a field of the pattern's name. */
  readonly namedOnly: boolean
  readonly removesEmpty: boolean
}

/** The fields that it finds in a text, by their names; undefined where it does not match or finds nothing. */
export type GrokExpression = (text: string) => ReadonlyMap<string, Value> | undefined

interface Field {
  readonly name: string
  readonly type: string
}

const REFERENCE = /%\{([A-Za-z0-9_-]+)(?::([A-Za-z0-9_.[\]@-]+))?(?::([A-Za-z0-9_]+))?\}/g
const GROUP = 'headgate'

export function compileGrok(expression: string, options: GrokOptions): GrokExpression {
  const fields: Field[] = []
  const { groupKeys, matches } = compileRegexp(writtenOut(expression, options, fields, 0))
  const groups = groupKeys.flatMap((key, index) => {
    const own = key.startsWith(GROUP) ? fields[Number(key.slice(GROUP.length))] : undefined
    // A group that has a number for its name is one that nobody named.
    const named = /^\d+$/.test(key) ? undefined : { name: key, type: '' }
    const field = own ?? named
    return field === undefined ? [] : [{ index, ...field }]
  })
  return (text) => {
    const [match] = matches(text, 1)
    if (match === undefined) return undefined
    const found = new Map<string, Value>()
    for (const { index, name, type } of groups) {
      const part = match.groups[index] ?? ''
      if (part === '' && (options.removesEmpty || found.has(name))) continue
      if (found.get(name) === undefined || found.get(name) === '')
        found.set(name, typed(part, type))
    }
    return found.size === 0 ? undefined : found
  }
}

/** Each field in its place: a name with dots leads into objects. */
export function documentOf(fields: ReadonlyMap<string, Value>): Value {
  const document: ObjectValue = {}
  for (const [name, value] of fields) {
    const steps = name.split('.')
    let at = document
    for (const step of steps.slice(0, -1)) {
      const below = Object.hasOwn(at, step) ? at[step] : undefined
      const next = below !== undefined && isObject(below) ? below : {}
      if (next !== below) setKey(at, step, next)
      at = next
    }
    setKey(at, steps.at(-1) ?? name, value)
  }
  return document
}

function writtenOut(text: string, options: GrokOptions, fields: Field[], depth: number): string {
  if (depth > GROK_DEPTH_MAX) {
    throw invalid(`patterns name each other more than ${GROK_DEPTH_MAX} deep`)
  }
  const written = text.replace(REFERENCE, (_, pattern: string, alias?: string, type = '') => {
    const definition = options.patterns.get(pattern)
    if (definition === undefined) throw invalid(`there is no pattern named ${pattern}`)
    if (!['', 'int', 'float', 'string'].includes(type)) {
      throw invalid(`expected the type int, float or string of ${pattern}, got ${type}`)
    }
    const name = alias ?? (options.namedOnly ? undefined : pattern)
    // Its place is taken before those of the patterns within it.
    const opening = name === undefined ? '?:' : `?P<${GROUP}${fields.push({ name, type }) - 1}>`
    return `(${opening}${writtenOut(definition, options, fields, depth + 1)})`
  })
  if (written.length > GROK_LENGTH_MAX) {
    throw invalid(`expected an expression that is written out to ${GROK_LENGTH_MAX} characters`)
  }
  return written
}

/** Throws for a text that is no number: the expression did not say what it meant. */
function typed(text: string, type: string): Value {
  if (type === '' || type === 'string') return text
  if (text === '') return null
  if (type === 'int' && /^[+-]?\d+$/.test(text)) return numericOfText(text.replace(/^\+/, ''))
  if (type === 'float' && Number.isFinite(Number(text))) return Number(text)
  throw new HeadgateError('MappingFailed', `expected a number of the type ${type}, got ${text}`)
}

function invalid(message: string): HeadgateError {
  return new HeadgateError('ComponentConfigInvalid', message)
}

/** A line each: a name, blanks, and the pattern; what begins with `#` is passed over. */
export function readPatternFile(text: string): readonly (readonly [string, string])[] {
  return text.split(/\r?\n/).flatMap((line): (readonly [string, string])[] => {
    const parts = /^\s*([A-Za-z0-9_-]+)\s+(.*\S)\s*$/.exec(line)
    return parts === null || line.trimStart().startsWith('#')
      ? []
      : [[parts[1] ?? '', parts[2] ?? '']]
  })
}
