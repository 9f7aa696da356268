/**
 * One watch: an answer that does not end, a line of JSON for each change. Bytes are made elsewhere and shared; this
 * file knows when a watch ends: at its time, with the server, with the client, or when the client reads too slowly.
 */
import type { FastifyReply } from 'fastify'
import type { Clock, Timer } from '../../engine/ports/clock.ts'

/** What a client has not read yet; one that is further behind begins again with a list. */
export const WATCH_UNREAD_BYTES_MAX: number = 16 * 1024 * 1024
export const BOOKMARK_MS = 60_000

export interface WatchStreamOptions {
  readonly clock: Clock
  readonly closing: AbortSignal
  readonly seconds: number
  /** Made anew about once a minute; absent where none are wanted. */
  readonly bookmark: (() => Buffer) | undefined
}

export class WatchStream {
  readonly #reply: FastifyReply
  readonly #options: WatchStreamOptions
  readonly #timers = new Set<Timer>()
  readonly #ended: (() => void)[] = []
  #isOver = false

  constructor(reply: FastifyReply, options: WatchStreamOptions) {
    this.#reply = reply
    this.#options = options
    const end = (): void => this.end()
    reply.hijack()
    reply.raw.writeHead(200, {
      'content-type': 'application/json',
      'cache-control': 'no-cache, private',
    })
    reply.raw.flushHeaders()
    reply.raw.once('close', end)
    reply.raw.on('error', end)
    options.closing.addEventListener('abort', end, { once: true })
    this.#ended.push(() => options.closing.removeEventListener('abort', end))
    this.#timers.add(options.clock.schedule(options.seconds * 1000, end))
    this.#bookmarkLater()
  }

  write(line: Buffer): void {
    if (this.#isOver) return
    const { raw } = this.#reply
    if (raw.writableLength + line.length > WATCH_UNREAD_BYTES_MAX) {
      // What is not read by now never will be.
      raw.destroy()
      this.end()
      return
    }
    raw.write(line)
  }

  /** Called once, however the watch ends. */
  onEnd(ended: () => void): void {
    if (this.#isOver) ended()
    else this.#ended.push(ended)
  }

  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    for (const timer of this.#timers) timer.cancel()
    for (const ended of this.#ended) ended()
    this.#reply.raw.end()
  }

  #bookmarkLater(): void {
    const { bookmark, clock } = this.#options
    if (bookmark === undefined) return
    const timer = clock.schedule(BOOKMARK_MS, () => {
      this.#timers.delete(timer)
      this.write(bookmark())
      if (!this.#isOver) this.#bookmarkLater()
    })
    this.#timers.add(timer)
  }
}
