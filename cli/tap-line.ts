/** The lines that a tap answers, read so that what a record holds keeps the bytes that it was sent with. */
import { memberSpans } from '../api/native/json-spans.ts'

export interface TappedRecord {
  readonly type: 'record'
  readonly side: 'before' | 'after'
  readonly number?: number
  readonly batch: number
  readonly index: number
  readonly time: string
  readonly path: string
  readonly label?: string
  readonly role: string
  readonly component: string
  readonly value?: unknown
  readonly text?: string
  readonly data?: string
  /** Why there is nothing to show. */
  readonly unprintable?: string
  /** How many bytes there are, where not all are shown. */
  readonly cut?: number
  readonly gone?: true
  readonly metadata?: Readonly<Record<string, unknown>>
  readonly metadataLeftOut?: number
  readonly failure?: { readonly text: string; readonly path: string; readonly label?: string }
}

export type TapLine =
  | TappedRecord
  | { readonly type: 'dropped'; readonly records: number }
  | { readonly type: 'restarted'; readonly time: string }
  | {
      readonly type: 'end'
      readonly reason: string
      readonly message: string
      readonly shown: number
      readonly dropped: number
    }

/** Undefined for an empty line. */
export function readTapLine(line: string): TapLine | undefined {
  return line === '' ? undefined : (JSON.parse(line) as TapLine)
}

/** The `value` of a line as it stands there. */
export function valueText(line: string): string | undefined {
  const span = memberSpans(line, 0)?.find(({ name }) => name === 'value')
  return span === undefined ? undefined : line.slice(span.start, span.end)
}
