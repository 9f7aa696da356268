import { describe, expect, test } from 'vitest'
import { HeadgateError } from '../error.ts'
import { SimulatedClock } from '../ports/simulated-clock.ts'
import type { AppendChange, Change } from './change.ts'
import {
  BACK_PRESSURE_RETRY_MS,
  type CommitGroup,
  CommitPipeline,
  type CommitSink,
  GROUP_BYTES_MAX,
  GROUP_REQUESTS_MAX,
  QUEUE_BYTES_MAX,
  QUEUE_REQUESTS_MAX,
  RELAXED_SYNC_MS,
  SPLIT_REQUESTS_MIN,
} from './commit-pipeline.ts'
import type { CommitRequest } from './store.ts'

class NotedGroup implements CommitGroup {
  readonly changes: Change[] = []
  byteLength = 0

  get isEmpty(): boolean {
    return this.changes.length === 0
  }

  add(change: Change): void {
    this.changes.push(change)
    if (change.kind === 'append') this.byteLength += change.batch.length
  }
}

/** Notes what happens in which order; its syncs wait while it is held. */
class NotingSink implements CommitSink<NotedGroup> {
  readonly events: string[] = []
  readonly groups: number[] = []
  failure: Error | undefined
  waiting: Promise<void> | undefined
  #gate: PromiseWithResolvers<void> | undefined

  get syncs(): number {
    return this.events.filter((event) => event === 'sync').length
  }

  hold(): void {
    this.#gate = Promise.withResolvers()
  }

  /** Lets the sync that waits go through, and holds the next. */
  step(): void {
    const gate = this.#gate
    this.hold()
    gate?.resolve()
  }

  release(): void {
    this.#gate?.resolve()
    this.#gate = undefined
  }

  begin(): NotedGroup {
    return new NotedGroup()
  }

  hasRoom(): boolean {
    return this.waiting === undefined
  }

  async makeRoom(): Promise<void> {
    this.events.push('make room')
    await this.waiting
    this.waiting = undefined
  }

  async write({ changes }: NotedGroup): Promise<void> {
    this.groups.push(changes.length)
    this.events.push(`write ${changes.length}`)
    if (this.failure !== undefined) throw this.failure
  }

  async sync(): Promise<void> {
    this.events.push('sync')
    await this.#gate?.promise
  }

  show({ changes }: NotedGroup): void {
    this.events.push(`show ${changes.length}`)
  }

  forget(): void {
    this.events.push('forget')
  }
}

const DURABLE: Change = { kind: 'delete', incarnation: 1 }

const append = (bytes: number, relaxed: boolean): AppendChange => ({
  kind: 'append',
  stream: 'a',
  incarnation: 1,
  shard: 0,
  batch: Buffer.alloc(bytes),
  baseSequence: 1,
  count: 0,
  arrivalUs: 0,
  relaxed,
})
const RELAXED = append(0, true)

const request = (bytes: number, changes: readonly Change[] = [DURABLE]): CommitRequest<number> => ({
  bytes,
  judge: () => ({ changes, result: bytes }),
})

function open() {
  const sink = new NotingSink()
  const clock = new SimulatedClock()
  return { sink, clock, pipeline: new CommitPipeline(sink, clock) }
}

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

const refused = expect.objectContaining({
  code: 'BackPressure',
  retryAfterMs: BACK_PRESSURE_RETRY_MS,
})

describe('the queue of commits', () => {
  test('holds its most bytes and not one more', async () => {
    const { sink, pipeline } = open()
    sink.hold()
    const held = [pipeline.submit(request(1)), pipeline.submit(request(QUEUE_BYTES_MAX - 1))]
    await expect(pipeline.submit(request(1))).rejects.toEqual(refused)
    expect([pipeline.queuedRequests, pipeline.queuedBytes]).toEqual([2, QUEUE_BYTES_MAX])
    sink.release()
    expect(await Promise.all(held)).toEqual([1, QUEUE_BYTES_MAX - 1])
    expect(await pipeline.submit(request(2))).toBe(2)
    expect([pipeline.queuedRequests, pipeline.queuedBytes]).toEqual([0, 0])
    expect(pipeline.measures.refused).toBe(1)
  })

  test('takes any one request while it is empty', async () => {
    const { pipeline } = open()
    expect(await pipeline.submit(request(QUEUE_BYTES_MAX + 1))).toBe(QUEUE_BYTES_MAX + 1)
  })

  test('holds its most requests and not one more', async () => {
    const { sink, pipeline } = open()
    sink.hold()
    const held = Array.from({ length: QUEUE_REQUESTS_MAX }, () => pipeline.submit(request(0)))
    await expect(pipeline.submit(request(0))).rejects.toEqual(refused)
    sink.release()
    await Promise.all(held)
    await pipeline.submit(request(0))
  })

  test('has room again for what was refused by its judge or aborted', async () => {
    const { pipeline } = open()
    const bad = new HeadgateError('BadRequest', 'no')
    const judge = (): never => {
      throw bad
    }
    await expect(pipeline.submit({ bytes: QUEUE_BYTES_MAX, judge })).rejects.toBe(bad)
    const abort = new AbortController()
    const second = pipeline.submit({ ...request(QUEUE_BYTES_MAX), signal: abort.signal })
    abort.abort(bad)
    await expect(second).rejects.toBe(bad)
    await pipeline.submit(request(QUEUE_BYTES_MAX))
  })
})

