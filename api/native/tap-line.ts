/**
 * The lines of a tap, each one JSON document. `type` says what it is: `record`, `dropped` (so many records were not shown,
 * for the reader is too slow), `restarted`, or `end`, which is the last.
 *
 * What a record holds is its `value` where that is JSON, else `text`, else `data` in base64. What is above a limit is
 * `text` or `data` of its beginning, and `cut` says how many bytes there are; `unprintable` says why there are none.
 */
import { isUtf8 } from 'node:buffer'
import type { PipelineTapEnd } from '../../controllers/pipeline-taps.ts'
import { encodeJson } from '../../engine/bloblang/values/encode-payload.ts'
import type { Message } from '../../engine/pipelines/message.ts'
import type { TapRecord } from '../../engine/pipelines/tap.ts'
import { formatTimeUs } from './records-position.ts'

/** Of what one record holds. */
export const TAP_CONTENT_BYTES_MAX: number = 64 * 1024
/** Of the metadata of one record, in characters of JSON; what comes after is left out. */
export const TAP_METADATA_LENGTH_MAX: number = 16 * 1024
/** Of the text of a failure. */
export const TAP_FAILURE_LENGTH_MAX: number = 4 * 1024

export function recordLine(record: TapRecord): string {
  const { place, side, number, batch, index, timeUs, message, failure } = record
  const head = {
    type: 'record',
    side,
    ...(number === undefined ? {} : { number }),
    batch,
    index,
    time: formatTimeUs(timeUs),
    path: place.path,
    ...(place.label === '' ? {} : { label: place.label }),
    role: place.role,
    component: place.component,
  }
  const parts = [JSON.stringify(head).slice(1, -1)]
  if (message === undefined) parts.push('"gone":true')
  else parts.push(contentOf(message), ...metadataOf(message))
  if (failure !== undefined) {
    const { text, path, label } = failure
    const shown = { text: text.slice(0, TAP_FAILURE_LENGTH_MAX), path, ...(label && { label }) }
    parts.push(`"failure":${JSON.stringify(shown)}`)
  }
  return `{${parts.join(',')}}\n`
}

export function droppedLine(records: number): string {
  return `${JSON.stringify({ type: 'dropped', records })}\n`
}

export function restartedLine(timeUs: number): string {
  return `${JSON.stringify({ type: 'restarted', time: formatTimeUs(timeUs) })}\n`
}

export function endLine(end: PipelineTapEnd, shown: number, dropped: number): string {
  return `${JSON.stringify({ type: 'end', ...end, shown, dropped })}\n`
}

function contentOf(message: Message): string {
  let bytes: Uint8Array
  try {
    // Whoever looks leaves the message as it is: bytes that nobody asked for are not kept.
    bytes = message.printed ? message.content() : Buffer.from(message.text())
  } catch (error) {
    // What is nested too deep to be written fails where it is written, and must not fail here.
    return `"unprintable":${JSON.stringify(error instanceof Error ? error.message : String(error))}`
  }
  if (bytes.length > TAP_CONTENT_BYTES_MAX) return cutOf(bytes)
  if (!isUtf8(bytes)) return `"data":"${Buffer.from(bytes).toString('base64')}"`
  const text = Buffer.from(bytes).toString()
  return isJson(text) ? `"value":${oneLine(text)}` : `"text":${JSON.stringify(text)}`
}

function cutOf(bytes: Uint8Array): string {
  const start = beginningOf(bytes)
  const content = isUtf8(start)
    ? `"text":${JSON.stringify(start.toString())}`
    : `"data":"${start.toString('base64')}"`
  return `${content},"cut":${bytes.length}`
}

/** Up to a whole character. */
function beginningOf(bytes: Uint8Array): Buffer {
  let end = TAP_CONTENT_BYTES_MAX
  for (let back = 0; back < 3 && ((bytes[end] ?? 0) & 0xc0) === 0x80; back++) end -= 1
  return Buffer.from(bytes.subarray(0, end))
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** A line break in JSON can only stand between tokens: within a text it is escaped. */
function oneLine(json: string): string {
  return /[\r\n]/.test(json) ? json.replace(/[\r\n]+[ \t]*/g, ' ') : json
}

function metadataOf(message: Message): readonly string[] {
  const members: string[] = []
  let [length, leftOut] = [0, 0]
  for (const key of message.metadataKeys()) {
    const member = `${JSON.stringify(key)}:${encodeJson(message.metadata(key) ?? null)}`
    length += member.length
    if (length > TAP_METADATA_LENGTH_MAX) leftOut += 1
    else members.push(member)
  }
  return [
    ...(members.length === 0 ? [] : [`"metadata":{${members.join(',')}}`]),
    ...(leftOut === 0 ? [] : [`"metadataLeftOut":${leftOut}`]),
  ]
}
