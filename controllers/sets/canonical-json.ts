/**
 * RFC 8785: the one way to write a JSON value, so that equal values have equal digests.
 *
 * JavaScript's own number and string forms are what the RFC asks for; only the order of keys is left to do.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') {
    return JSON.stringify(value)
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`expected a finite number, got ${value}`)
    return JSON.stringify(value)
  }
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object') throw new TypeError(`expected a JSON value, got ${typeof value}`)
  const fields = value as Readonly<Record<string, unknown>>
  let text = ''
  // Sorting without a comparison is by UTF-16 code units, as the RFC has it.
  for (const name of Object.keys(fields).sort()) {
    const field = fields[name]
    if (field === undefined) continue
    text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${canonicalJson(field)}`
  }
  return `{${text}}`
}
