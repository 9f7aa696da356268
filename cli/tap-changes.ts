/** Says in a line what a component changed of a record: `n: 1 → 2, extra: gone, @source: + "orders"`. */
import type { TappedRecord } from './tap-line.ts'

/** More are counted. */
export const CHANGES_SHOWN_MAX = 8
const VALUE_LENGTH_MAX = 40
/** What is nested deeper changes as a whole. */
const DEPTH_MAX = 8

/** Undefined where nothing changed, or all of it did: then there is nothing to tell fields by. */
export function changesText(before: TappedRecord, after: TappedRecord): string | undefined {
  const [from, to] = [before.value, after.value]
  const ofValue = isObject(from) && isObject(to) ? changesOf(from, to, '', 1) : []
  const ofMetadata = changesOf(before.metadata ?? {}, after.metadata ?? {}, '@', 1)
  const changes = [...ofValue, ...ofMetadata]
  if (changes.length === 0) return undefined
  const more = changes.length - CHANGES_SHOWN_MAX
  const shown = changes.slice(0, CHANGES_SHOWN_MAX).join(', ')
  return more > 0 ? `${shown}, and ${more} more` : shown
}

type ObjectValue = Readonly<Record<string, unknown>>

function changesOf(
  from: ObjectValue,
  to: ObjectValue,
  path: string,
  depth: number,
): readonly string[] {
  const names = new Set([...Object.keys(from), ...Object.keys(to)])
  return [...names].flatMap((name) => {
    const [was, is] = [own(from, name), own(to, name)]
    const at = `${path}${name}`
    if (JSON.stringify(was) === JSON.stringify(is)) return []
    if (depth < DEPTH_MAX && isObject(was) && isObject(is))
      return changesOf(was, is, `${at}.`, depth + 1)
    if (was === undefined) return [`${at}: + ${shortText(is)}`]
    return [is === undefined ? `${at}: gone` : `${at}: ${shortText(was)} → ${shortText(is)}`]
  })
}

function own(object: ObjectValue, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

function shortText(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length <= VALUE_LENGTH_MAX ? text : `${text.slice(0, VALUE_LENGTH_MAX - 1)}…`
}

function isObject(value: unknown): value is ObjectValue {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
