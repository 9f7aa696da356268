/** Bytes that many may hold together: whoever wants more than is left gets nothing, and has to come again. */

export class ByteBudget {
  readonly #max: number
  #used = 0

  constructor(max: number) {
    this.#max = max
  }

  has(bytes: number): boolean {
    return this.#used + bytes <= this.#max
  }

  /** False, and nothing taken, where so much is not left. */
  take(bytes: number): boolean {
    if (!this.has(bytes)) return false
    this.#used += bytes
    return true
  }

  give(bytes: number): void {
    this.#used -= bytes
  }
}
