/**
 * The headers of a dead letter: those of the record that it was, in their order, and behind them what happened to it.
 *
 * | header | value |
 * |---|---|
 * | `headgate-reason` | why, one sentence, cut at 1,000 characters |
 * | `headgate-component` | the path of the component that failed: `root.pipeline.processors.0` |
 * | `headgate-stream`, `-shard`, `-sequence` | where the record was read; absent for what no stream gave |
 * | `headgate-time` | when it became this letter, RFC 3339 in microseconds |
 * | `headgate-attempt` | how often the record became a dead letter, from 1 |
 * | `headgate-folded` | the last headers of a record that has too many for these to fit beside them |
 *
 * A record that was put back carries `headgate-attempt` alone, so that the next letter of it counts on. Folded headers
 * are a JSON list of `[name, value in base64]`. Headers of the record's own with one of these names are replaced.
 */
import { HeadgateError } from '../error.ts'
import {
  RECORD_HEADER_VALUE_BYTES_MAX,
  RECORD_HEADERS_MAX,
  type RecordHeader,
} from '../log/record.ts'

export interface LetterNote {
  readonly reason: string
  readonly component: string
  /** Where the record was read. */
  readonly place: LetterPlace | undefined
  readonly time: string
  readonly attempt: number
}

export interface LetterPlace {
  readonly stream: string
  readonly shard: number
  readonly sequence: number
}

/** A reason is a sentence, not a page. */
export const REASON_LENGTH_MAX = 1_000

const REASON = 'headgate-reason'
const COMPONENT = 'headgate-component'
const STREAM = 'headgate-stream'
const SHARD = 'headgate-shard'
const SEQUENCE = 'headgate-sequence'
const TIME = 'headgate-time'
const ATTEMPT = 'headgate-attempt'
const FOLDED = 'headgate-folded'

const OWN: ReadonlySet<string> = new Set([
  REASON,
  COMPONENT,
  STREAM,
  SHARD,
  SEQUENCE,
  TIME,
  ATTEMPT,
  FOLDED,
])

/** Of a letter. Throws RecordTooLarge where even folding does not make room. */
export function letterHeaders(
  record: readonly RecordHeader[],
  note: LetterNote,
): readonly RecordHeader[] {
  const { place } = note
  const own = [
    header(REASON, note.reason.slice(0, REASON_LENGTH_MAX)),
    header(COMPONENT, note.component),
    ...(place === undefined
      ? []
      : [
          header(STREAM, place.stream),
          header(SHARD, String(place.shard)),
          header(SEQUENCE, String(place.sequence)),
        ]),
    header(TIME, note.time),
    header(ATTEMPT, String(note.attempt)),
  ]
  return [...folded(ownOfRecord(record), RECORD_HEADERS_MAX - own.length), ...own]
}

/** Undefined for a record that is no dead letter. */
export function readNote(headers: readonly RecordHeader[]): LetterNote | undefined {
  const reason = textOf(headers, REASON)
  if (reason === undefined) return undefined
  const stream = textOf(headers, STREAM)
  return {
    reason,
    component: textOf(headers, COMPONENT) ?? '',
    place:
      stream === undefined
        ? undefined
        : { stream, shard: numberOf(headers, SHARD), sequence: numberOf(headers, SEQUENCE) },
    time: textOf(headers, TIME) ?? '',
    // Letters of before attempts were counted are first ones.
    attempt: Math.max(1, attemptOf(headers)),
  }
}

/** How often the record became a dead letter; 0 for never. */
export function attemptOf(headers: readonly RecordHeader[]): number {
  const number = numberOf(headers, ATTEMPT)
  return Number.isSafeInteger(number) && number > 0 ? number : 0
}

/** Of the record that goes back: its own, and the count of the letters it was. Throws as `letterHeaders` does. */
export function restoredHeaders(letter: readonly RecordHeader[]): readonly RecordHeader[] {
  const attempt = header(ATTEMPT, String(Math.max(1, attemptOf(letter))))
  return [...folded(ownOfRecord(letter), RECORD_HEADERS_MAX - 1), attempt]
}

/** What the record came with before it ever became a letter. */
export function ownOfRecord(headers: readonly RecordHeader[]): readonly RecordHeader[] {
  return [...headers.filter(({ name }) => !OWN.has(name)), ...unfolded(headers)]
}

/** At most so many: where there are more, the last ones become one. */
function folded(headers: readonly RecordHeader[], countMax: number): readonly RecordHeader[] {
  if (headers.length <= countMax) return headers
  const rest = headers.slice(countMax - 1)
  const pairs = rest.map(({ name, value }) => [name, Buffer.from(value).toString('base64')])
  const one = header(FOLDED, JSON.stringify(pairs))
  if (one.value.length <= RECORD_HEADER_VALUE_BYTES_MAX) {
    return [...headers.slice(0, countMax - 1), one]
  }
  throw new HeadgateError(
    'RecordTooLarge',
    `expected at most ${countMax} headers, or small ones, got ${headers.length}`,
    { hint: 'A dead letter has headers of its own, which need room beside those of the record.' },
  )
}

function unfolded(headers: readonly RecordHeader[]): readonly RecordHeader[] {
  const text = textOf(headers, FOLDED)
  if (text === undefined) return []
  try {
    const pairs: unknown = JSON.parse(text)
    if (!Array.isArray(pairs)) return []
    return pairs.map((pair: unknown) => {
      const [name, value] = Array.isArray(pair) ? pair : []
      return { name: String(name), value: Buffer.from(String(value), 'base64') }
    })
  } catch {
    return []
  }
}

function header(name: string, text: string): RecordHeader {
  return { name, value: Buffer.from(text) }
}

function textOf(headers: readonly RecordHeader[], name: string): string | undefined {
  const found = headers.findLast((one) => one.name === name)
  return found === undefined ? undefined : Buffer.from(found.value).toString()
}

function numberOf(headers: readonly RecordHeader[], name: string): number {
  const text = textOf(headers, name) ?? ''
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN
}
