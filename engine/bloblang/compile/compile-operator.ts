/** Operators as closures: what most operands are is decided on the spot, all else by `operators.ts`. */
import { type Evaluate, SIZE_PER_STEP } from '../frame.ts'
import type { Comparison } from '../syntax/tree.ts'
import { IntegralFloat } from '../values/value.ts'
import { type Arithmetic, calculate, compare, type Origins } from './operators.ts'

export function arithmetic(
  operator: Arithmetic,
  first: Evaluate,
  second: Evaluate,
  origins: Origins,
): Evaluate {
  switch (operator) {
    case '+':
      return (frame) => {
        const left = first(frame)
        const right = second(frame)
        if (typeof left === 'number' && typeof right === 'number') {
          const sum = left + right
          if (isSettled(sum, left, right)) return sum
        }
        if (typeof left === 'string' && typeof right === 'string') {
          const joined = left + right
          if (joined.length < SIZE_PER_STEP) return joined
        }
        const sum = calculate('+', left, right, origins)
        frame.run.charge(null, sum)
        return sum
      }
    case '-':
      return (frame) => {
        const left = first(frame)
        const right = second(frame)
        if (typeof left === 'number' && typeof right === 'number') {
          const difference = left - right
          if (isSettled(difference, left, right)) return difference
        }
        return calculate('-', left, right, origins)
      }
    case '*':
      return (frame) => {
        const left = first(frame)
        const right = second(frame)
        if (typeof left === 'number' && typeof right === 'number') {
          const product = left * right
          if (isSettled(product, left, right)) return product === 0 ? 0 : product
          if (Number.isSafeInteger(product) && product !== 0) return new IntegralFloat(product)
        }
        return calculate('*', left, right, origins)
      }
    default:
      return (frame) => calculate(operator, first(frame), second(frame), origins)
  }
}

/** A float with a fraction, or a whole number that both operands were and that is exact. */
function isSettled(result: number, left: number, right: number): boolean {
  if (!Number.isInteger(result)) return Number.isFinite(result)
  return Number.isSafeInteger(result) && Number.isInteger(left) && Number.isInteger(right)
}

export function comparison(
  operator: Comparison,
  first: Evaluate,
  second: Evaluate,
  origins: Origins,
): Evaluate {
  switch (operator) {
    case '==':
      return (frame) => {
        const left = first(frame)
        const right = second(frame)
        if (typeof left === typeof right && typeof left !== 'object') return left === right
        return compare('==', left, right, origins)
      }
    case '!=':
      return (frame) => {
        const left = first(frame)
        const right = second(frame)
        if (typeof left === typeof right && typeof left !== 'object') return left !== right
        return compare('!=', left, right, origins)
      }
    case '>':
      return (frame) => {
        const left = first(frame)
        const right = second(frame)
        if (typeof left === 'number' && typeof right === 'number') return left > right
        return compare('>', left, right, origins)
      }
    case '<':
      return (frame) => {
        const left = first(frame)
        const right = second(frame)
        if (typeof left === 'number' && typeof right === 'number') return left < right
        return compare('<', left, right, origins)
      }
    default:
      return (frame) => compare(operator, first(frame), second(frame), origins)
  }
}
