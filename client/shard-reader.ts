/** Reads one shard for a consumer, a page ahead of what is taken, until it is closed. */
import { RequestFailed } from './request-failed.ts'
import type { StreamClient } from './stream-client.ts'
import type { Page } from './stream-record.ts'

export interface ShardPage<Value> extends Page<Value> {
  readonly shard: number
}

const WAIT_MS = 30_000

export class ShardReader<Value> {
  readonly #stream: StreamClient<Value>
  readonly #shard: number
  readonly #closed = new AbortController()
  #from: string
  #page: Promise<ShardPage<Value> | undefined> | undefined
  /** What the page is, once it came. */
  #come: ShardPage<Value> | undefined

  constructor(stream: StreamClient<Value>, shard: number, from: string) {
    this.#stream = stream
    this.#shard = shard
    this.#from = from
  }

  /** The next page with records, the same until it is taken; undefined once closed. */
  page(): Promise<ShardPage<Value> | undefined> {
    this.#page ??= this.#read()
    return this.#page
  }

  /** False for a page of a reader that was here before. */
  take(page: ShardPage<Value>): boolean {
    if (this.#come !== page) return false
    this.#come = undefined
    this.#page = undefined
    return true
  }

  close(): void {
    this.#closed.abort()
  }

  async #read(): Promise<ShardPage<Value> | undefined> {
    const { signal } = this.#closed
    while (!signal.aborted) {
      try {
        const page = await this.#stream.page(this.#shard, this.#from, {
          waitMs: WAIT_MS,
          triesMax: Number.POSITIVE_INFINITY,
          signal,
        })
        this.#from = page.next
        if (page.records.length === 0) continue
        this.#come = { shard: this.#shard, ...page }
        return this.#come
      } catch (thrown) {
        if (signal.aborted) return undefined
        // Retention was faster, or the stream is another one of that name.
        if (!(thrown instanceof RequestFailed) || thrown.status !== 410) throw thrown
        this.#from = 'earliest'
      }
    }
    return undefined
  }
}
