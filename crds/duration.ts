/**
 * The one grammar of durations in our own fields: a whole number above zero and one unit, `250ms`, `24h`, `7d`.
 *
 * Fields of Redpanda Connect components keep Connect's own grammar; this is not it.
 */

/** As many digits as keep every duration within what a number holds exactly; a pattern says so at every door. */
export const DURATION_PATTERN =
  '^([1-9][0-9]{0,14}ms|[1-9][0-9]{0,11}s|[1-9][0-9]{0,9}m|[1-9][0-9]{0,7}h|[1-9][0-9]{0,6}d)$'
export const DURATION_MAX = '9999999d'
/** Bounds the text, so that a rule of the API server that touches it has a known cost. */
export const DURATION_LENGTH_MAX = 16

export const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const UNITS_LARGEST_FIRST = ['d', 'h', 'm', 's', 'ms'] as const
const PATTERN = /^([1-9][0-9]*)(ms|s|m|h|d)$/

/** Milliseconds, or undefined when the text is no duration or exceeds what a number holds exactly. */
export function parseDurationMs(text: string): number | undefined {
  const match = PATTERN.exec(text)
  if (match === null) return undefined
  const ms = Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS]
  return Number.isSafeInteger(ms) ? ms : undefined
}

/** The shortest way to write a duration: `86400s` and `24h` are both `1d`, so equal durations have equal digests. */
export function formatDuration(ms: number): string {
  const unit = UNITS_LARGEST_FIRST.find((candidate) => ms % UNIT_MS[candidate] === 0) ?? 'ms'
  return `${ms / UNIT_MS[unit]}${unit}`
}
