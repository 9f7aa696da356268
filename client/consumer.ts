/**
 * Reads a stream as a member of a consumer group: batches of one shard at a time, each committed once the loop asks for
 * the next one. A batch whose loop threw, or that the process did not survive, is read again by whoever holds the shard.
 *
 * The session is kept by heartbeats beside the loop. A shard that an answer lacks goes to another member with the next
 * heartbeat, so that one waits until the batch that is under way is through.
 */
import { type Connection, sleep, waitMs } from './connection.ts'
import { RequestFailed } from './request-failed.ts'
import { type ShardPage, ShardReader } from './shard-reader.ts'
import type { StreamClient } from './stream-client.ts'
import type { StreamRecord } from './stream-record.ts'

export interface ConsumeOptions {
  /** Leaves the group when it aborts; the loop ends without an error. */
  readonly signal?: AbortSignal
  /** How long the server waits for a word before others get the shards; 10,000 where absent. */
  readonly sessionMs?: number
}

export interface ConsumedBatch<Value> {
  readonly shard: number
  readonly records: readonly StreamRecord<Value>[]
}

interface Membership {
  readonly member: string
  readonly generation: number
  readonly resetGeneration: number
  readonly settling: boolean
  readonly shards: readonly { readonly shard: number; readonly from: string }[]
}

const SESSION_MS_DEFAULT = 10_000
/** So many words fit in a session: one may be lost. */
const HEARTBEATS_IN_SESSION = 3
const HEARTBEAT_SETTLING_MS = 250
const COMMIT_TRIES_MAX = 10

export class Consumer<Value> {
  readonly #connection: Connection
  readonly #stream: StreamClient<Value>
  readonly #members: string
  readonly #sessionMs: number
  readonly #over = new AbortController()
  /** The end, by whomever. */
  readonly #signal: AbortSignal
  readonly #readers = new Map<number, ShardReader<Value>>()
  #membership: Membership | undefined
  /** The batch that the loop has, until it is through. */
  #underWay: { readonly shard: number; readonly through: Promise<void> } | undefined
  #changed = Promise.withResolvers<void>()

  constructor(
    connection: Connection,
    stream: StreamClient<Value>,
    group: string,
    { sessionMs = SESSION_MS_DEFAULT, signal }: ConsumeOptions,
  ) {
    this.#connection = connection
    this.#stream = stream
    this.#members = connection.path('consumergroups', group, 'members')
    this.#sessionMs = sessionMs
    this.#signal = AbortSignal.any([this.#over.signal, ...(signal === undefined ? [] : [signal])])
    this.#signal.addEventListener('abort', () => this.#ring())
  }

  async *batches(): AsyncGenerator<ConsumedBatch<Value>, void, void> {
    const beating = this.#beat()
    // It is looked at once the loop ends; until then nobody waits for it.
    beating.catch(() => undefined)
    try {
      for (;;) {
        const batch = await this.#next()
        if (batch === undefined) break
        const { shard, records } = batch
        const { generation = 0, member = '' } = this.#membership ?? {}
        const { promise: through, resolve } = Promise.withResolvers<void>()
        this.#underWay = { shard, through }
        try {
          yield { shard, records }
          await this.#commit(member, generation, batch)
        } finally {
          this.#underWay = undefined
          resolve()
        }
      }
      // What ended the group's life for good is the loop's to know.
      await beating
    } finally {
      this.#over.abort()
      this.#loseAll()
      await this.#leave()
    }
  }

  async #next(): Promise<ShardPage<Value> | undefined> {
    const signal = this.#signal
    while (!signal.aborted) {
      const pages = [...this.#readers.values()].map((reader) => reader.page())
      const page = await Promise.race([this.#changed.promise, ...pages])
      if (page === undefined) continue
      const reader = this.#readers.get(page.shard)
      // The shard went while its page came.
      if (reader === undefined || !reader.take(page)) continue
      return page
    }
    return undefined
  }

  async #commit(
    member: string,
    generation: number,
    { shard, next }: ShardPage<Value>,
  ): Promise<void> {
    const body = { generation, offsets: [{ shard, next }] }
    const path = `${this.#members}/${encodeURIComponent(member)}/commit`
    try {
      await this.#connection.patiently('POST', path, { body, triesMax: COMMIT_TRIES_MAX })
    } catch (thrown) {
      // Another member reads it again; that is what at least once means.
      if (!(thrown instanceof RequestFailed) || thrown.status !== 409) throw thrown
      this.#lose(shard)
    }
  }

  /** Joins, and keeps the session until it is over. Rejects with what no further try can mend. */
  async #beat(): Promise<void> {
    const signal = this.#signal
    let tries = 0
    while (!signal.aborted) {
      try {
        this.#adopt(await (this.#membership === undefined ? this.#join() : this.#heartbeat()))
        tries = 0
        await this.#untilNextBeat()
      } catch (thrown) {
        if (signal.aborted) return
        if (!(thrown instanceof RequestFailed)) return this.#fail(thrown)
        if (thrown.status === 409) {
          this.#loseAll()
          this.#membership = undefined
          continue
        }
        if (!thrown.isPassing) return this.#fail(thrown)
        tries += 1
        await sleep(thrown.retryAfterMs ?? waitMs(tries), signal).catch(() => undefined)
      }
    }
  }

  #fail(thrown: unknown): never {
    this.#over.abort()
    throw thrown
  }

  #join(): Promise<Membership> {
    const body = { stream: this.#stream.name, sessionMs: this.#sessionMs }
    return this.#connection.json('POST', this.#members, { body, signal: this.#signal })
  }

  #heartbeat(): Promise<Membership> {
    const member = encodeURIComponent(this.#membership?.member ?? '')
    const path = `${this.#members}/${member}/heartbeat`
    return this.#connection.json('POST', path, { signal: this.#signal })
  }

  #adopt(now: Membership): void {
    const before = this.#membership
    // Offsets were set by hand: what was read before counts no more.
    if (before !== undefined && now.resetGeneration > before.generation) this.#loseAll()
    const held = new Set(now.shards.map(({ shard }) => shard))
    for (const shard of this.#readers.keys()) if (!held.has(shard)) this.#lose(shard)
    for (const { shard, from } of now.shards) {
      if (this.#readers.has(shard)) continue
      this.#readers.set(shard, new ShardReader(this.#stream, shard, from))
    }
    this.#membership = now
    this.#ring()
  }

  async #untilNextBeat(): Promise<void> {
    const signal = this.#signal
    const isSettling = this.#membership?.settling === true
    const ms = isSettling ? HEARTBEAT_SETTLING_MS : this.#sessionMs / HEARTBEATS_IN_SESSION
    await sleep(ms, signal)
    // The next word lets go of what the last answer lacked.
    const underWay = this.#underWay
    if (underWay !== undefined && !this.#readers.has(underWay.shard)) await underWay.through
  }

  #lose(shard: number): void {
    this.#readers.get(shard)?.close()
    this.#readers.delete(shard)
  }

  #loseAll(): void {
    for (const shard of this.#readers.keys()) this.#lose(shard)
  }

  #ring(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  async #leave(): Promise<void> {
    const member = this.#membership?.member
    if (member === undefined) return
    const path = `${this.#members}/${encodeURIComponent(member)}`
    // A server that is away notices by itself, when the session ends.
    await this.#connection.send('DELETE', path).catch(() => undefined)
  }
}
