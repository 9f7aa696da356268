/**
 * Reads specs that nobody has validated yet: a rule is asked about broken specs too, and must answer for what is there
 * without stumbling over what is not.
 */

export type Fields = Readonly<Record<string, unknown>>

/** The object at a field, or an empty one. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : {}
}

/** The list at a field, each entry as an object; empty where there is no list. */
export function entriesOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : []
}

/** Positions of values that came before. `keyOf` undefined means: does not take part. */
export function repetitions(keys: readonly (string | undefined)[]): readonly number[] {
  const seen = new Set<string>()
  const repeated: number[] = []
  keys.forEach((key, index) => {
    if (key === undefined) return
    if (seen.has(key)) repeated.push(index)
    seen.add(key)
  })
  return repeated
}
