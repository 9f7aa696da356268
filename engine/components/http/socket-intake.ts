/**
 * The messages of one websocket on their way into a pipeline: one at a time, the next when the one before was delivered
 * and its responses were sent back.
 *
 * Nobody tells the client that a message was rejected, so the pipeline repeats it. Frames that came before the socket
 * could be paused wait here, within what all bodies may hold together.
 */
import { isUtf8 } from 'node:buffer'
import type { WebSocket } from 'ws'
import type { InputBatch } from '../../pipelines/component.ts'
import { Message, type MetadataView } from '../../pipelines/message.ts'
import type { RateLimit } from '../../pipelines/rate-limit.ts'
import { SyncResponses } from '../../pipelines/sync-response.ts'
import type { Arrivals } from './arrivals.ts'
import type { ByteBudget } from './byte-budget.ts'

export interface SocketIntakeOptions {
  readonly metadata: MetadataView
  readonly arrivals: Arrivals
  readonly budget: ByteBudget
  readonly limit: RateLimit | undefined
  /** What is sent back instead of a message that the rate limit does not let in; nothing where empty. */
  readonly limitMessage: string
}

/** Closing code for "try again later". */
const TRY_AGAIN_LATER = 1013

export class SocketIntake {
  readonly #socket: WebSocket
  readonly #options: SocketIntakeOptions
  readonly #frames: Uint8Array[] = []
  #busy = false
  #closed = false

  constructor(socket: WebSocket, options: SocketIntakeOptions) {
    this.#socket = socket
    this.#options = options
    socket.on('message', (data: Buffer) => this.#came(data))
    socket.once('close', () => this.#forget())
  }

  #came(frame: Uint8Array): void {
    if (this.#closed) return
    if (!this.#options.budget.take(frame.length)) {
      this.#socket.close(TRY_AGAIN_LATER, 'too many bytes wait')
      return
    }
    this.#frames.push(frame)
    if (!this.#busy) this.#goOn().catch(() => this.#socket.close(TRY_AGAIN_LATER))
  }

  async #goOn(): Promise<void> {
    this.#busy = true
    this.#socket.pause()
    try {
      for (let frame = this.#frames.shift(); frame !== undefined; frame = this.#frames.shift()) {
        try {
          await this.#handle(frame)
        } finally {
          this.#options.budget.give(frame.length)
        }
      }
    } finally {
      this.#busy = false
    }
    if (!this.#closed) this.#socket.resume()
  }

  async #handle(frame: Uint8Array): Promise<void> {
    const { limit, limitMessage } = this.#options
    if (limit !== undefined && (await limit.access()) > 0) {
      if (limitMessage !== '') await this.#send(Buffer.from(limitMessage))
      return
    }
    if (this.#closed) return
    const message = Message.fromBytes(frame, this.#options.metadata)
    const responses = new SyncResponses([message])
    await this.#delivered(message)
    for (const response of responses.messages) await this.#send(response.content())
  }

  #delivered(message: Message): Promise<void> {
    return new Promise((resolve) => {
      const batch: InputBatch = { messages: [message], nack: 'replay', settle: () => resolve() }
      const taken = (): boolean => {
        if (this.#closed) resolve()
        return !this.#closed
      }
      this.#options.arrivals.push({ batch, taken })
    })
  }

  /** Resolves when it was written, or cannot be. */
  #send(content: Uint8Array): Promise<void> {
    return new Promise((resolve) =>
      this.#socket.send(content, { binary: !isUtf8(content) }, () => resolve()),
    )
  }

  #forget(): void {
    this.#closed = true
    for (const frame of this.#frames.splice(0)) this.#options.budget.give(frame.length)
  }
}
