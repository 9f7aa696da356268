/**
 * Answers to whoever sent a message and waits for its delivery.
 *
 * An input that can answer (`http_server`) opens the responses of a batch before it hands it on; `sync_response` and
 * outputs that give answers back add to them, known by the origin of the message that they handle; the input takes them
 * when the batch is settled. Where nobody opened any, what is added is forgotten. They end at a buffer, as the
 * transaction does.
 */
import { HeadgateError } from '../error.ts'
import type { Batch, Message } from './message.ts'

/** All answers to one batch. */
export const SYNC_RESPONSE_BYTES_MAX: number = 64 * 1024 * 1024
export const SYNC_RESPONSE_MESSAGES_MAX = 65_536

const waiting = new WeakMap<Message, SyncResponses>()

export class SyncResponses {
  readonly #messages: Message[] = []
  readonly #bytesMax: number
  #bytes = 0

  constructor(requests: Batch, bytesMax: number = SYNC_RESPONSE_BYTES_MAX) {
    this.#bytesMax = bytesMax
    for (const request of requests) waiting.set(request.origin, this)
  }

  /** In the order in which they were added. */
  get messages(): Batch {
    return this.#messages
  }

  /** Throws OutputFailed when it is more than a client is given. */
  add(response: Message): void {
    this.#bytes += response.content().length
    if (this.#bytes > this.#bytesMax || this.#messages.length >= SYNC_RESPONSE_MESSAGES_MAX) {
      const message = `expected answers of at most ${this.#bytesMax} bytes and ${SYNC_RESPONSE_MESSAGES_MAX} messages`
      throw new HeadgateError('OutputFailed', message)
    }
    this.#messages.push(response)
  }
}

/** Answers whoever waits for `request`; nothing where nobody does. */
export function respond(request: Message, response: Message): void {
  waiting.get(request.origin)?.add(response)
}

/** What is made of several messages has an origin of its own: who waits for the first of them waits for it too. */
export function inheritResponses(from: Message, to: Message): void {
  const responses = waiting.get(from.origin)
  if (responses !== undefined) waiting.set(to.origin, responses)
}
