/**
 * The W3C's `traceparent`: the trace that something belongs to, and its parent there.
 *
 *     00-{trace id, 32 hex digits}-{parent's span id, 16}-{flags, 2}
 *
 * An id of zeros is none, and version ff is none; a later version may say more behind a further dash.
 */

export interface TraceParent {
  readonly traceId: string
  readonly spanId: string
  readonly flags: number
}

/** Of later versions, which may be longer than ours. */
export const TRACEPARENT_LENGTH_MAX = 256

const FORM =
  /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-[\x20-\x7e]*)?$/

export function parseTraceparent(text: string): TraceParent | undefined {
  if (text.length > TRACEPARENT_LENGTH_MAX) return undefined
  const [, version, traceId = '', spanId = '', flags = '', more] = FORM.exec(text) ?? []
  if (version === undefined || (version === '00' && more !== undefined)) return undefined
  return { traceId, spanId, flags: Number.parseInt(flags, 16) }
}

export function formatTraceparent({ traceId, spanId, flags }: TraceParent): string {
  return `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, '0')}`
}
