/** Lengths of time in texts: Go's form, `1h30m`, and the one of ISO 8601, `P3Y6M4DT12H30M5S`. */
import { MappingError } from '../mapping-error.ts'
import { INT64_MAX } from '../values/number.ts'

const UNIT_NS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}

const DURATION = /^([+-]?)((?:(?:\d{1,18}(?:\.\d{0,18})?|\.\d{1,18})(?:ns|us|µs|μs|ms|s|m|h))+|0)$/

export function parseDuration(text: string): bigint {
  const match = DURATION.exec(text)
  if (match === null)
    throw new MappingError(`expected a duration such as 1h30m, got "${shown(text)}"`)
  let total = 0n
  for (const [, whole = '', fraction = '', unit = 'ns'] of (match[2] ?? '').matchAll(
    /(\d*)(?:\.(\d*))?([a-zµμ]+)/g,
  )) {
    const scale = UNIT_NS[unit] ?? 1n
    total += BigInt(whole) * scale
    if (fraction !== '') total += (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length)
  }
  return within(match[1] === '-' ? -total : total, text)
}

/** Years and months have no fixed length, so a moment is moved by them on the calendar. */
export interface Period {
  readonly years: number
  readonly months: number
  readonly days: number
  /** All that is shorter than a day, and fractions of what is longer. */
  readonly restNs: bigint
}

const AMOUNT = '(\\d{1,9}(?:[.,]\\d{1,18})?)'
const PERIOD: RegExp = new RegExp(
  `^([+-]?)P(?:${AMOUNT}Y)?(?:${AMOUNT}M)?(?:${AMOUNT}W)?(?:${AMOUNT}D)?(?:T(?:${AMOUNT}H)?(?:${AMOUNT}M)?(?:${AMOUNT}S)?|${AMOUNT}S)?$`,
)

const DAY_NS = 86_400_000_000_000n
/** The Gregorian calendar's mean year of 365.2425 days. */
const YEAR_NS = (DAY_NS * 3_652_425n) / 10_000n
/** In the order of the expression; seconds may stand without a `T`. */
const LENGTHS_NS = [
  YEAR_NS,
  YEAR_NS / 12n,
  DAY_NS * 7n,
  DAY_NS,
  3_600_000_000_000n,
  60_000_000_000n,
  1_000_000_000n,
  1_000_000_000n,
] as const

/** Each amount in tenths: only the first decimal counts. */
function amountsOf(text: string): readonly number[] {
  const match = PERIOD.exec(text)
  const amounts = match?.slice(2) ?? []
  const isEmpty = amounts.every((amount) => amount === undefined)
  if (match === null || isEmpty || text.endsWith('T')) {
    throw new MappingError(`expected an ISO 8601 duration such as P1DT2H, got "${shown(text)}"`)
  }
  const sign = match[1] === '-' ? -1 : 1
  return amounts.map((amount = '0') => {
    const [whole = '0', fraction = '0'] = amount.split(/[.,]/)
    return sign * (Number(whole) * 10 + Number(fraction[0]))
  })
}

export function parsePeriod(text: string): Period {
  const amounts = amountsOf(text)
  const whole = (index: number): number => Math.trunc((amounts[index] ?? 0) / 10)
  const restNs = amounts.reduce((total, amount, index) => {
    const tenths = index < 4 ? amount % 10 : amount
    return total + (BigInt(tenths) * (LENGTHS_NS[index] ?? 0n)) / 10n
  }, 0n)
  return { years: whole(0), months: whole(1), days: whole(2) * 7 + whole(3), restNs }
}

/** The length of a period, with a mean year, and a month of a twelfth of it. */
export function parseIsoDuration(text: string): bigint {
  const total = amountsOf(text).reduce(
    (sum, amount, index) => sum + (BigInt(amount) * (LENGTHS_NS[index] ?? 0n)) / 10n,
    0n,
  )
  return within(total, text)
}

function within(durationNs: bigint, text: string): bigint {
  if (durationNs <= INT64_MAX && durationNs >= -INT64_MAX) return durationNs
  throw new MappingError(`expected a duration of at most 292 years, got "${shown(text)}"`)
}

const SHOWN_LENGTH_MAX = 64

function shown(text: string): string {
  return text.slice(0, SHOWN_LENGTH_MAX)
}
