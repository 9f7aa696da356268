/**
 * Lives of one data directory, one after the other: each opens it, works, and ends in order, by SIGKILL or by a power
 * loss at any call to the disk, that of a recovery included. After each, what can be seen is compared with what was
 * promised.
 */
import { setImmediate as turn } from 'node:timers/promises'
import type { Engine } from '../../engine/engine.ts'
import { openDiskEngine } from '../../engine/log/disk-engine.ts'
import { SMALL_SIZES } from '../../engine/log/testing.ts'
import type { Disk } from '../../engine/ports/disk.ts'
import type { Intercept } from '../../engine/ports/disk-calls.ts'
import { SeededRandom } from '../../engine/ports/seeded-random.ts'
import { SimulatedClock } from '../../engine/ports/simulated-clock.ts'
import { SimulatedDisk } from '../../engine/ports/simulated-disk.ts'
import { Oracle } from './oracle.ts'
import { Workload } from './workload.ts'

/** Its parents are made with it, and can be lost with it. */
export const DIRECTORY = '/var/lib/data'
const LIVES = 6
const BURSTS_MAX = 30
const SURVIVORS = ['none', 'all', 'random', 'random', 'garbage'] as const
const NAMES = ['none', 'all', 'random', 'random'] as const

/** Everything happens in turns of the loop: where so many pass without a call to the disk, nothing ever will. */
const IDLE_TURNS_MAX = 300

export interface SimulationOptions {
  /** A defect of the disk, or of how it is used; asked in every life. */
  readonly intercept?: Intercept
  /** Another one: what the engine is given in the place of the disk. */
  readonly wrap?: (disk: Disk) => Disk
  readonly lives?: number
}

/** Throws where a promise is broken, or nothing goes on; the same seed shows it again. */
export async function simulate(seed: number, options: SimulationOptions = {}): Promise<void> {
  const simulation = new Simulation(seed, options)
  const watched = { isOver: false }
  const run = simulation.run(options.lives ?? LIVES).finally(() => {
    watched.isOver = true
  })
  await Promise.race([run, stuck(simulation, watched)])
  await run
}

async function stuck(simulation: Simulation, watched: { readonly isOver: boolean }): Promise<void> {
  let before = simulation.progress
  for (let idle = 0; !watched.isOver; idle++) {
    await turn()
    if (simulation.progress !== before) idle = 0
    before = simulation.progress
    if (idle > IDLE_TURNS_MAX) throw new Error('something waits for what never happens')
  }
}

class Simulation {
  readonly #random: SeededRandom
  readonly #oracle = new Oracle()
  readonly #workload: Workload
  readonly #intercept: Intercept | undefined
  readonly #wrap: (disk: Disk) => Disk
  readonly #segmentBytes: number
  #disk: SimulatedDisk
  #clock = new SimulatedClock()

  constructor(seed: number, { intercept, wrap }: SimulationOptions) {
    this.#wrap = wrap ?? ((disk) => disk)
    this.#random = new SeededRandom(seed)
    this.#workload = new Workload(this.#oracle, this.#random)
    this.#intercept = intercept
    this.#disk = new SimulatedDisk(this.#random, { lostDirectories: true, intercept })
    this.#segmentBytes = this.#pick([1, 6_000, 12_000, 65_536])
  }

  /** Another one whenever anything went on. */
  get progress(): string {
    return `${this.#disk.calls} ${this.#clock.wallUs()}`
  }

  async run(lives: number): Promise<void> {
    for (let life = 0; life < lives; life++) await this.#live()
    const engine = await this.#open()
    await this.#oracle.check(engine)
    await this.#workload.run(engine, this.#clock, 3)
    await this.#checkLiving(engine)
    await engine[Symbol.asyncDispose]()
    await this.#oracle.check(await this.#open())
  }

  async #live(): Promise<void> {
    const chance = this.#random.next()
    const isCut = chance < 0.7
    // As often within what opening does as behind it.
    const cut = Math.floor(this.#random.next() ** 3 * 1_500)
    if (isCut) this.#disk.cutPowerAt(this.#disk.calls + cut)
    const engine = await this.#open().catch((error: unknown) => {
      if (isCut) return undefined
      throw error
    })
    if (engine !== undefined) await this.#work(engine, isCut)
    if (engine !== undefined && chance > 0.85) {
      await this.#checkLiving(engine)
      await engine[Symbol.asyncDispose]()
      this.#restart(false)
    } else {
      this.#restart(chance > 0.7)
    }
  }

  async #work(engine: Engine, isCut: boolean): Promise<void> {
    try {
      // Where the power is about to go, reads may fail, and then nothing was learnt.
      await this.#oracle.check(engine)
    } catch (error) {
      if (!isCut || !isPowerLoss(error)) throw error
    }
    await this.#workload.run(engine, this.#clock, this.#below(BURSTS_MAX))
  }

  async #checkLiving(engine: Engine): Promise<void> {
    await this.#workload.barrier(engine)
    await this.#oracle.check(engine)
  }

  /** The former process goes on with a disk and a clock that nobody looks at any more. */
  #restart(isKill: boolean): void {
    const random = this.#random
    const options = { lostDirectories: true, intercept: this.#intercept }
    this.#disk = this.#disk.clone(random, options)
    if (isKill) this.#disk.kill()
    else this.#disk.crash({ survivors: this.#pick(SURVIVORS), names: this.#pick(NAMES) })
    this.#clock = new SimulatedClock(this.#clock.wallUs())
    this.#oracle.died()
  }

  #open(): Promise<Engine> {
    return openDiskEngine({
      directory: DIRECTORY,
      clock: this.#clock,
      random: this.#random,
      disk: this.#wrap(this.#disk),
      sizes: { ...SMALL_SIZES, segmentBytes: this.#segmentBytes },
    })
  }

  #pick<Value>(values: readonly Value[]): Value {
    return values[this.#below(values.length)] as Value
  }

  #below(count: number): number {
    return Math.floor(this.#random.next() * count)
  }
}

function isPowerLoss(error: unknown): boolean {
  return error instanceof Error && /the power is off/.test(`${error.message} ${error.cause}`)
}
