/** Reads what people write for a place in a stream: `earliest`, `latest`, a sequence, or a time in RFC 3339. */
import type { Where } from './log.ts'

const TIME =
  /^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?([Zz]|[+-][0-9]{2}:[0-9]{2})$/

/** Undefined for what names no place, a sequence above 2^53 - 1 included. */
export function whereOf(text: string): Where | undefined {
  if (text === 'earliest' || text === 'latest') return { kind: text }
  if (/^[0-9]+$/.test(text)) {
    const sequence = Number(text)
    return Number.isSafeInteger(sequence) ? { kind: 'sequence', sequence } : undefined
  }
  const arrivalUs = parseTimeUs(text)
  return arrivalUs === undefined ? undefined : { kind: 'time', arrivalUs }
}

export function whereText(where: Where): string {
  if (where.kind === 'sequence') return String(where.sequence)
  return where.kind === 'time' ? new Date(where.arrivalUs / 1000).toISOString() : where.kind
}

/** Undefined for what is no time, `2026-02-31` included. Digits beyond microseconds are cut. */
export function parseTimeUs(text: string): number | undefined {
  const match = TIME.exec(text)
  if (match === null) return undefined
  const [, day = '', time = '', fraction = '', zone = ''] = match
  const ms = Date.parse(`${day}T${time}${zone.toUpperCase()}`)
  const isRealDay = new Date(`${day}T00:00:00Z`).toJSON()?.startsWith(day) === true
  if (Number.isNaN(ms) || !isRealDay) return undefined
  return ms * 1000 + Number(fraction.slice(0, 6).padEnd(6, '0'))
}
