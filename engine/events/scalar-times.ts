/**
 * Points in time and spans as .NET writes them in JSON: ticks of 100 ns, so seven digits behind the point and no more.
 *
 * They are judged as text and never turned into a JavaScript Date, which would lose four of the seven digits.
 */

const TIME =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]{1,7})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?$/
const SPAN = /^(-?)(?:([0-9]{1,8})\.)?([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,7}))?$/

const OFFSET_MINUTES_MAX = 14 * 60
const TICKS_MAX = 9223372036854775807n
const TICKS_PER_SECOND = 10_000_000n
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const

/** With or without an offset, or a date alone. */
export function isDateTime(value: unknown): boolean {
  return typeof value === 'string' && offsetOf(value) !== undefined
}

export function isDateTimeOffset(value: unknown): boolean {
  return typeof value === 'string' && (offsetOf(value) ?? '') !== ''
}

export function isTimeSpan(value: unknown): boolean {
  const match = typeof value === 'string' ? SPAN.exec(value) : null
  if (match === null) return false
  const [, sign, days = '0', hours, minutes, seconds, fraction = ''] = match
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return false
  const wholeHours = BigInt(days) * 24n + BigInt(hours ?? 0)
  const wholeSeconds = (wholeHours * 60n + BigInt(minutes ?? 0)) * 60n + BigInt(seconds ?? 0)
  const ticks = wholeSeconds * TICKS_PER_SECOND + BigInt(fraction.padEnd(7, '0'))
  return ticks <= (sign === '-' ? TICKS_MAX + 1n : TICKS_MAX)
}

/** The offset as written, empty without one; undefined when the text is no time. */
function offsetOf(text: string): string | undefined {
  const match = TIME.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour = '0', minute = '0', second = '0', offset = ''] = match
  if (!isDate(Number(year), Number(month), Number(day))) return undefined
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  return isOffset(offset) ? offset : undefined
}

function isDate(year: number, month: number, day: number): boolean {
  const days = DAYS_IN_MONTH[month - 1]
  if (days === undefined || year < 1 || day < 1) return false
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return day <= (month === 2 && leap ? 29 : days)
}

function isOffset(text: string): boolean {
  if (text === '' || text === 'Z') return true
  const minutes = Number(text.slice(4))
  return minutes <= 59 && Number(text.slice(1, 3)) * 60 + minutes <= OFFSET_MINUTES_MAX
}
