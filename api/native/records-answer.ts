/** Writes records as the answer to a read: `value` with the very bytes that were sent, `data` where they are no JSON. */
import { isUtf8 } from 'node:buffer'
import type { LogRecord, RecordHeader } from '../../engine/log/record.ts'
import { formatTimeUs } from './records-position.ts'

/** One record as JSON text; built by hand, for a value must not be parsed and printed again. */
export function recordText(shard: number, record: LogRecord): string {
  const { key, headers, data } = record
  const parts = [
    `"shard":${shard}`,
    `"sequence":${record.sequence}`,
    `"arrival":"${formatTimeUs(record.arrivalUs)}"`,
  ]
  if (key !== undefined) parts.push(`"key":${JSON.stringify(Buffer.from(key).toString())}`)
  if (headers.length > 0) parts.push(`"headers":${headersText(headers)}`)
  const json = jsonText(data)
  parts.push(
    json === undefined ? `"data":"${Buffer.from(data).toString('base64')}"` : `"value":${json}`,
  )
  return `{${parts.join(',')}}`
}

/** The text of the bytes when they are one JSON value, else undefined. */
function jsonText(data: Uint8Array): string | undefined {
  if (!isUtf8(data)) return undefined
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString()
  try {
    JSON.parse(text)
    return text
  } catch {
    return undefined
  }
}

/** A name that came once is a text, one that came more often a list. */
function headersText(headers: readonly RecordHeader[]): string {
  const byName = new Map<string, string[]>()
  for (const { name, value } of headers) {
    const text = Buffer.from(value).toString()
    const texts = byName.get(name)
    if (texts === undefined) byName.set(name, [text])
    else texts.push(text)
  }
  const members = [...byName].map(
    ([name, texts]) =>
      `${JSON.stringify(name)}:${JSON.stringify(texts.length === 1 ? texts[0] : texts)}`,
  )
  return `{${members.join(',')}}`
}