describe('a group', () => {
  test('takes its most requests and not one more', async () => {
    const { sink, pipeline } = open()
    const held = Array.from({ length: GROUP_REQUESTS_MAX + 1 }, () => pipeline.submit(request(0)))
    await Promise.all(held)
    expect(sink.groups).toEqual([GROUP_REQUESTS_MAX, 1])
    expect(sink.syncs).toBe(2)
  })

  test('takes its most bytes and not one more', async () => {
    const { sink, pipeline } = open()
    const sizes = [1, GROUP_BYTES_MAX - 1, 1, GROUP_BYTES_MAX]
    await Promise.all(sizes.map((bytes) => pipeline.submit(request(bytes, [append(bytes, false)]))))
    expect(sink.groups).toEqual([2, 1, 1])
  })

  test('is synced once for all in it, and acknowledged in order of submission', async () => {
    const { sink, pipeline } = open()
    const order: number[] = []
    await Promise.all(
      [1, 2, 3].map((bytes) => pipeline.submit(request(bytes)).then((got) => order.push(got))),
    )
    expect([sink.groups, sink.syncs, order]).toEqual([[3], 1, [1, 2, 3]])
    expect(pipeline.measures.appendSeconds.count).toBe(3)
  })

  test('is judged while the one before is synced, and synced before that one is told', async () => {
    const { sink, pipeline } = open()
    sink.hold()
    const first = pipeline.submit(request(1)).then(() => sink.events.push('told first'))
    await turns()
    let judged = 0
    const judge = () => {
      judged++
      return { changes: [DURABLE, DURABLE], result: 2 }
    }
    const second = pipeline.submit({ bytes: 2, judge })
    expect(judged).toBe(1)
    sink.step()
    await turns()
    expect(sink.events).toEqual(['write 1', 'sync', 'write 2', 'sync', 'show 1', 'told first'])
    sink.release()
    await Promise.all([first, second])
    expect(sink.events.at(-1)).toBe('show 2')
  })

  test('that is large and alone is told in halves, and what the first send is synced before', async () => {
    const { sink, pipeline } = open()
    let count = 0
    const held = Array.from({ length: SPLIT_REQUESTS_MIN }, () =>
      pipeline.submit(request(0)).then(() => {
        if (++count === 1) void pipeline.submit(request(0))
        if (count === SPLIT_REQUESTS_MIN / 2 + 1) sink.events.push('told the second half')
      }),
    )
    await Promise.all(held)
    expect(sink.events).toEqual([
      `write ${SPLIT_REQUESTS_MIN}`,
      'sync',
      `show ${SPLIT_REQUESTS_MIN}`,
      'write 1',
      'sync',
      'told the second half',
    ])
  })

  test('waits for room, and lets those before it know meanwhile', async () => {
    const { sink, pipeline } = open()
    sink.hold()
    const first = pipeline.submit(request(1))
    await turns()
    const room = Promise.withResolvers<void>()
    sink.waiting = room.promise
    const second = pipeline.submit(request(2))
    sink.step()
    await first
    expect(sink.events).toEqual(['write 1', 'sync', 'show 1', 'make room'])
    room.resolve()
    sink.release()
    await second
    expect(sink.groups).toEqual([1, 1])
  })

  test('waits for room only once relaxed ones before it are synced and shown', async () => {
    const { sink, pipeline } = open()
    await pipeline.submit(request(1, [RELAXED]))
    const room = Promise.withResolvers<void>()
    sink.waiting = room.promise
    const second = pipeline.submit(request(2, [RELAXED]))
    await turns()
    expect(sink.events).toEqual(['write 1', 'sync', 'show 1', 'make room'])
    room.resolve()
    await second
  })

  test('without room is refused alone, and what comes next is judged anew', async () => {
    const { sink, pipeline } = open()
    const room = Promise.withResolvers<void>()
    sink.waiting = room.promise
    const refused = pipeline.submit(request(1))
    room.reject(new HeadgateError('DiskFull', 'no room'))
    await expect(refused).rejects.toMatchObject({ code: 'DiskFull' })
    expect(sink.events).toEqual(['make room', 'forget'])
    sink.waiting = undefined
    expect(await pipeline.submit(request(2))).toBe(2)
  })

  test('of relaxed appends is acknowledged at once and synced within its time', async () => {
    const { sink, clock, pipeline } = open()
    await pipeline.submit(request(1, [RELAXED]))
    await clock.advance(RELAXED_SYNC_MS - 1)
    expect(sink.events).toEqual(['write 1'])
    await clock.advance(1)
    await pipeline.settled()
    expect(sink.events).toEqual(['write 1', 'sync', 'show 1'])
    expect(clock.timers).toBe(0)
  })

  test('that nothing changes syncs only what waits for a sync', async () => {
    const { sink, clock, pipeline } = open()
    await pipeline.submit(request(1, []))
    expect([sink.groups, sink.syncs]).toEqual([[], 0])
    await pipeline.submit(request(1, [RELAXED]))
    await pipeline.submit(request(1, []))
    expect([sink.groups, sink.syncs, clock.timers]).toEqual([[1], 1, 0])
  })
})

