/**
 * Remembers what files held, so that a sweep reads only what changed. It trusts a file's times only once they are old
 * enough that another write would show in them.
 */
import type { BigIntStats } from 'node:fs'
import type { Clock } from '../../engine/ports/clock.ts'

/** Longer than the steps of any file system's clock: FAT counts in two seconds. */
export const TRUST_AFTER_US = 3_000_000

interface Remembered {
  readonly signature: string
  readonly bytes: Uint8Array
}

export class FileMemory {
  readonly #clock: Clock
  #kept = new Map<string, Remembered>()
  #next = new Map<string, Remembered>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** What the file held, if it is certain that it still does. */
  recall(path: string, stats: BigIntStats): Uint8Array | undefined {
    const known = this.#kept.get(path)
    if (known?.signature !== signatureOf(stats)) return undefined
    this.#next.set(path, known)
    return known.bytes
  }

  remember(path: string, stats: BigIntStats, bytes: Uint8Array): void {
    const changedUs = Number(
      (stats.ctimeNs > stats.mtimeNs ? stats.ctimeNs : stats.mtimeNs) / 1000n,
    )
    if (this.#clock.wallUs() - changedUs < TRUST_AFTER_US) return
    this.#next.set(path, { signature: signatureOf(stats), bytes })
  }

  /** Ends a sweep: what it did not meet is forgotten. */
  settle(): void {
    this.#kept = this.#next
    this.#next = new Map()
  }

  /** Ends a narrow look: what it met is known, and so is what it did not look at. */
  absorb(): void {
    for (const [path, remembered] of this.#next) this.#kept.set(path, remembered)
    this.#next.clear()
  }
}

function signatureOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`
}
