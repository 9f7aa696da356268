/** Names that the server makes up: letters and digits that neither form words nor are mistaken for each other. */
import type { Random } from '../../../engine/ports/random.ts'

const LETTERS = 'bcdfghjklmnpqrstvwxz2456789'
export const ANY_NAME_RANDOM_LETTERS = 5

export function randomName(random: Pick<Random, 'next'>): string {
  const letters = Array.from({ length: ANY_NAME_RANDOM_LETTERS }, () =>
    LETTERS.charAt(Math.floor(random.next() * LETTERS.length)),
  )
  return letters.join('')
}
