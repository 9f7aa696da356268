/** Times of the week at which something is allowed, in a time zone; one may run over midnight. */

export const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const
export type Day = (typeof DAYS)[number]

/** `22:00`; the end of a day is `24:00`. */
export const TIME_PATTERN = '^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$'

export interface ChangeWindow {
  /** On which it begins; every day where absent. */
  readonly days: readonly Day[] | undefined
  readonly from: string
  /** Not part of it. One that is not after `from` is on the next day. */
  readonly to: string
  readonly timeZone: string
}

const MINUTES_OF_DAY = 24 * 60

export function isWithin(window: ChangeWindow, nowUs: number): boolean {
  const { day, minute } = localTime(window.timeZone, nowUs)
  const [from, to] = [minutesOf(window.from), minutesOf(window.to)]
  if (to > from) return beginsOn(window, day) && minute >= from && minute < to
  if (minute >= from) return beginsOn(window, day)
  return minute < to && beginsOn(window, (day + DAYS.length - 1) % DAYS.length)
}

/** `Mon, Fri 22:00–06:00 (Europe/Berlin)` */
export function windowText({ days, from, to, timeZone }: ChangeWindow): string {
  const on = days === undefined ? '' : `${days.join(', ')} `
  return `${on}${from}–${to} (${timeZone})`
}

export function isTimeZone(timeZone: string): boolean {
  try {
    formatOf(timeZone)
    return true
  } catch {
    return false
  }
}

function beginsOn({ days }: ChangeWindow, day: number): boolean {
  const name = DAYS[day]
  return days === undefined || (name !== undefined && days.includes(name))
}

function minutesOf(time: string): number {
  const [hours = '0', minutes = '0'] = time.split(':')
  return (Number(hours) * 60 + Number(minutes)) % (MINUTES_OF_DAY + 1)
}

const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known !== undefined) return known
  const options = {
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  } as const
  const format = new Intl.DateTimeFormat('en-US', { ...options, timeZone })
  formats.set(timeZone, format)
  return format
}

function localTime(
  timeZone: string,
  nowUs: number,
): { readonly day: number; readonly minute: number } {
  const parts = formatOf(timeZone).formatToParts(nowUs / 1_000)
  const part = (type: Intl.DateTimeFormatPartTypes): string =>
    parts.find((one) => one.type === type)?.value ?? ''
  const day = (DAYS as readonly string[]).indexOf(part('weekday'))
  return { day, minute: Number(part('hour')) * 60 + Number(part('minute')) }
}
