/** A pipeline from stream to stream on a disk whose power goes: each record arrives, and arrives once. */
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Engine } from '../../engine/engine.ts'
import { openDiskEngine } from '../../engine/log/disk-engine.ts'
import { SMALL_SIZES } from '../../engine/log/testing.ts'
import { buildPipeline } from '../../engine/pipelines/build-pipeline.ts'
import {
  COPY,
  count,
  createStream,
  expectExactlyOnce,
  keys,
  produce,
  readAll,
  until,
} from '../../engine/pipelines/stream-testing.ts'
import { testEnvironment } from '../../engine/pipelines/testing.ts'
import { realClock } from '../../engine/ports/real-clock.ts'
import { SeededRandom } from '../../engine/ports/seeded-random.ts'
import { SimulatedDisk } from '../../engine/ports/simulated-disk.ts'
import { SEEDS_TEST_MS, underSeed } from './seeds.ts'

const CUTS = process.env['HEADGATE_SOAK_MINUTES'] === undefined ? 200 : 1_000
/** Between two new directories, so that one does not grow for ever. */
const CUTS_PER_DIRECTORY = 20
const RECORDS = 60
const CALLS_MAX = 25
const TURNS_MAX = 300

class PoweredPipeline {
  readonly #random: SeededRandom
  #disk: SimulatedDisk
  acknowledged = 0

  constructor(seed: number) {
    this.#random = new SeededRandom(seed)
    this.#disk = new SimulatedDisk(this.#random)
  }

  async cutOnce(): Promise<void> {
    const engine = await this.#open()
    if (engine.streams.describe().length === 0) {
      await createStream(engine, 'source', 4)
      await createStream(engine, 'target', 3)
    }
    await produce(engine, 'source', keys(RECORDS))
    this.acknowledged += RECORDS
    const pipeline = await buildPipeline(COPY, testEnvironment({ engine }))
    await pipeline.connect()
    const disk = this.#disk
    disk.cutPowerAt(disk.calls + Math.floor(this.#random.next() * CALLS_MAX))
    for (let turn = 0; turn < TURNS_MAX && engine.condition() === undefined; turn++) {
      await setImmediate()
    }
    this.#disk = disk.clone(this.#random)
    this.#disk.crash({ survivors: 'random', names: 'random' })
    await pipeline.stop(1)
    await Promise.resolve(engine[Symbol.asyncDispose]()).catch(() => undefined)
  }

  async expectAll(): Promise<void> {
    await using engine = await this.#open()
    const pipeline = await buildPipeline(COPY, testEnvironment({ engine }))
    await pipeline.connect()
    await until(() => count(engine, 'target') >= this.acknowledged)
    for (let turn = 0; turn < 50; turn++) await setImmediate()
    expectExactlyOnce(await readAll(engine, 'target'), this.acknowledged)
    await pipeline.stop(1)
  }

  #open(): Promise<Engine> {
    return openDiskEngine({
      directory: '/data',
      clock: realClock,
      random: this.#random,
      disk: this.#disk,
      sizes: SMALL_SIZES,
    })
  }
}

test(`${CUTS} power cuts let every record through a pipeline, each once`, {
  timeout: SEEDS_TEST_MS,
}, async () => {
  const first = Number(process.env['HEADGATE_SEED'] ?? 1)
  for (let cut = 0; cut < CUTS; cut += CUTS_PER_DIRECTORY) {
    await underSeed(first + cut, async () => {
      const powered = new PoweredPipeline(first + cut)
      for (let count = 0; count < CUTS_PER_DIRECTORY; count++) await powered.cutOnce()
      await powered.expectAll()
      expect(powered.acknowledged).toBe(RECORDS * CUTS_PER_DIRECTORY)
    })
  }
})
