/** Texts that grow, with a bound: one number in a mapping must not fill the memory. */
import { MappingError } from '../mapping-error.ts'

export const TEXT_LENGTH_MAX = 16_777_216

export function repeat(text: string, count: number): string {
  assertLength(text.length * count)
  return text.repeat(count)
}

/** Throws unless a text may be as long. */
export function assertLength(length: number): void {
  if (length <= TEXT_LENGTH_MAX) return
  throw new MappingError(`expected a text of at most ${TEXT_LENGTH_MAX} characters, got ${length}`)
}
