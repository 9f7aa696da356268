/**
 * Reads the body of a produce request into records, and keeps the bytes of every `value` as they were sent.
 *
 * Every refusal names the record by its index, because a producer sends many at once and all or none are written.
 */
import { HeadgateError } from '../../engine/error.ts'
import type { RecordHeader, RecordInput } from '../../engine/log/record.ts'
import { elementSpans, type MemberSpan, memberSpans } from './json-spans.ts'

export const RECORDS_PER_REQUEST_MAX = 10_000
/** Between the largest record in base64 and the largest write set. */
export const RECORDS_BODY_BYTES_MAX: number = 16 * 1024 * 1024

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/

export function readRecordsRequest(body: Uint8Array): readonly RecordInput[] {
  const text = decodeJson(body)
  const members = named(memberSpans(text, 0), 'the body', ['records'])
  const records = members.get('records')
  const spans = records === undefined ? undefined : elementSpans(text, records.start)
  if (spans === undefined) throw bad('expected {"records": [ … ]}, got no list of records')
  if (spans.length === 0) throw bad('records: expected at least one record, got none')
  if (spans.length > RECORDS_PER_REQUEST_MAX) {
    throw bad(
      `records: expected at most ${RECORDS_PER_REQUEST_MAX} records a request, got ${spans.length}`,
    )
  }
  return spans.map((span, index) => readRecord(text, span.start, `records[${index}]`))
}

function readRecord(text: string, start: number, place: string): RecordInput {
  const members = named(memberSpans(text, start), place, ['key', 'headers', 'value', 'data'])
  const parsed = (name: string): unknown => {
    const span = members.get(name)
    return span === undefined
      ? undefined
      : (JSON.parse(text.slice(span.start, span.end)) as unknown)
  }
  const value = members.get('value')
  if ((value === undefined) === !members.has('data')) {
    throw bad(
      `${place}: expected either value or data, got ${value === undefined ? 'none' : 'both'}`,
    )
  }
  const data =
    value === undefined
      ? readBase64(parsed('data'), place)
      : Buffer.from(text.slice(value.start, value.end))
  const key = readKey(parsed('key'), place)
  const headers = readHeaders(parsed('headers'), place)
  return {
    data,
    ...(key === undefined ? {} : { key }),
    ...(headers === undefined ? {} : { headers }),
  }
}

function readKey(value: unknown, place: string): Uint8Array | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string') return Buffer.from(value)
  throw bad(`${place}.key: expected a text, got ${describe(value)}`)
}

function readHeaders(value: unknown, place: string): readonly RecordHeader[] | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw bad(`${place}.headers: expected an object of names and texts, got ${describe(value)}`)
  }
  return Object.entries(value).flatMap(([name, given]) => {
    const texts: readonly unknown[] = Array.isArray(given) ? given : [given]
    return texts.map((text) => {
      if (typeof text === 'string') return { name, value: Buffer.from(text) }
      throw bad(
        `${place}.headers.${name}: expected a text or a list of texts, got ${describe(text)}`,
      )
    })
  })
}

function readBase64(value: unknown, place: string): Uint8Array {
  if (typeof value === 'string' && BASE64.test(value)) return Buffer.from(value, 'base64')
  throw bad(`${place}.data: expected base64, got ${describe(value)}`)
}

/** By name; an unknown or repeated name is refused, for one of the two would be lost without a word. */
function named(
  members: readonly MemberSpan[] | undefined,
  place: string,
  known: readonly string[],
): ReadonlyMap<string, MemberSpan> {
  if (members === undefined) throw bad(`${place}: expected an object`)
  const byName = new Map<string, MemberSpan>()
  for (const member of members) {
    if (!known.includes(member.name)) {
      throw bad(`${place}: expected ${known.join(', ')}, got ${JSON.stringify(member.name)}`)
    }
    if (byName.has(member.name)) throw bad(`${place}: expected ${member.name} once, got it twice`)
    byName.set(member.name, member)
  }
  return byName
}

function decodeJson(body: Uint8Array): string {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    throw bad('the body: expected UTF-8, got bytes that are none')
  }
  try {
    JSON.parse(text)
  } catch (error) {
    throw bad(`the body: expected JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
  return text
}

function bad(message: string): HeadgateError {
  return new HeadgateError('BadRequest', message)
}

function describe(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`
}
