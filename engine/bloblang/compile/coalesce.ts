/** The operator `|`, which is the method `or`. */
import type { Evaluate } from '../frame.ts'
import { MappingError } from '../mapping-error.ts'
import { isMarker, type Result } from '../values/result.ts'

/** Failing costs more than a turn of a loop. */
const FAILURE_STEPS = 16

/** `a | b`: b when a fails, or is null or no value at all. */
export function coalesce(first: Evaluate, second: Evaluate): Evaluate {
  return (frame) => {
    let value: Result
    try {
      value = first(frame)
    } catch (thrown) {
      if (!(thrown instanceof MappingError)) throw thrown
      frame.run.step(FAILURE_STEPS)
      return second(frame)
    }
    return value === null || isMarker(value) ? second(frame) : value
  }
}
