/** What tail, latest and produce share: paths of a stream's records, and values with the bytes as they were sent. */
import { elementSpans, memberSpans } from '../api/native/json-spans.ts'

export interface PrintedRecord {
  /** The whole record as JSON on one line. */
  readonly json: string
  /** What the record holds, for people and pipes: JSON as it was sent, text, or base64 where it is neither. */
  readonly value: string
}

export interface RecordsPage {
  readonly records: readonly PrintedRecord[]
  readonly next: string
}

/** All control characters but the tab: what a terminal or a line must not get. */
const CONTROL = /[^\P{Cc}\t]/u

export function recordsPath(namespace: string, stream: string): string {
  return `/namespaces/${encodeURIComponent(namespace)}/streams/${encodeURIComponent(stream)}/records`
}

export function readPage(text: string): RecordsPage {
  const members = memberSpans(text, 0) ?? []
  const records = members.find(({ name }) => name === 'records')
  const next = members.find(({ name }) => name === 'next')
  const spans = records === undefined ? [] : (elementSpans(text, records.start) ?? [])
  return {
    records: spans.map(({ start, end }) => readRecord(text.slice(start, end))),
    next: next === undefined ? '' : (JSON.parse(text.slice(next.start, next.end)) as string),
  }
}

export function readRecord(text: string): PrintedRecord {
  const json = oneLine(text)
  const members = memberSpans(json, 0) ?? []
  const value = members.find(({ name }) => name === 'value')
  if (value !== undefined) return { json, value: json.slice(value.start, value.end) }
  const data = members.find(({ name }) => name === 'data')
  const base64 = data === undefined ? '' : (JSON.parse(json.slice(data.start, data.end)) as string)
  return { json, value: textOf(base64) }
}

/** A line break in JSON can only stand between tokens: within a string it is escaped. */
function oneLine(json: string): string {
  return /[\r\n]/.test(json) ? json.replace(/[\r\n]+[ \t]*/g, ' ') : json
}

/** Text is shown as text unless it would break the line or the terminal. */
function textOf(base64: string): string {
  const bytes = Buffer.from(base64, 'base64')
  const text = bytes.toString()
  const isPrintable = Buffer.from(text).equals(bytes) && !CONTROL.test(text)
  return isPrintable ? text : base64
}
