/**
 * Regular expressions in the syntax, with the answers and within the time of RE2.
 *
 * re2js can run all of them, at twenty times the cost of the engine's own RegExp or more. What is proved to backtrack
 * little is translated and runs natively. All else that is understood is walked, with a memory of what was tried, and
 * what is too long for that takes re2js.
 */
import { RE2JS } from 're2js'
import { MappingError } from '../mapping-error.ts'
import { compareText } from '../values/equality.ts'
import { objectWithKeys } from '../values/key-order.ts'
import type { ObjectValue } from '../values/value.ts'
import { backtrackingPower, isNullable } from './backtracking.ts'
import { parsePattern } from './parse-pattern.ts'
import { type Program, programOf } from './program.ts'
import { type Borders, lengthMaxOf, Search, SearchMemory, widthAt } from './search.ts'
import { translatePattern } from './translate-pattern.ts'

export interface RegexpMatch {
  readonly start: number
  readonly end: number
  /** The whole match and then each group; a group that took no part is an empty text. */
  readonly groups: readonly string[]
}

export interface Regexp {
  /** The name of the whole match, `0`, and of each group: its own, or its number. */
  readonly groupKeys: readonly string[]
  /** An object that has these keys, to be copied and filled. */
  readonly groupTemplate: ObjectValue
  test(text: string): boolean
  /** As RE2 finds them: no empty match right behind the match before it. */
  matches(text: string, limit?: number): RegexpMatch[]
}

/** Texts up to here run natively where the time may grow with their square. */
export const SQUARE_LENGTH_MAX = 1_000
/** Longer texts could fill the native stack of places to go back to. */
export const NATIVE_LENGTH_MAX = 1_048_576

export function compileRegexp(pattern: string): Regexp {
  const expression = compileRe2(pattern)
  const native = compileNative(pattern)
  const groupKeys = Array.from({ length: expression.groupCount() + 1 }, (_, index) => `${index}`)
  const named = Object.entries(expression.namedGroups() as Record<string, number>)
  for (const [name, index] of named) groupKeys[index] = name
  const nativeFor = (text: string): RegExp | undefined => {
    if (native === undefined || text.length > native.lengthMax) return undefined
    return native.matchesNothing && HAS_SURROGATE.test(text) ? undefined : native.expression
  }
  const walked = walkedOf(pattern)
  const searchFor = (text: string): Search | undefined =>
    walked !== undefined && text.length <= walked.lengthMax
      ? new Search(walked.program, text, walked.memory)
      : undefined
  return {
    groupKeys,
    groupTemplate: objectWithKeys(groupKeys.toSorted(compareText)),
    test: (text) => {
      const fast = nativeFor(text)
      if (fast === undefined) {
        const search = searchFor(text)
        return search === undefined ? expression.matcher(text).find() : search.next(0) !== undefined
      }
      fast.lastIndex = 0
      return fast.test(text)
    },
    matches: (text, limit = Number.POSITIVE_INFINITY) => {
      const fast = nativeFor(text)
      if (fast !== undefined) return matchesOfNative(fast, text, limit)
      const search = searchFor(text)
      return search === undefined
        ? matchesOfRe2(expression, text, limit)
        : matchesOfSearch(search, text, limit)
    },
  }
}

/** The native engine finds empty matches within the two units of a character. */
const HAS_SURROGATE = /[\ud800-\udfff]/

function compileRe2(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern)
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    throw new MappingError(`expected a regular expression in RE2 syntax: ${reason}`)
  }
}

interface NativeRegexp {
  readonly expression: RegExp
  readonly lengthMax: number
  /** Whether it can match an empty text. */
  readonly matchesNothing: boolean
}

interface Walked {
  readonly program: Program
  readonly memory: SearchMemory
  readonly lengthMax: number
}

/** What the native engine might take for ever for is walked, each place once. */
function walkedOf(pattern: string): Walked | undefined {
  const tree = parsePattern(pattern)
  const program = tree && programOf(tree)
  return program && { program, memory: new SearchMemory(), lengthMax: lengthMaxOf(program) }
}

/** Undefined where nothing is proved. */
export function compileNative(pattern: string): NativeRegexp | undefined {
  const tree = parsePattern(pattern)
  if (tree === undefined) return undefined
  const power = backtrackingPower(tree)
  if (power > 2) return undefined
  const source = translatePattern(tree)
  if (source === undefined) return undefined
  const lengthMax = power === 1 ? NATIVE_LENGTH_MAX : SQUARE_LENGTH_MAX
  return { expression: new RegExp(source, 'gu'), lengthMax, matchesNothing: isNullable(tree) }
}

function matchesOfNative(expression: RegExp, text: string, limit: number): RegexpMatch[] {
  const matches: RegexpMatch[] = []
  let at = 0
  let endBefore = -1
  while (matches.length < limit && at <= text.length) {
    expression.lastIndex = at
    const match = expression.exec(text)
    if (match === null) break
    const { index: start } = match
    const [whole] = match
    const end = start + whole.length
    if (end > start || start !== endBefore) {
      matches.push({ start, end, groups: groupsOf(match) })
    }
    endBefore = end
    at = end > start ? end : end + 1
  }
  return matches
}

function matchesOfSearch(search: Search, text: string, limit: number): RegexpMatch[] {
  const matches: RegexpMatch[] = []
  let at = 0
  let endBefore = -1
  while (matches.length < limit && at <= text.length) {
    const borders = search.next(at)
    if (borders === undefined) break
    const [start = 0, end = 0] = borders
    if (end > start || start !== endBefore)
      matches.push({ start, end, groups: groupsBetween(borders, text) })
    endBefore = end
    at = end > start ? end : end + widthAt(text, end)
  }
  return matches
}

function groupsBetween(borders: Borders, text: string): string[] {
  const groups: string[] = []
  for (let at = 0; at < borders.length; at += 2) {
    const [start, end] = [borders[at] as number, borders[at + 1] as number]
    groups.push(start < 0 ? '' : text.slice(start, end))
  }
  return groups
}

function groupsOf(match: RegExpExecArray): string[] {
  const groups: string[] = []
  for (let index = 0; index < match.length; index++) groups.push(match[index] ?? '')
  return groups
}

function matchesOfRe2(expression: RE2JS, text: string, limit: number): RegexpMatch[] {
  const matcher = expression.matcher(text)
  const count = matcher.groupCount()
  const matches: RegexpMatch[] = []
  let endBefore = -1
  while (matches.length < limit && matcher.find()) {
    const start = matcher.start()
    const end = matcher.end()
    if (end > start || start !== endBefore) {
      const groups = Array.from({ length: count + 1 }, (_, index) => matcher.group(index) ?? '')
      matches.push({ start, end, groups })
    }
    endBefore = end
  }
  return matches
}