test('a failure of the sink rejects all that wait and all that comes', async () => {
  const { sink, pipeline } = open()
  sink.failure = new Error('EIO')
  const waiting = Array.from({ length: GROUP_REQUESTS_MAX + 1 }, () => pipeline.submit(request(0)))
  for (const outcome of await Promise.allSettled(waiting)) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'LogReadOnly' } })
  }
  await expect(pipeline.submit(request(0))).rejects.toMatchObject({ code: 'LogReadOnly' })
  expect(sink.groups).toEqual([GROUP_REQUESTS_MAX])
  expect(pipeline.condition()).toContain('EIO')
})

test('a failure to write rejects relaxed appends too, which nobody was told of', async () => {
  const { sink, pipeline } = open()
  sink.failure = new Error('EIO')
  await expect(pipeline.submit(request(1, [RELAXED]))).rejects.toMatchObject({
    code: 'LogReadOnly',
  })
})

test('a failure tells those whose sync had succeeded that it had', async () => {
  const { sink, pipeline } = open()
  sink.hold()
  const first = pipeline.submit(request(1))
  await turns()
  sink.failure = new Error('EIO')
  const second = pipeline.submit(request(2))
  sink.release()
  expect(await first).toBe(1)
  await expect(second).rejects.toMatchObject({ code: 'LogReadOnly' })
})

describe('a group without room', () => {
  test('is refused alone, after what was written before it was synced', async () => {
    const { sink, pipeline } = open()
    await pipeline.submit(request(1, [RELAXED]))
    const full = new HeadgateError('DiskFull', 'full')
    sink.failure = full
    const refusedBoth = [pipeline.submit(request(1)), pipeline.submit(request(1, [RELAXED]))]
    for (const one of refusedBoth) await expect(one).rejects.toBe(full)
    expect(sink.events).toEqual(['write 1', 'write 2', 'sync', 'show 1', 'forget'])
    expect(pipeline.condition()).toBeUndefined()
    sink.failure = undefined
    await pipeline.submit(request(QUEUE_BYTES_MAX))
    expect([sink.groups, sink.syncs]).toEqual([[1, 2, 1], 2])
  })

  test('has what was judged upon it judged again', async () => {
    const { sink, pipeline } = open()
    await pipeline.submit(request(1, [RELAXED]))
    sink.hold()
    sink.failure = new HeadgateError('DiskFull', 'full')
    const first = pipeline.submit(request(1))
    await turns()
    // The sync of what came before is under way: this is judged by heads that run ahead.
    let judged = 0
    const judge = () => {
      judged++
      return { changes: [DURABLE], result: 3 }
    }
    const second = pipeline.submit({ bytes: 1, judge })
    sink.failure = undefined
    sink.release()
    await expect(first).rejects.toMatchObject({ code: 'DiskFull' })
    expect(await second).toBe(3)
    expect(judged).toBe(2)
  })
})
