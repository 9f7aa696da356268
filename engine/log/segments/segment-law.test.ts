import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SeededRandom } from '../../ports/seeded-random.ts'
import { SimulatedDisk } from '../../ports/simulated-disk.ts'
import { type TailBatch, tailBytes } from '../tail.ts'
import type { SegmentFileName, SegmentStore, ShardSegments } from './segment-store.ts'
import { type BatchPlan, makeBatches, openStore, SHARD, STREAM } from './segments-for-test.ts'

const SEGMENT_BYTES = 24 * 1024

const plan: fc.Arbitrary<BatchPlan & { readonly wait: number }> = fc.record({
  count: fc.integer({ min: 1, max: 4 }),
  bytes: fc.oneof(fc.integer({ min: 0, max: 600 }), fc.constant(3000), fc.constant(30_000)),
  gap: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 5 })),
  wait: fc.integer({ min: 0, max: 2 }),
})

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      plans: fc.array(plan, { minLength: 1, maxLength: 12 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      bytesMax: fc.constantFrom(0, 500, 9000, 10 ** 6),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('trim' as const),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('seal' as const, 'fill' as const, 'reopen' as const, 'crash' as const),
    }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

/** The model: all batches ever appended; `first` is below what is kept. */
class Run {
  readonly #disk: SimulatedDisk
  #store: SegmentStore
  #shard: ShardSegments
  #batches: TailBatch[] = []
  #trimmed: SegmentFileName[] = []
  #arrivalUs = 100

  constructor(disk: SimulatedDisk, store: SegmentStore) {
    this.#disk = disk
    this.#store = store
    this.#shard = store.shard(SHARD.incarnation, SHARD.shard, [], STREAM)
  }

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'append':
        return this.#append(step.plans)
      case 'read':
        return this.#read(Math.floor(step.at * (this.#shard.next + 1)), step.bytesMax)
      case 'trim': {
        const first = Math.floor(step.at * this.#shard.next)
        this.#trimmed.push(...this.#shard.trim(first))
        return
      }
      case 'seal':
        return this.#shard.seal()
      case 'fill':
        return this.#store.fillAhead()
      case 'reopen':
      case 'crash':
        return this.#reopen(step.kind)
    }
  }

  async end(): Promise<void> {
    for (let at = 0; at <= 10; at++) {
      await this.#read(Math.floor((at / 10) * this.#shard.next), 10 ** 6)
    }
    await this.#store[Symbol.asyncDispose]()
    expect(this.#disk.openPaths).toEqual([])
  }

  async #append(plans: readonly (BatchPlan & { readonly wait: number })[]): Promise<void> {
    const timed = plans.map((each) => {
      this.#arrivalUs += each.wait
      return { ...each, arrivalUs: this.#arrivalUs }
    })
    const batches = makeBatches(timed, this.#shard.next)
    await this.#shard.append(batches)
    this.#batches.push(...batches)
    expect(this.#shard.next).toBe(batches.at(-1)?.nextSequence)
  }

  async #read(from: number, bytesMax: number): Promise<void> {
    const base = this.#shard.metas[0]?.base ?? this.#shard.next
    const kept = this.#batches.filter(({ baseSequence }) => baseSequence >= base)
    const rest = kept.filter(({ nextSequence }) => nextSequence > from)
    const result = await this.#shard.read(from, bytesMax)
    const end = rest.findIndex(({ nextSequence }) => nextSequence === result?.next) + 1
    expect(end > 0).toBe(rest.length > 0)
    const bytes = Buffer.concat(rest.slice(0, end).map(tailBytes))
    expect(bytes.equals(Buffer.from(result?.bytes ?? []))).toBe(true)
    expect(end <= 1 || bytes.length <= bytesMax).toBe(true)
    const [next] = rest
    expect(await this.#shard.findSequence(from)).toBe(next && Math.max(next.baseSequence, from))
    for (const time of [next?.arrivalUs ?? 0, (next?.arrivalUs ?? 0) + 1]) {
      const found = kept.find(({ arrivalUs }) => arrivalUs >= time)
      expect(await this.#shard.findTime(time)).toBe(found?.baseSequence)
    }
  }

  /** As after a checkpoint of the metas as they are. */
  async #reopen(kind: 'reopen' | 'crash'): Promise<void> {
    await this.#store.sync()
    const { metas, next } = this.#shard
    await this.#store.discard(this.#trimmed)
    this.#trimmed = []
    if (metas.length === 0 && next > 1) return
    if (kind === 'crash') this.#disk.crash({ survivors: 'garbage', names: 'random' })
    else await this.#store[Symbol.asyncDispose]()
    this.#store = await openStore(this.#disk, SEGMENT_BYTES, 3)
    this.#shard = this.#store.shard(SHARD.incarnation, SHARD.shard, metas, STREAM)
  }
}

test('segments behave as an array of batches does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.integer(), async (steps, seed) => {
      const disk = new SimulatedDisk(new SeededRandom(seed))
      const run = new Run(disk, await openStore(disk, SEGMENT_BYTES, 3))
      for (const each of steps) await run.take(each)
      await run.end()
    }),
    { numRuns: 150 },
  )
})
