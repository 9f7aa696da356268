/** Members of one group come, go, fall asleep and wake at random, while the stream is written and grows. */
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Engine } from '../engine.ts'
import { SeededRandom } from '../ports/seeded-random.ts'
import { SimulatedClock } from '../ports/simulated-clock.ts'
import { buildPipeline } from './build-pipeline.ts'
import type { Pipeline } from './pipeline.ts'
import {
  COPY,
  count,
  createStream,
  expectExactlyOnce,
  keys,
  memory,
  produce,
  readAll,
} from './stream-testing.ts'
import { testEnvironment } from './testing.ts'

const STEPS = 120
const MEMBERS_MAX = 4
const SHARDS_MAX = 6

interface Member {
  readonly pipeline: Pipeline
  readonly clock: SimulatedClock
  asleep: boolean
}

/** Each member has a clock of its own: one whose clock stands still is asleep, and does not know it. */
class Play {
  readonly #random: SeededRandom
  readonly #engineClock = new SimulatedClock()
  readonly engine: Engine = memory(this.#engineClock)
  readonly #members: Member[] = []
  #incarnation = 0
  written = 0

  constructor(seed: number) {
    this.#random = new SeededRandom(seed)
  }

  async begin(): Promise<void> {
    this.#incarnation = await createStream(this.engine, 'source', 2)
    await createStream(this.engine, 'target', 2)
    await this.#start()
  }

  async step(): Promise<void> {
    const chance = this.#random.next()
    if (chance < 0.25) await this.#write(1 + Math.floor(this.#random.next() * 60))
    else if (chance < 0.37) await this.#start()
    else if (chance < 0.45) await this.#stop()
    else if (chance < 0.55) this.#sleepOrWake()
    else if (chance < 0.58) await this.#grow()
    else await this.#pass(Math.floor(this.#random.next() * 4_000))
    for (let turn = Math.floor(this.#random.next() * 6); turn > 0; turn--) await setImmediate()
  }

  async end(): Promise<void> {
    for (const member of this.#members) member.asleep = false
    if (this.#members.length === 0) await this.#start()
    for (let round = 0; round < 200 && count(this.engine, 'target') < this.written; round++) {
      await this.#pass(500)
    }
    for (let round = 0; round < 10; round++) await this.#pass(1_000)
    const [group] = this.engine.groups.describe(['pipeline.test'])
    expect(group?.members.flatMap(({ shards }) => shards).sort()).toEqual(
      Array.from({ length: this.#shards }, (_, shard) => shard),
    )
    await Promise.all(this.#members.map(({ pipeline }) => pipeline.stop(1)))
  }

  get #shards(): number {
    return this.engine.streams.describe(['default/source'])[0]?.shards ?? 0
  }

  async #write(records: number): Promise<void> {
    await produce(this.engine, 'source', keys(records))
    this.written += records
  }

  async #start(): Promise<void> {
    if (this.#members.length === MEMBERS_MAX) return
    const clock = new SimulatedClock()
    const pipeline = await buildPipeline(COPY, testEnvironment({ engine: this.engine, clock }))
    await pipeline.connect()
    this.#members.push({ pipeline, clock, asleep: false })
  }

  async #stop(): Promise<void> {
    const at = Math.floor(this.#random.next() * this.#members.length)
    const [member] = this.#members.splice(at, 1)
    await member?.pipeline.stop(1)
  }

  #sleepOrWake(): void {
    const member = this.#members[Math.floor(this.#random.next() * this.#members.length)]
    if (member !== undefined) member.asleep = !member.asleep
  }

  async #grow(): Promise<void> {
    const [source] = this.engine.streams.describe(['default/source'])
    if (source === undefined || source.shards === SHARDS_MAX) return
    await this.engine.streams.alter(this.#incarnation, { ...source, shards: source.shards + 1 })
  }

  async #pass(ms: number): Promise<void> {
    await this.#engineClock.advance(ms)
    for (const { clock, asleep } of this.#members) if (!asleep) await clock.advance(ms)
    for (let turn = 0; turn < 4; turn++) await setImmediate()
  }
}

for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
  test(`every record is copied once, with seed ${seed}`, async () => {
    const play = new Play(seed)
    await play.begin()
    for (let step = 0; step < STEPS; step++) await play.step()
    await play.end()
    expectExactlyOnce(await readAll(play.engine, 'target'), play.written)
    await play.engine[Symbol.asyncDispose]()
  })
}
