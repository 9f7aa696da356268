/** Repetition with a bound: one number in a mapping must not fill the memory. */
import { MappingError } from '../mapping-error.ts'

export const TEXT_LENGTH_MAX = 16_777_216

export function repeat(text: string, count: number): string {
  if (text.length * count > TEXT_LENGTH_MAX) {
    throw new MappingError(
      `expected a text of at most ${TEXT_LENGTH_MAX} characters, got ${text.length * count}`,
    )
  }
  return text.repeat(count)
}
