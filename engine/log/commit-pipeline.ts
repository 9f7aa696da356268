/**
 * Turns many requests into few syncs. While one group is being synced, the requests that come are judged and encoded
 * into the next; when the sync ends, the next is written and its sync begins, and only then are the writers of the
 * first told. There is no timer on the way of a durable write, and the disk is never idle while anyone waits for it.
 *
 * The first failure of a write or a sync ends it for good: what the disk holds is unknown then, and asking again for
 * a sync would claim more than it knows. Only a group that found no room at all is refused alone, with DiskFull.
 */
import { HeadgateError } from '../error.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { Change } from './change.ts'
import { CommitMeasures } from './commit-measures.ts'
import type { CommitRequest } from './store.ts'

/** A set of the largest size fits an empty queue. */
export const QUEUE_BYTES_MAX: number = 64 * 1024 * 1024
export const QUEUE_REQUESTS_MAX = 16_384
export const GROUP_BYTES_MAX: number = 4 * 1024 * 1024
export const GROUP_REQUESTS_MAX = 4096
/** Half of what relaxed writes may wait for their sync: the rest is for the sync. */
export const RELAXED_SYNC_MS = 50
export const BACK_PRESSURE_RETRY_MS = 50
/**
 * Of a group of so many, with nothing behind it, half are told a moment sooner: what they send next is on its way to
 * the disk while the others make up theirs. Smaller ones are through sooner together.
 */
export const SPLIT_REQUESTS_MIN = 64

/** Where groups go. */
export interface CommitSink<Group extends CommitGroup> {
  /** An empty group; one at a time, until it is written or `forget` is called. */
  begin(): Group
  /** Whether the group can be written without waiting. */
  hasRoom(group: Group): boolean
  /** Called when all that was written can be seen. Throws DiskFull where the group cannot be written. */
  makeRoom(group: Group): Promise<void>
  /** Writes the group; it is not durable yet. After DiskFull all is as it was before. */
  write(group: Group): Promise<void>
  /** Makes all that was written durable. */
  sync(): Promise<void>
  /** Makes what is durable visible. */
  show(group: Group): void
  /** What was judged and is not visible never happened: the next request is judged by what is. */
  forget(): void
}

export interface CommitGroup {
  /** In the order of the calls. */
  add(change: Change): void
  readonly byteLength: number
  readonly isEmpty: boolean
}

interface Pending {
  readonly request: CommitRequest<unknown>
  readonly submittedMs: number
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
  result: unknown
}

interface Filling<Group> {
  readonly group: Group
  readonly accepted: Pending[]
  /** Nobody in it waits for a sync. */
  relaxed: boolean
  shown: boolean
}

export class CommitPipeline<Group extends CommitGroup> {
  readonly measures: CommitMeasures = new CommitMeasures()
  readonly #sink: CommitSink<Group>
  readonly #clock: Clock
  #queue: Pending[] = []
  #queueHead = 0
  #bytes = 0
  #requests = 0
  /** Takes what comes while the one before is synced. */
  #open: Filling<Group> | undefined
  /** Written and told, or to be told, once they are synced. */
  #unsynced: Filling<Group>[] = []
  /** Synced; their writers are told as soon as the next sync is under way. */
  #synced: Filling<Group>[] = []
  #running: Promise<void> | undefined
  #syncing = false
  #syncTimer: Timer | undefined
  #syncWanted = false
  #condition: string | undefined
  #cause: unknown

  constructor(sink: CommitSink<Group>, clock: Clock) {
    this.#sink = sink
    this.#clock = clock
  }

  condition(): string | undefined {
    return this.#condition
  }

  get queuedRequests(): number {
    return this.#requests
  }

  get queuedBytes(): number {
    return this.#bytes
  }

