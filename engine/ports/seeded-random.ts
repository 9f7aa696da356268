/**
 * Chance that can be replayed: the same seed gives the same run. Not for secrets.
 *
 * The generator is a counter put through a 32-bit mixer (the finaliser of MurmurHash3), which is even enough for
 * simulations and has a period of 2^32.
 */
import type { Random } from './random.ts'

const GOLDEN = 0x9e3779b9

export class SeededRandom implements Random {
  #state: number

  constructor(seed: number) {
    this.#state = mix(seed | 0)
  }

  next(): number {
    return this.#word() / 2 ** 32
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count)
    for (let index = 0; index < count; index++) bytes[index] = this.#word() >>> 24
    return bytes
  }

  uuid(): string {
    const bytes = this.bytes(16)
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
    const hex = Buffer.from(bytes).toString('hex')
    return [
      hex.slice(0, 8),
      hex.slice(8, 12),
      hex.slice(12, 16),
      hex.slice(16, 20),
      hex.slice(20),
    ].join('-')
  }

  #word(): number {
    this.#state = (this.#state + GOLDEN) | 0
    return mix(this.#state) >>> 0
  }
}

function mix(word: number): number {
  let mixed = word
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
