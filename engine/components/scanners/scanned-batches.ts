/**
 * What a scanner has at hand, many messages at a time: an input then answers for a whole chunk at once.
 *
 * A batch is bounded, for a small chunk may stand for very much (compressed bytes do).
 */
import type { Message } from '../../pipelines/message.ts'
import type { Scanner } from './scanner.ts'

export const SCANNED_BATCH_MESSAGES_MAX = 4_096
/** The message that reaches it still belongs to the batch. */
export const SCANNED_BATCH_BYTES_MAX: number = 1024 * 1024

export class ScannedBatches {
  readonly #scanner: Scanner
  readonly #messagesMax: number
  /** Thrown once what came before it was taken. */
  #failed: { readonly thrown: unknown } | undefined

  constructor(scanner: Scanner, messagesMax: number = SCANNED_BATCH_MESSAGES_MAX) {
    this.#scanner = scanner
    this.#messagesMax = messagesMax
  }

  /** At least one message, or undefined until more is pushed. Throws what the scanner throws, in its order. */
  next(): Message[] | undefined {
    if (this.#failed !== undefined) {
      const { thrown } = this.#failed
      this.#failed = undefined
      throw thrown
    }
    const messages: Message[] = []
    let bytes = 0
    try {
      while (messages.length < this.#messagesMax && bytes < SCANNED_BATCH_BYTES_MAX) {
        const message = this.#scanner.next()
        if (message === undefined) break
        messages.push(message)
        bytes += message.weight
      }
    } catch (thrown) {
      if (messages.length === 0) throw thrown
      this.#failed = { thrown }
    }
    return messages.length === 0 ? undefined : messages
  }
}
