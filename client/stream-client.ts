/** One stream: append to it, and read it from a place on, once or as it grows. */
import type { Connection } from './connection.ts'
import { merge } from './merge.ts'
import { RequestFailed } from './request-failed.ts'
import type { Appended, NewRecord, Page, StreamRecord } from './stream-record.ts'

export interface AppendOptions {
  /**
   * The same key is written once, however often it is sent. One is made for each call, so that a try that was cut off
   * can be repeated; give your own to be safe across restarts of your process.
   */
  readonly idempotencyKey?: string
  /** How often it is tried while the server is away or full; 10 where absent. */
  readonly triesMax?: number
  readonly signal?: AbortSignal
}

export interface ReadOptions {
  /** `earliest` (where absent), `latest`, an RFC 3339 time; with one shard also a sequence or a page's `next`. */
  readonly from?: string
  /** All where absent, merged as they come; the order within a shard is kept. */
  readonly shard?: number
  /** True goes on with what is appended later, until the signal aborts; otherwise it ends where the stream does. */
  readonly follow?: boolean
  readonly signal?: AbortSignal
}

export const TRIES_MAX_DEFAULT = 10
const PAGE_RECORDS = 1_000
const KEY_BYTES = 16
const FOLLOW_WAIT_MS = 30_000

export class StreamClient<Value> {
  readonly name: string
  readonly #connection: Connection

  constructor(connection: Connection, name: string) {
    this.#connection = connection
    this.name = name
  }

  /** Resolves once all are durable, with where each one is; none is written when it throws. */
  async append(
    records: NewRecord<Value> | readonly NewRecord<Value>[],
    { idempotencyKey, triesMax = TRIES_MAX_DEFAULT, signal }: AppendOptions = {},
  ): Promise<readonly Appended[]> {
    const list = Array.isArray(records) ? records : [records]
    const answer = await this.#connection.patiently<{ readonly records: readonly Appended[] }>(
      'POST',
      this.#records,
      {
        body: { records: list },
        headers: { 'idempotency-key': idempotencyKey ?? freshKey() },
        triesMax,
        signal,
      },
    )
    return answer.records
  }

  async *read(options: ReadOptions = {}): AsyncGenerator<StreamRecord<Value>, void, void> {
    // A wait for more must not outlive the loop that nobody is in any more.
    const over = new AbortController()
    const signal = AbortSignal.any([over.signal, ...(options.signal ? [options.signal] : [])])
    const { shard } = options
    const shards = shard === undefined ? await this.shards(signal) : [shard]
    try {
      const pages = shards.map((one) => this.#pages(one, { ...options, signal }))
      for await (const { records } of merge(pages)) yield* records
    } finally {
      over.abort()
    }
  }

  /** One page of one shard, for those who keep their place themselves. */
  page(
    shard: number,
    from: string,
    { limit = PAGE_RECORDS, waitMs = 0, triesMax = TRIES_MAX_DEFAULT, signal }: PageOptions = {},
  ): Promise<Page<Value>> {
    const query = { shard, from, limit, waitMs }
    return this.#connection.patiently('GET', this.#records, { query, signal, triesMax })
  }

  /** The latest record of a key of a compacted stream; undefined where it has none. */
  async latest(key: string, signal?: AbortSignal): Promise<StreamRecord<Value> | undefined> {
    try {
      return await this.#connection.json('GET', this.#records, { query: { key }, signal })
    } catch (thrown) {
      if (thrown instanceof RequestFailed && thrown.reason === 'NotFound') return undefined
      throw thrown
    }
  }

  /** The numbers of its shards. */
  async shards(signal?: AbortSignal): Promise<readonly number[]> {
    const path = this.#connection.path('streams', this.name)
    const { spec } = await this.#connection.json<{ readonly spec: { readonly shards?: number } }>(
      'GET',
      path,
      { signal },
    )
    return Array.from({ length: spec.shards ?? 1 }, (_, shard) => shard)
  }

  get #records(): string {
    return this.#connection.path('streams', this.name, 'records')
  }

  async *#pages(
    shard: number,
    { from = 'earliest', follow = false, signal }: ReadOptions,
  ): AsyncGenerator<Page<Value>, void, void> {
    const options = { waitMs: follow ? FOLLOW_WAIT_MS : 0, ...(signal && { signal }) }
    for (let next = from; ; ) {
      const page = await this.page(shard, next, options)
      if (page.records.length > 0) yield page
      else if (!follow) return
      next = page.next
    }
  }
}

/** Pages that came without TLS, from other than loopback, have no `randomUUID`. */
function freshKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export interface PageOptions {
  readonly limit?: number
  /** How long to wait for a first record. */
  readonly waitMs?: number
  readonly triesMax?: number
  readonly signal?: AbortSignal
}
