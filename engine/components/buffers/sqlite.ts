/**
 * Keeps batches in an SQLite database, and acknowledges them when they are on the disk: what was acknowledged survives
 * the process. A batch is removed when the output delivered it, so a crash gives some batches twice and none never.
 *
 * What comes in while the disk works is stored together. A stop leaves on the disk what was not read yet; an input that
 * ends by itself sees everything delivered.
 */
import { resolve } from 'node:path'
import { Type } from '../../../crds/typebox.ts'
import { asHeadgateError, HeadgateError } from '../../error.ts'
import type { ProcessorChain } from '../../pipelines/build-context.ts'
import {
  type Buffer,
  type BufferDefinition,
  defineBuffer,
  type InputBatch,
} from '../../pipelines/component.ts'
import { processorsField } from '../../pipelines/fields.ts'
import type { Batch } from '../../pipelines/message.ts'
import { type Outcome, rejectionOf } from '../../pipelines/transaction.ts'
import { Changes } from './changes.ts'
import { type SqliteRow, SqliteThread } from './sqlite-thread.ts'
import { decodeStoredBatch, encodeStoredBatch, isStoredApart } from './stored-batch.ts'

/** What the database holds before the input has to wait, unless the config says otherwise. */
export const SQLITE_BUFFER_BYTES_DEFAULT: number = 10 * 1024 ** 3
/** What waits to be stored, in memory. */
export const SQLITE_WAITING_BYTES_MAX: number = 8 * 1024 * 1024
/** What is read ahead of the output, in memory. */
const AHEAD_BYTES = 1024 * 1024

export const sqlite: BufferDefinition = defineBuffer({
  name: 'sqlite',
  status: 'stable',
  effects: 'write',
  summary: 'Keeps batches in an SQLite database, and acknowledges them when they are on the disk.',
  description: `What was acknowledged is delivered at least once, also after a crash; not when the disk is lost. Batches stay as
they are, and larger ones are cheaper. A stop leaves on the disk what was not read yet, for the next start. The database
belongs to one pipeline; the file does not become smaller by itself.`,
  config: Type.Object({
    path: Type.String({
      minLength: 1,
      description: 'The file of the database; it is made when needed.',
    }),
    limit: Type.Integer({
      default: SQLITE_BUFFER_BYTES_DEFAULT,
      minimum: 1,
      description: 'Bytes that it holds before the input has to wait. A field of ours.',
    }),
    pre_processors: processorsField({
      default: [],
      description: 'Run before a batch is stored: to compress it, say.',
    }),
    post_processors: processorsField({
      default: [],
      description: 'Run on a stored batch before it goes out: to undo that.',
    }),
  }),
  keepsTransaction: false,
  exclusive: ({ path }) => [`file:${path}`],
  needs: ({ path }) => [{ kind: 'file', name: path, path: ['path'] }],
  examples: [
    { title: 'Beside the pipeline', config: { path: './buffer.db' } },
    {
      title: 'Compressed, each batch as one',
      config: {
        path: './buffer.db',
        pre_processors: [
          { archive: { format: 'json_array' } },
          { compress: { algorithm: 'gzip' } },
        ],
        post_processors: [
          { decompress: { algorithm: 'gzip' } },
          { unarchive: { format: 'json_array' } },
        ],
      },
    },
  ],
  build: async ({ path, limit, pre_processors, post_processors }, context) => {
    const before = await context.processors(pre_processors, ['pre_processors'])
    const after = await context.processors(post_processors, ['post_processors'])
    return new SqliteBuffer(resolve(context.environment.directory, path), limit, before, after)
  },
})

/** One batch that was given, until all that became of it is stored. */
interface Waiting {
  readonly batch: Batch
  readonly contents: readonly Uint8Array<ArrayBuffer>[]
  readonly bytes: number
  readonly settle: (outcome: Outcome) => void
}

function stored(batches: readonly Batch[], apart: boolean): readonly Uint8Array<ArrayBuffer>[] {
  return batches.map((batch) => encodeStoredBatch(batch, apart))
}

/** A row that was delivered. */
interface Removed {
  readonly id: number
  readonly bytes: number
}

class SqliteBuffer implements Buffer {
  readonly takesApart: boolean
  readonly #path: string
  readonly #limit: number
  readonly #before: ProcessorChain
  readonly #after: ProcessorChain
  readonly #changes = new Changes()
  readonly #closed = new AbortController()
  #thread: SqliteThread | undefined
  #waiting: Waiting[] = []
  #waitingBytes = 0
  /** In the database: batches, and their bytes. */
  #stored = 0
  #storedBytes = 0
  /** Rows that were read and not given. */
  #rows: SqliteRow[] = []
  #rowBytes = 0
  /** Batches of rows that were given on, or are about to be. */
  #batches: InputBatch[] = []
  #taken = 0
  #lastRead = 0
  #removed: Removed[] = []
  #turning: Promise<void> | undefined
  #failed: HeadgateError | undefined
  #stopping = false
  #ended = false

  constructor(path: string, limit: number, before: ProcessorChain, after: ProcessorChain) {
    this.#path = path
    this.#limit = limit
    this.#before = before
    this.#after = after
    this.takesApart = before.alone && after.alone
  }

