/** Floats as Go prints them: one form for JSON, and a shorter exponent form for text. */

/** The JSON form: an exponent below 1e-6 and from 1e21 on, which is what JavaScript does too. */
export function formatFloat(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

/** Go's `g` form with the fewest digits: an exponent of at least two digits below 1e-4 and from 1e6 on. */
export function formatFloatShort(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const scientific = value.toExponential()
  const at = scientific.indexOf('e')
  const exponent = Number(scientific.slice(at + 1))
  if (exponent >= EXPONENT_MIN && exponent < EXPONENT_MAX) return String(value)
  return `${scientific.slice(0, at)}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

const EXPONENT_MIN = -4
const EXPONENT_MAX = 6
