/**
 * The values of Bloblang, chosen so that what native JSON parsing gives is already a value.
 *
 * Numbers: an int64 is a `number` while it is a safe integer and a `bigint` beyond; a float with a fraction is a
 * `number`; a float without one is an `IntegralFloat`, because `5.0` and `5` print differently; a number of the input
 * whose text native parsing would change (`1.0`, `1e3`, twenty digits) is a `NumberText` until someone calculates with
 * it. Objects may hold any key, `__proto__` too: ask with `Object.hasOwn`, write with `setKey`.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | IntegralFloat
  | NumberText
  | string
  | Uint8Array
  | Timestamp
  | readonly Value[]
  | ObjectValue

export interface ObjectValue {
  readonly [key: string]: Value
}

/** A float64 whose value is a whole number (or not finite). */
export class IntegralFloat {
  readonly value: number
  constructor(value: number) {
    this.value = value
  }
}

/** A number exactly as the input spells it. */
export class NumberText {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** A point in time in nanoseconds, with the zone that it prints in. */
export class Timestamp {
  readonly epochNs: bigint
  /** An IANA name, `UTC`, or an offset such as `+02:00`. */
  readonly zone: string
  constructor(epochNs: bigint, zone: string) {
    this.epochNs = epochNs
    this.zone = zone
  }
}