  submit<Result>(request: CommitRequest<Result>): Promise<Result> {
    if (this.#condition !== undefined) return Promise.reject(this.#readOnly())
    const full =
      this.#requests >= QUEUE_REQUESTS_MAX ||
      (this.#requests > 0 && this.#bytes + request.bytes > QUEUE_BYTES_MAX)
    if (full) {
      this.measures.refused++
      return Promise.reject(backPressure(this.#requests, this.#bytes))
    }
    this.#bytes += request.bytes
    this.#requests++
    return new Promise<Result>((resolve, reject) => {
      const settle = resolve as (result: unknown) => void
      const submittedMs = this.#clock.monotonicMs()
      this.#queue.push({ request, submittedMs, resolve: settle, reject, result: undefined })
      if (this.#syncing) this.#fill()
      else this.#start()
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
    try {
      while (await this.#step());
    } catch (error) {
      this.#fail(error)
    }
    this.#running = undefined
    // What came while the last step ended found it running.
    if (this.#condition === undefined && (this.#queue.length > 0 || this.#syncWanted)) this.#start()
  }

  /** Writes and syncs one group; false when there is nothing left to do. */
  async #step(): Promise<boolean> {
    this.#fill()
    if (!(await this.#makeRoom())) return true
    const filled = this.#open
    this.#open = undefined
    if (filled === undefined && !this.#syncWanted) {
      const told = this.#synced.length > 0
      this.#settleHalf()
      return told
    }
    if (filled !== undefined && !(await this.#write(filled))) return true
    if (this.#syncWanted || (filled !== undefined && !filled.relaxed)) await this.#sync()
    else this.#settle()
    return true
  }

  /** False when there is no room for the open group. */
  async #makeRoom(): Promise<boolean> {
    const open = this.#open
    if (open === undefined || this.#sink.hasRoom(open.group)) return true
    // Room is made of what can be seen: nothing that was written may wait behind this group.
    if (this.#unsynced.length > 0) await this.#sync()
    this.#settle()
    try {
      await this.#sink.makeRoom(open.group)
    } catch (error) {
      if (!isRefusal(error)) throw error
      this.#open = undefined
      await this.#giveBack(error, open.accepted)
      return false
    }
    return true
  }

  /** False when there was no room for the group. */
  async #write(filled: Filling<Group>): Promise<boolean> {
    if (!filled.group.isEmpty) {
      try {
        await this.#sink.write(filled.group)
      } catch (error) {
        if (!isRefusal(error)) {
          // Relaxed or not, nobody was told.
          this.#unsynced.push({ ...filled, relaxed: false })
          throw error
        }
        await this.#giveBack(error, filled.accepted)
        return false
      }
    }
    this.#unsynced.push(filled)
    if (filled.relaxed) {
      this.#tell(filled.accepted)
      this.#syncTimer ??= this.#clock.schedule(RELAXED_SYNC_MS, () => {
        this.#syncTimer = undefined
        this.#syncWanted = true
        this.#start()
      })
    }
    return true
  }

  async #sync(): Promise<void> {
    this.#syncWanted = false
    this.#syncTimer?.cancel()
    this.#syncTimer = undefined
    const covered = this.#unsynced
    if (covered.some(({ group }) => !group.isEmpty)) {
      const startedMs = this.#clock.monotonicMs()
      const syncing = this.#sink.sync()
      this.#syncing = true
      try {
        this.#settle()
        await syncing
      } finally {
        this.#syncing = false
      }
      this.measures.syncSeconds.observe((this.#clock.monotonicMs() - startedMs) / 1000)
    }
    this.#unsynced = []
    this.#synced.push(...covered)
  }

  /** Makes visible what is synced, in order, and tells who waits for it. */
  #settle(): void {
    const synced = this.#synced
    this.#synced = []
    for (const filled of synced) this.#show(filled)
    for (const { relaxed, accepted } of synced) if (!relaxed) this.#tell(accepted)
  }

  /** As `settle`, but of one large group the second half is told by the next call. */
  #settleHalf(): void {
    const [only, ...more] = this.#synced
    const isSplit =
      only !== undefined &&
      more.length === 0 &&
      !only.relaxed &&
      !only.shown &&
      only.accepted.length >= SPLIT_REQUESTS_MIN
    if (!isSplit) {
      this.#settle()
      return
    }
    this.#show(only)
    this.#tell(only.accepted.splice(0, only.accepted.length >>> 1))
  }

  #show(filled: Filling<Group>): void {
    if (!filled.shown && !filled.group.isEmpty) this.#sink.show(filled.group)
    filled.shown = true
  }

  #tell(accepted: readonly Pending[]): void {
    const nowMs = this.#clock.monotonicMs()
    for (const pending of accepted) {
      this.#release(pending)
      this.measures.appendSeconds.observe((nowMs - pending.submittedMs) / 1000)
      pending.resolve(pending.result)
    }
  }

  /** Refuses a group for which there was no room; what was written before it becomes visible first. */
  async #giveBack(error: HeadgateError, refused: readonly Pending[]): Promise<void> {
    await this.#sync()
    this.#settle()
    this.#sink.forget()
    for (const pending of refused) {
      this.#release(pending)
      pending.reject(error)
    }
    // What was judged meanwhile stood on what never happened.
    const again = this.#open?.accepted ?? []
    this.#open = undefined
    this.#queue = [...again, ...this.#queue.slice(this.#queueHead)]
    this.#queueHead = 0
  }

  /** Judges as many requests as the group takes that is open. */
  #fill(): void {
    while (this.#queueHead < this.#queue.length) {
      const pending = this.#queue[this.#queueHead]
      if (pending === undefined) break
      if (this.#open !== undefined && isFull(this.#open, pending.request.bytes)) break
      this.#queueHead++
      this.#judge(pending)
    }
    if (this.#queueHead === this.#queue.length && this.#queueHead > 0) {
      this.#queue = []
      this.#queueHead = 0
    }
  }

  #judge(pending: Pending): void {
    try {
      pending.request.signal?.throwIfAborted()
      const { changes, result } = pending.request.judge()
      pending.result = result
      this.#open ??= { group: this.#sink.begin(), accepted: [], relaxed: true, shown: false }
      const open = this.#open
      // What changes nothing says, by its end, that all before it can be seen.
      if (changes.length === 0) open.relaxed = false
      for (const change of changes) {
        open.group.add(change)
        if (change.kind !== 'append' || !change.relaxed) open.relaxed = false
      }
      open.accepted.push(pending)
    } catch (error) {
      this.#release(pending)
      pending.reject(error)
    }
  }

  #release({ request }: Pending): void {
    this.#bytes -= request.bytes
    this.#requests--
  }

  #fail(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error)
    this.refuse(`The journal could not be written: ${message}`, error)
    this.#settle()
    const unsynced = this.#unsynced.filter(({ relaxed }) => !relaxed)
    const open = this.#open === undefined ? [] : [this.#open]
    const waiting = this.#queue.slice(this.#queueHead)
    const lost = [...unsynced, ...open].flatMap(({ accepted }) => accepted)
    this.#unsynced = []
    this.#open = undefined
    this.#queue = []
    this.#queueHead = 0
    for (const pending of [...lost, ...waiting]) {
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

/** Nothing was written, and all goes on. */
function isRefusal(error: unknown): error is HeadgateError {
  return error instanceof HeadgateError && error.code === 'DiskFull'
}

function isFull<Group extends CommitGroup>(
  { group, accepted }: Filling<Group>,
  bytes: number,
): boolean {
  if (accepted.length === 0) return false
  return accepted.length >= GROUP_REQUESTS_MAX || group.byteLength + bytes > GROUP_BYTES_MAX
}

function backPressure(requests: number, bytes: number): HeadgateError {
  return new HeadgateError(
    'BackPressure',
    `expected room in the write queue, got ${requests} requests of ${bytes} bytes waiting`,
    { retryAfterMs: BACK_PRESSURE_RETRY_MS },
  )
}
