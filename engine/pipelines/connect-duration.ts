/**
 * Connect's durations, as Go writes them: `5s`, `1m30s`, `1.5h`, `250ms`, `100us`. Our own fields use crds/duration.ts.
 */

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
}
const WHOLE = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/
const PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g
/** Longer ones are no durations, and would cost a long search. */
export const CONNECT_DURATION_LENGTH_MAX = 64

export type ConnectDuration =
  | { readonly kind: 'none' }
  | { readonly kind: 'duration'; readonly ms: number }
  | { readonly kind: 'invalid' }

/** Empty text means none; a negative duration is invalid, for nothing of ours waits into the past. */
export function parseConnectDuration(text: string): ConnectDuration {
  if (text === '') return { kind: 'none' }
  if (text === '0') return { kind: 'duration', ms: 0 }
  if (text.length > CONNECT_DURATION_LENGTH_MAX || !WHOLE.test(text)) return { kind: 'invalid' }
  let ms = 0
  for (const [, amount, unit] of text.matchAll(PART))
    ms += Number(amount) * (UNIT_MS[unit ?? ''] ?? 0)
  return text.startsWith('-') && ms > 0 ? { kind: 'invalid' } : { kind: 'duration', ms }
}