  async connect(): Promise<void> {
    await this.#thread?.close()
    this.#failed = undefined
    const thread = new SqliteThread(this.#path)
    this.#thread = thread
    const { count, bytes } = await thread.open()
    this.#stored = count
    this.#storedBytes = bytes
    this.#go()
  }

  put(
    batch: Batch,
    settle: (outcome: Outcome) => void,
    signal: AbortSignal,
    apart = false,
  ): void | Promise<void> {
    const made = this.#before.run(batch, signal)
    if (made instanceof Promise) {
      return made.then((batches) => this.#wait(batch, stored(batches, apart), settle, signal))
    }
    return this.#wait(batch, stored(made, apart), settle, signal)
  }

  giveBack(): void {
    this.#stopping = true
    this.#changes.tell()
  }

  end(): void {
    this.#ended = true
    this.#changes.tell()
  }

  async read(signal: AbortSignal): Promise<InputBatch | undefined> {
    for (;;) {
      const next = this.#batches.shift()
      if (next !== undefined) return next
      if (this.#stopping || (this.#ended && this.#isEmpty())) return undefined
      if (this.#failed !== undefined) throw this.#failed
      const row = this.#rows.shift()
      if (row === undefined) {
        await this.#changes.next(signal)
        continue
      }
      this.#rowBytes -= row.content.length
      this.#taken += 1
      if (this.#rowBytes < AHEAD_BYTES) this.#go()
      await this.#give(row)
    }
  }

  async close(): Promise<void> {
    this.#closed.abort()
    this.#stopping = true
    this.#changes.tell()
    await this.#turning
    const removed = this.#removed.splice(0).map(({ id }) => id)
    const left = { store: [], removed, after: 0, bytesMax: 0 }
    // Where that fails, what was delivered comes again.
    if (removed.length > 0) await this.#thread?.turn(left).catch(() => {})
    await this.#thread?.close()
    await this.#before.close()
    await this.#after.close()
  }

  #isEmpty(): boolean {
    return this.#stored === 0 && this.#waiting.length === 0 && this.#turning === undefined
  }

  /** A promise once more waits to be stored than may, or more is stored than may. */
  #wait(
    batch: Batch,
    contents: readonly Uint8Array<ArrayBuffer>[],
    settle: (outcome: Outcome) => void,
    signal: AbortSignal,
  ): void | Promise<void> {
    if (contents.length === 0) return settle(undefined)
    const bytes = contents.reduce((sum, content) => sum + content.length, 0)
    this.#waiting.push({ batch, contents, bytes, settle })
    this.#waitingBytes += bytes
    this.#go()
    if (this.#isFull()) return this.#room(signal)
  }

  #isFull(): boolean {
    const held = this.#storedBytes + this.#waitingBytes
    return this.#waitingBytes >= SQLITE_WAITING_BYTES_MAX || held >= this.#limit
  }

  async #room(signal: AbortSignal): Promise<void> {
    while (this.#isFull() && !signal.aborted && !this.#stopping) await this.#changes.next(signal)
  }

  /** What a row holds, through the processors: as many batches as they make of it. */
  async #give({ id, content }: SqliteRow): Promise<void> {
    const made = await this.#after.run(decodeStoredBatch(content), this.#closed.signal)
    let left = made.length
    const settle = (): void => {
      left -= 1
      if (left > 0) return
      this.#taken -= 1
      this.#removed.push({ id, bytes: content.length })
      this.#go()
    }
    if (made.length === 0) {
      left = 1
      settle()
    }
    const apart = isStoredApart(content)
    for (const messages of made) this.#batches.push({ messages, apart, nack: 'replay', settle })
  }

  /** Turns until there is nothing to store, to remove or to read. */
  #go(): void {
    if (this.#turning !== undefined || this.#thread === undefined || !this.#hasWork()) return
    this.#turning = this.#turns(this.#thread).finally(() => {
      this.#turning = undefined
      this.#changes.tell()
    })
  }

  #hasWork(): boolean {
    if (this.#failed !== undefined) return false
    return this.#waiting.length > 0 || this.#removed.length > 0 || this.#wantsRows()
  }

  /** Whether rows are in the database that were not read, and there is room for them. */
  #wantsRows(): boolean {
    if (this.#stopping || this.#rowBytes >= AHEAD_BYTES) return false
    return this.#stored > this.#rows.length + this.#taken + this.#removed.length
  }

  async #turns(thread: SqliteThread): Promise<void> {
    while (this.#hasWork()) {
      const waiting = this.#waiting
      const removed = this.#removed
      this.#waiting = []
      this.#removed = []
      const store = waiting.flatMap(({ contents }) => contents)
      const bytes = waiting.reduce((sum, one) => sum + one.bytes, 0)
      const reads = !this.#stopping && this.#rowBytes < AHEAD_BYTES
      try {
        const look = { after: this.#lastRead, bytesMax: reads ? AHEAD_BYTES : 0 }
        const ids = removed.map(({ id }) => id)
        const rows = await thread.turn({ store, removed: ids, ...look })
        this.#stored += store.length - removed.length
        this.#storedBytes += bytes - removed.reduce((sum, one) => sum + one.bytes, 0)
        this.#rows.push(...rows)
        for (const { content } of rows) this.#rowBytes += content.length
        this.#lastRead = rows.at(-1)?.id ?? this.#lastRead
        this.#waitingBytes -= bytes
        for (const { settle } of waiting) settle(undefined)
      } catch (thrown) {
        this.#waitingBytes -= bytes
        this.#removed.push(...removed)
        this.#lose(asHeadgateError(thrown), waiting)
        return
      }
      this.#changes.tell()
    }
  }

  /** What was to be stored goes back; the reader hears of it, and connects again. */
  #lose(error: HeadgateError, waiting: readonly Waiting[]): void {
    const { message, hint } = error
    this.#failed = new HeadgateError('NotConnected', message, {
      cause: error,
      ...(hint && { hint }),
    })
    for (const { batch, settle } of waiting) settle(rejectionOf(error, batch))
  }
}
