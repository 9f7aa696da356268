/** The memory that the keys of compacted streams may take, all indexes of an engine together. */

/** Some two million keys of usual length. */
export const KEY_INDEX_BYTES_MAX: number = 256 * 1024 * 1024
/** Of a key beside its characters: its entry in a map, and its sequence. About. */
export const KEY_ENTRY_BYTES = 100

export class KeyBudget {
  readonly #bytesMax: number
  #bytes = 0

  constructor(bytesMax: number = KEY_INDEX_BYTES_MAX) {
    this.#bytesMax = bytesMax
  }

  get free(): number {
    return this.#bytesMax - this.#bytes
  }

  /** False, and then nothing is taken, where there is not as much. */
  take(bytes: number): boolean {
    if (bytes > this.free) return false
    this.#bytes += bytes
    return true
  }

  give(bytes: number): void {
    this.#bytes -= bytes
  }
}

export function keyBytes(key: string): number {
  return KEY_ENTRY_BYTES + key.length
}

/** A key as a map has it: one character a byte. */
export function keyText(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')
}
