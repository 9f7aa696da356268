/**
 * When two values are equal, and which comes first.
 *
 * `deepEqual` is what `match`, `contains` and `find` use. The operator `==` follows its left operand and lives with
 * the operators.
 */
import { decodeText, isArray, isObject } from './kind-of.ts'
import { compareNumbers, isValueNumber, toNumeric } from './number.ts'
import { Timestamp, type Value } from './value.ts'

export function deepEqual(left: Value, right: Value): boolean {
  if (left === right) return true
  if (isValueNumber(left)) {
    return isValueNumber(right) && compareNumbers(toNumeric(left), toNumeric(right)) === 0
  }
  if (typeof left === 'string' || left instanceof Uint8Array) {
    return (
      (typeof right === 'string' || right instanceof Uint8Array) && asText(left) === asText(right)
    )
  }
  if (left instanceof Timestamp) return right instanceof Timestamp && left.epochNs === right.epochNs
  if (isArray(left)) {
    if (!isArray(right) || left.length !== right.length) return false
    return left.every((item, index) => deepEqual(item, right[index] ?? null))
  }
  return isObject(left) && isObject(right) && equalObjects(left, right)
}

function equalObjects(left: { [key: string]: Value }, right: { [key: string]: Value }): boolean {
  const keys = Object.keys(left)
  if (keys.length !== Object.keys(right).length) return false
  return keys.every(
    (key) => Object.hasOwn(right, key) && deepEqual(left[key] ?? null, right[key] ?? null),
  )
}

function asText(value: string | Uint8Array): string {
  return typeof value === 'string' ? value : decodeText(value)
}

/** The order of UTF-8 bytes, which differs from JavaScript's where surrogate pairs meet the last of the plane. */
export function compareText(left: string, right: string): number {
  const length = Math.min(left.length, right.length)
  for (let index = 0; index < length; index++) {
    const first = left.charCodeAt(index)
    const second = right.charCodeAt(index)
    if (first !== second) return rank(first) - rank(second)
  }
  return left.length - right.length
}

/** Surrogates stand for code points above all others. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}
