/** When `generate` makes messages: not to wait, at a beat, or by a schedule of cron. */
import { createRequire } from 'node:module'
import { parseConnectDuration } from '../../pipelines/connect-duration.ts'

export type Beat =
  | { readonly kind: 'none' }
  | { readonly kind: 'every'; readonly everyMs: number; readonly firstMs: number }
  /** Both in milliseconds since 1970. */
  | { readonly kind: 'schedule'; readonly after: (wallMs: number) => number }

/** Loaded with the first schedule: most beats are none, and every process that judges a config would pay for it. */
const load = createRequire(import.meta.url)

const EVERY = '@every '
/** Two spellings of a zone before a schedule. */
const ZONE = /^(?:CRON_)?TZ=(\S+)\s+(.+)$/
const NICKNAMES = new Set([
  '@hourly',
  '@daily',
  '@midnight',
  '@weekly',
  '@monthly',
  '@yearly',
  '@annually',
])

/** Undefined for what is none of them. */
export function beatOf(interval: string): Beat | undefined {
  const later = interval.startsWith(EVERY)
  const parsed = parseConnectDuration(later ? interval.slice(EVERY.length).trim() : interval)
  if (parsed.kind === 'none' && !later) return { kind: 'none' }
  if (parsed.kind !== 'duration') return later ? undefined : scheduleOf(interval)
  if (parsed.ms === 0) return later ? undefined : { kind: 'none' }
  return { kind: 'every', everyMs: parsed.ms, firstMs: later ? parsed.ms : 0 }
}

export function intervalFaults(
  interval: string,
): readonly { readonly message: string; readonly hint: string }[] {
  if (beatOf(interval) !== undefined) return []
  const isSchedule =
    interval.startsWith('@') || interval.includes('TZ=') || /\S\s+\S/.test(interval)
  const message = isSchedule
    ? `expected a schedule that comes, got ${JSON.stringify(interval)}`
    : `expected a duration such as 5s, got ${JSON.stringify(interval)}`
  const hint =
    'write a duration such as 30s, @every 30s, @daily, or five fields such as 0 9 * * 1-5'
  return [{ message, hint }]
}

function scheduleOf(interval: string): Beat | undefined {
  const [, timezone = 'UTC', pattern = interval] = ZONE.exec(interval) ?? []
  if (pattern.startsWith('@') && !NICKNAMES.has(pattern)) return undefined
  try {
    const text = pattern === '@midnight' ? '@daily' : pattern.replaceAll('?', '*')
    const { Cron } = load('croner') as typeof import('croner')
    const schedule = new Cron(text, { timezone, mode: '5-or-6-parts', paused: true })
    const after = (wallMs: number): number | undefined =>
      schedule.nextRun(new Date(wallMs))?.getTime()
    // One that never comes, such as the 30th of February, or in a zone that there is not.
    if (after(0) === undefined) return undefined
    return { kind: 'schedule', after: (wallMs) => after(wallMs) ?? Number.POSITIVE_INFINITY }
  } catch {
    return undefined
  }
}
