/** Chance from the system: fast numbers, and bytes and names that nobody can guess. */
import { randomBytes, randomUUID } from 'node:crypto'
import type { Random } from './random.ts'

export class RealRandom implements Random {
  next(): number {
    return Math.random()
  }

  bytes(count: number): Uint8Array {
    return randomBytes(count)
  }

  uuid(): string {
    return randomUUID()
  }
}

export const realRandom: Random = new RealRandom()
