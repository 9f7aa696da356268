/** A value as text, for `.string()` and interpolation, where floats read otherwise than in JSON. */
import { encodeJson } from './encode-payload.ts'
import { formatFloat, formatFloatShort } from './format-float.ts'
import { decodeText } from './kind-of.ts'
import { formatTimestamp } from './timestamp.ts'
import { IntegralFloat, NumberText, Timestamp, type Value } from './value.ts'

export function valueText(value: Value): string {
  switch (typeof value) {
    case 'string':
      return value
    case 'number':
      return Number.isInteger(value) ? formatFloat(value) : formatFloatShort(value)
    case 'bigint':
    case 'boolean':
      return String(value)
  }
  if (value === null) return 'null'
  if (value instanceof IntegralFloat) return formatFloatShort(value.value)
  if (value instanceof NumberText) return value.text
  if (value instanceof Uint8Array) return decodeText(value)
  if (value instanceof Timestamp) return formatTimestamp(value)
  return escapeHtml(encodeJson(value))
}

/** The three characters that would end or open something in HTML, as JSON escapes. */
export function escapeHtml(json: string): string {
  return json.replace(/[<>&]/g, (character) =>
    character === '<' ? '\\u003c' : character === '>' ? '\\u003e' : '\\u0026',
  )
}
