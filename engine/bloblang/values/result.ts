/** What evaluating a query can give: a value, or one of the two markers that are not values. */
import type { Value } from './value.ts'

/** `deleted()`: removes what it is assigned to. */
export const DELETED: unique symbol = Symbol('deleted')
/** `nothing()`, an `if` without `else`, a `match` without a match: the assignment does not happen. */
export const NOTHING: unique symbol = Symbol('nothing')

export type Result = Value | typeof DELETED | typeof NOTHING

export function isMarker(result: Result): result is typeof DELETED | typeof NOTHING {
  return typeof result === 'symbol'
}
