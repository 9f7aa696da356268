/** Chance from the system: fast numbers, and bytes and names that nobody can guess. */
import { randomBytes, randomUUID } from 'node:crypto'
import type { Random } from './random.ts'

export const realRandom: Random = {
  next: () => Math.random(),
  bytes: (count) => randomBytes(count),
  uuid: () => randomUUID(),
}
