/**
 * Turns many requests into few syncs: drains the queue, has each request judged, writes what they change as one group
 * and syncs it once; what comes meanwhile is the next group. There is no timer on the way of a durable write.
 *
 * The first failure of a write or a sync ends it for good: what the disk holds is unknown then, and asking again for
 * a sync would claim more than it knows. Only a group that found no room at all is refused alone, with DiskFull.
 */
import { HeadgateError } from '../error.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { Change } from './change.ts'
import type { CommitRequest } from './store.ts'

/** A set of the largest size fits an empty queue. */
export const QUEUE_BYTES_MAX: number = 64 * 1024 * 1024
export const QUEUE_REQUESTS_MAX = 16_384
export const GROUP_BYTES_MAX: number = 4 * 1024 * 1024
export const GROUP_REQUESTS_MAX = 4096
/** Half of what relaxed writes may wait for their sync: the rest is for the sync. */
export const RELAXED_SYNC_MS = 50
export const BACK_PRESSURE_RETRY_MS = 50

/** Where groups go. Called by one group at a time. */
export interface GroupSink {
  /** Writes the changes in their order; they are not durable yet. After DiskFull all is as it was before. */
  write(changes: readonly Change[]): Promise<void>
  /** Makes all that was written durable, and then visible. */
  sync(): Promise<void>
  /** What was judged and is not visible never happened: the next request is judged by what is. */
  forget(): void
}

interface Pending {
  readonly request: CommitRequest<unknown>
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
  result: unknown
}

interface Group {
  readonly changes: Change[]
  readonly accepted: Pending[]
  /** Nobody in it waits for a sync. */
  relaxed: boolean
}

export class GroupCommitter {
  readonly #sink: GroupSink
  readonly #clock: Clock
  #queue: Pending[] = []
  #queueHead = 0
  #bytes = 0
  #requests = 0
  #running: Promise<void> | undefined
  #syncTimer: Timer | undefined
  #syncWanted = false
  #condition: string | undefined
  #cause: unknown

  constructor(sink: GroupSink, clock: Clock) {
    this.#sink = sink
    this.#clock = clock
  }

  condition(): string | undefined {
    return this.#condition
  }

  submit<Result>(request: CommitRequest<Result>): Promise<Result> {
    if (this.#condition !== undefined) return Promise.reject(this.#readOnly())
    const full =
      this.#requests >= QUEUE_REQUESTS_MAX ||
      (this.#requests > 0 && this.#bytes + request.bytes > QUEUE_BYTES_MAX)
    if (full) return Promise.reject(backPressure(this.#requests, this.#bytes))
    this.#bytes += request.bytes
    this.#requests++
    return new Promise<Result>((resolve, reject) => {
      const settle = resolve as (result: unknown) => void
      this.#queue.push({ request, resolve: settle, reject, result: undefined })
      this.#start()
    })
  }

  /** Stops taking requests, for the given reason. */
  refuse(condition: string, cause?: unknown): void {
    this.#condition ??= condition
    this.#cause ??= cause
    this.#syncTimer?.cancel()
  }

  /** Resolves when nothing is under way; what was queued is through. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  #start(): void {
    this.#running ??= this.#run()
  }

  async #run(): Promise<void> {
    // What is submitted in the same turn belongs to the same group.
    await Promise.resolve()
    while (this.#queueHead < this.#queue.length || this.#syncWanted) {
      const group = this.#drain()
      try {
        if (!(await this.#commit(group))) continue
      } catch (error) {
        this.#fail(error, group.accepted)
        break
      }
      for (const pending of group.accepted) {
        this.#release(pending)
        pending.resolve(pending.result)
      }
    }
    this.#running = undefined
  }

  /** False when there was no room for the group. */
  async #commit(group: Group): Promise<boolean> {
    if (group.changes.length > 0) {
      try {
        await this.#sink.write(group.changes)
      } catch (error) {
        if (!(error instanceof HeadgateError) || error.code !== 'DiskFull') throw error
        await this.#giveBack(error, group.accepted)
        return false
      }
    }
    const unsynced = group.changes.length > 0 || this.#syncTimer !== undefined
    if (this.#syncWanted || (unsynced && !group.relaxed)) {
      await this.#sync()
    } else if (group.changes.length > 0) {
      this.#syncTimer ??= this.#clock.schedule(RELAXED_SYNC_MS, () => {
        this.#syncTimer = undefined
        this.#syncWanted = true
        this.#start()
      })
    }
    return true
  }

  /** Refuses a group for which there was no room; what was written before it becomes visible first. */
  async #giveBack(error: HeadgateError, accepted: readonly Pending[]): Promise<void> {
    if (this.#syncTimer !== undefined || this.#syncWanted) await this.#sync()
    this.#sink.forget()
    for (const pending of accepted) {
      this.#release(pending)
      pending.reject(error)
    }
  }

  async #sync(): Promise<void> {
    this.#syncWanted = false
    this.#syncTimer?.cancel()
    this.#syncTimer = undefined
    await this.#sink.sync()
  }

  /** Judges as many requests as one group takes. */
  #drain(): Group {
    const group: Group = { changes: [], accepted: [], relaxed: true }
    let bytes = 0
    while (this.#queueHead < this.#queue.length && group.accepted.length < GROUP_REQUESTS_MAX) {
      const pending = this.#queue[this.#queueHead]
      if (pending === undefined) break
      if (bytes > 0 && bytes + pending.request.bytes > GROUP_BYTES_MAX) break
      bytes += pending.request.bytes
      this.#queueHead++
      this.#judge(pending, group)
    }
    if (this.#queueHead === this.#queue.length) {
      this.#queue = []
      this.#queueHead = 0
    }
    return group
  }

  #judge(pending: Pending, group: Group): void {
    try {
      pending.request.signal?.throwIfAborted()
      const { changes, result } = pending.request.judge()
      pending.result = result
      // What changes nothing says, by its end, that all before it can be seen.
      if (changes.length === 0) group.relaxed = false
      for (const change of changes) {
        group.changes.push(change)
        if (change.kind !== 'append' || !change.relaxed) group.relaxed = false
      }
      group.accepted.push(pending)
    } catch (error) {
      this.#release(pending)
      pending.reject(error)
    }
  }

  #release({ request }: Pending): void {
    this.#bytes -= request.bytes
    this.#requests--
  }

  #fail(error: unknown, accepted: readonly Pending[]): void {
    const message = error instanceof Error ? error.message : String(error)
    this.refuse(`The journal could not be written: ${message}`, error)
    const waiting = this.#queue.slice(this.#queueHead)
    this.#queue = []
    this.#queueHead = 0
    for (const pending of [...accepted, ...waiting]) {
      this.#release(pending)
      pending.reject(this.#readOnly())
    }
  }

  #readOnly(): HeadgateError {
    return new HeadgateError(
      'LogReadOnly',
      `expected a log that takes writes, got: ${this.#condition}`,
      {
        cause: this.#cause,
        hint: 'Look at the disk, then start again; what was acknowledged is kept.',
      },
    )
  }
}

function backPressure(requests: number, bytes: number): HeadgateError {
  return new HeadgateError(
    'BackPressure',
    `expected room in the write queue, got ${requests} requests of ${bytes} bytes waiting`,
    { retryAfterMs: BACK_PRESSURE_RETRY_MS },
  )
}
