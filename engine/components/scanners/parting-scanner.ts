/** A scanner that cuts what it holds: all that a format has to say is where the next message ends. */
import { HeadgateError } from '../../error.ts'
import type { Message } from '../../pipelines/message.ts'
import { ScannedBytes } from './scanned-bytes.ts'
import type { Scanner } from './scanner.ts'

/** What to do with the bytes at hand: take so many away, and make a message of them or not. */
export interface Cut {
  readonly bytes: number
  readonly message: Message | undefined
}

/** The next cut, or undefined when more has to be pushed. What it throws breaks the scanner. */
export type CutNext = (bytes: Buffer, ended: boolean) => Cut | undefined

export interface PartingOptions {
  readonly bytesMax?: number
  /** Nothing can be cut before the end: what is held is not joined before, either. */
  readonly whole?: boolean
}

export class PartingScanner implements Scanner {
  readonly #cut: CutNext
  readonly #whole: boolean
  readonly #bytes: ScannedBytes
  /** Whether something was pushed since the last look. */
  #fresh = false
  #ended = false
  #broken = false

  constructor(cut: CutNext, { bytesMax, whole = false }: PartingOptions = {}) {
    this.#cut = cut
    this.#whole = whole
    this.#bytes = new ScannedBytes(bytesMax)
  }

  get broken(): boolean {
    return this.#broken
  }

  push(chunk: Uint8Array): void {
    if (this.#broken) return
    this.#bytes.push(chunk)
    this.#fresh = true
  }

  end(): void {
    this.#ended = true
    this.#fresh = true
  }

  next(): Message | undefined {
    if (this.#whole && !this.#ended) return this.#expectRoom()
    while (this.#fresh && !this.#broken) {
      const cut = this.#look()
      if (cut === undefined) {
        this.#fresh = false
        return this.#expectRoom()
      }
      this.#bytes.take(cut.bytes)
      if (cut.message !== undefined) return cut.message
      if (cut.bytes === 0) this.#fresh = false
    }
    return undefined
  }

  rest(): Uint8Array {
    return this.#bytes.view()
  }

  #look(): Cut | undefined {
    try {
      return this.#cut(this.#bytes.view(), this.#ended)
    } catch (thrown) {
      this.#broken = true
      if (thrown instanceof HeadgateError) throw thrown
      const reason = thrown instanceof Error ? thrown.message : String(thrown)
      throw new HeadgateError('InputFailed', reason, { cause: thrown })
    }
  }

  #expectRoom(): undefined {
    try {
      this.#bytes.expectRoom()
    } catch (thrown) {
      this.#broken = true
      throw thrown
    }
  }
}
