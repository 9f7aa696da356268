import { describe, expect, test } from 'vitest'
import { HeadgateError } from '../error.ts'
import { SimulatedClock } from '../ports/simulated-clock.ts'
import type { Change } from './change.ts'
import {
  BACK_PRESSURE_RETRY_MS,
  GROUP_BYTES_MAX,
  GROUP_REQUESTS_MAX,
  GroupCommitter,
  type GroupSink,
  QUEUE_BYTES_MAX,
  QUEUE_REQUESTS_MAX,
  RELAXED_SYNC_MS,
} from './group-committer.ts'
import type { CommitRequest } from './store.ts'

/** Notes the size of each group; its syncs wait while it is held. */
class NotingSink implements GroupSink {
  readonly groups: number[] = []
  syncs = 0
  forgotten = 0
  failure: Error | undefined
  #gate: PromiseWithResolvers<void> | undefined

  hold(): void {
    this.#gate = Promise.withResolvers()
  }

  release(): void {
    this.#gate?.resolve()
    this.#gate = undefined
  }

  async write(changes: readonly Change[]): Promise<void> {
    this.groups.push(changes.length)
    if (this.failure !== undefined) throw this.failure
  }

  async sync(): Promise<void> {
    this.syncs++
    await this.#gate?.promise
  }

  forget(): void {
    this.forgotten++
  }
}

const DURABLE: Change = { kind: 'delete', incarnation: 1 }
const RELAXED: Change = {
  kind: 'append',
  incarnation: 1,
  shard: 0,
  batch: Buffer.alloc(0),
  baseSequence: 1,
  count: 0,
  arrivalUs: 0,
  relaxed: true,
}

const request = (bytes: number, changes: readonly Change[] = [DURABLE]): CommitRequest<number> => ({
  bytes,
  judge: () => ({ changes, result: bytes }),
})

function open() {
  const sink = new NotingSink()
  const clock = new SimulatedClock()
  return { sink, clock, committer: new GroupCommitter(sink, clock) }
}

const refused = expect.objectContaining({
  code: 'BackPressure',
  retryAfterMs: BACK_PRESSURE_RETRY_MS,
})

describe('the queue of the group committer', () => {
  test('holds its most bytes and not one more', async () => {
    const { sink, committer } = open()
    sink.hold()
    const held = [committer.submit(request(1)), committer.submit(request(QUEUE_BYTES_MAX - 1))]
    await expect(committer.submit(request(1))).rejects.toEqual(refused)
    sink.release()
    expect(await Promise.all(held)).toEqual([1, QUEUE_BYTES_MAX - 1])
    expect(await committer.submit(request(2))).toBe(2)
  })

  test('takes any one request while it is empty', async () => {
    const { committer } = open()
    expect(await committer.submit(request(QUEUE_BYTES_MAX + 1))).toBe(QUEUE_BYTES_MAX + 1)
  })

  test('holds its most requests and not one more', async () => {
    const { sink, committer } = open()
    sink.hold()
    const held = Array.from({ length: QUEUE_REQUESTS_MAX }, () => committer.submit(request(0)))
    await expect(committer.submit(request(0))).rejects.toEqual(refused)
    sink.release()
    await Promise.all(held)
    await committer.submit(request(0))
  })

  test('has room again for what was refused by its judge or aborted', async () => {
    const { committer } = open()
    const bad = new HeadgateError('BadRequest', 'no')
    const judge = (): never => {
      throw bad
    }
    const first = committer.submit({ bytes: QUEUE_BYTES_MAX, judge })
    await expect(first).rejects.toBe(bad)
    const abort = new AbortController()
    const second = committer.submit({ ...request(QUEUE_BYTES_MAX), signal: abort.signal })
    abort.abort(bad)
    await expect(second).rejects.toBe(bad)
    await committer.submit(request(QUEUE_BYTES_MAX))
  })
})

describe('a group', () => {
  test('takes its most requests and not one more', async () => {
    const { sink, committer } = open()
    const held = Array.from({ length: GROUP_REQUESTS_MAX + 1 }, () => committer.submit(request(0)))
    await Promise.all(held)
    expect(sink.groups).toEqual([GROUP_REQUESTS_MAX, 1])
    expect(sink.syncs).toBe(2)
  })

  test('takes its most bytes and not one more', async () => {
    const { sink, committer } = open()
    const sizes = [1, GROUP_BYTES_MAX - 1, 1, GROUP_BYTES_MAX]
    await Promise.all(sizes.map((bytes) => committer.submit(request(bytes))))
    expect(sink.groups).toEqual([2, 1, 1])
  })

  test('is synced once for all in it, and acknowledged in order of submission', async () => {
    const { sink, committer } = open()
    const order: number[] = []
    await Promise.all(
      [1, 2, 3].map((bytes) => committer.submit(request(bytes)).then((got) => order.push(got))),
    )
    expect([sink.groups, sink.syncs, order]).toEqual([[3], 1, [1, 2, 3]])
  })

  test('of relaxed appends is acknowledged at once and synced within its time', async () => {
    const { sink, clock, committer } = open()
    await committer.submit(request(1, [RELAXED]))
    await clock.advance(RELAXED_SYNC_MS - 1)
    expect(sink.syncs).toBe(0)
    await clock.advance(1)
    await committer.settled()
    expect(sink.syncs).toBe(1)
    expect(clock.timers).toBe(0)
  })

  test('that nothing changes syncs only what waits for a sync', async () => {
    const { sink, clock, committer } = open()
    await committer.submit(request(1, []))
    expect([sink.groups, sink.syncs]).toEqual([[], 0])
    await committer.submit(request(1, [RELAXED]))
    await committer.submit(request(1, []))
    expect([sink.groups, sink.syncs, clock.timers]).toEqual([[1], 1, 0])
  })
})

test('a failure of the sink rejects all that wait and all that comes', async () => {
  const { sink, committer } = open()
  sink.failure = new Error('EIO')
  const waiting = Array.from({ length: GROUP_REQUESTS_MAX + 1 }, () => committer.submit(request(0)))
  const codes = await Promise.allSettled(waiting)
  for (const outcome of codes) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'LogReadOnly' } })
  }
  await expect(committer.submit(request(0))).rejects.toMatchObject({ code: 'LogReadOnly' })
  expect(sink.groups).toEqual([GROUP_REQUESTS_MAX])
  expect(committer.condition()).toContain('EIO')
})

test('a group without room is refused alone, after what was written before it was synced', async () => {
  const { sink, committer } = open()
  await committer.submit(request(1, [RELAXED]))
  const full = new HeadgateError('DiskFull', 'full')
  sink.failure = full
  const refusedBoth = [committer.submit(request(1)), committer.submit(request(1, [RELAXED]))]
  for (const one of refusedBoth) await expect(one).rejects.toBe(full)
  expect([sink.syncs, sink.forgotten]).toEqual([1, 1])
  expect(committer.condition()).toBeUndefined()
  sink.failure = undefined
  await committer.submit(request(QUEUE_BYTES_MAX))
  expect([sink.groups, sink.syncs]).toEqual([[1, 2, 1], 2])
})
