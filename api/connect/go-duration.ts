/** A duration as Go prints one, which is how Connect's clients read it: `7.223545951s`, `1h2m3.5s`, `0s`, `1.5ms`. */

const UNITS = [
  { name: 's', ns: 1_000_000_000 },
  { name: 'ms', ns: 1_000_000 },
  { name: 'µs', ns: 1_000 },
  { name: 'ns', ns: 1 },
]
const SECOND_NS = 1_000_000_000

/** Whole nanoseconds, not negative. */
export function goDuration(ns: number): string {
  if (ns === 0) return '0s'
  if (ns < SECOND_NS) {
    const unit = UNITS.find((one) => ns >= one.ns)
    return unit === undefined ? '0s' : `${fraction(ns, unit.ns)}${unit.name}`
  }
  const minutes = Math.floor(ns / (60 * SECOND_NS))
  const seconds = `${fraction(ns - minutes * 60 * SECOND_NS, SECOND_NS)}s`
  if (minutes === 0) return seconds
  const hours = Math.floor(minutes / 60)
  return hours === 0 ? `${minutes}m${seconds}` : `${hours}h${minutes % 60}m${seconds}`
}

/** Without zeros at the end. */
function fraction(ns: number, unitNs: number): string {
  const whole = Math.floor(ns / unitNs)
  const digits = String(unitNs).length - 1
  const rest = String(ns % unitNs)
    .padStart(digits, '0')
    .replace(/0+$/, '')
  return digits === 0 || rest === '' ? String(whole) : `${whole}.${rest}`
}
