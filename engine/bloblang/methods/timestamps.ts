/** What can be read as a point in time. */
import { MappingError } from '../mapping-error.ts'
import { expectText, isNumber, mismatch } from '../values/kind-of.ts'
import { isFloat, toFloat, toNumeric } from '../values/number.ts'
import type { Result } from '../values/result.ts'
import { parseRfc3339 } from '../values/timestamp.ts'
import { Timestamp } from '../values/value.ts'

/** Seconds that a calendar of ours can show, with room on both sides. */
const SECONDS_MAX = 8_640_000_000_000

/** A timestamp, seconds since 1970 (a fraction is allowed), or RFC 3339 text. */
export function expectTimestamp(value: Result, zone = 'UTC'): Timestamp {
  if (value instanceof Timestamp) return value
  if (isNumber(value)) {
    const numeric = toNumeric(value)
    const seconds = toFloat(numeric)
    if (!(Math.abs(seconds) <= SECONDS_MAX))
      throw new MappingError('the time is outside of the calendar')
    if (!isFloat(numeric))
      return new Timestamp(BigInt(numeric as number | bigint) * 1_000_000_000n, zone)
    const whole = Math.floor(seconds)
    return new Timestamp(
      BigInt(whole) * 1_000_000_000n + BigInt(Math.round((seconds - whole) * 1e9)),
      zone,
    )
  }
  if (typeof value !== 'string' && !(value instanceof Uint8Array))
    throw mismatch('timestamp', value)
  const text = expectText(value)
  const parsed = parseRfc3339(text)
  if (parsed === undefined)
    throw new MappingError(`expected an RFC 3339 time, got "${text.slice(0, 64)}"`)
  return parsed
}

/** The same moment, shown in another zone; `Local` is the zone of the process. */
export function inZone(time: Timestamp, zone: string, local = 'UTC'): Timestamp {
  return new Timestamp(time.epochNs, zone === 'Local' ? local : zone)
}
