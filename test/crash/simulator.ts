/**
 * Lives of one data directory, one after the other: each opens it, works, and ends in order, by SIGKILL or by a power
 * loss at any call to the disk, that of a recovery included. After each, what can be seen is compared with what was
 * promised.
 */
import { setImmediate as turn } from 'node:timers/promises'
import type { Engine } from '../../engine/engine.ts'
import { SeededRandom } from '../../engine/ports/seeded-random.ts'
import { isPowerLoss, World, type WorldOptions } from './world.ts'

const LIVES = 6
const BURSTS_MAX = 30
const SEGMENT_BYTES = [1, 6_000, 12_000, 65_536] as const
const SURVIVORS = ['none', 'all', 'random', 'random', 'garbage'] as const
const NAMES = ['none', 'all', 'random', 'random'] as const
/** Everything happens in turns of the loop: where so many pass without a call to the disk, nothing ever will. */
const IDLE_TURNS_MAX = 300

/** Throws where a promise is broken, or nothing goes on; the same seed shows it again. */
export async function simulate(seed: number, options: WorldOptions = {}): Promise<void> {
  const simulation = new Simulation(seed, options)
  const watched = { isOver: false }
  const run = simulation.run().finally(() => {
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
  readonly #world: World

  constructor(seed: number, options: WorldOptions) {
    this.#random = new SeededRandom(seed)
    this.#world = new World(this.#random, { segmentBytes: this.#pick(SEGMENT_BYTES), ...options })
  }

  /** Another one whenever anything went on. */
  get progress(): string {
    const { disk, clock } = this.#world
    return `${disk.calls} ${clock.wallUs()}`
  }

  async run(): Promise<void> {
    const { oracle, workload } = this.#world
    for (let life = 0; life < LIVES; life++) await this.#live()
    const engine = await this.#world.open()
    await oracle.check(engine)
    await workload.run(engine, this.#world.clock, 3)
    await this.#world.checkLiving(engine)
    await engine[Symbol.asyncDispose]()
    await oracle.check(await this.#world.open())
  }

  async #live(): Promise<void> {
    const { disk } = this.#world
    const chance = this.#random.next()
    const isCut = chance < 0.7
    // As often within what opening does as behind it.
    const cut = Math.floor(this.#random.next() ** 3 * 1_500)
    if (isCut) disk.cutPowerAt(disk.calls + cut)
    const engine = await this.#world.openWhilePowered()
    if (engine !== undefined) await this.#work(engine)
    const inOrder = engine !== undefined && chance > 0.85
    if (inOrder) {
      await this.#world.checkLiving(engine)
      await engine[Symbol.asyncDispose]()
    }
    const survivors = this.#pick(SURVIVORS)
    const names = this.#pick(NAMES)
    this.#world.restart(!inOrder && chance > 0.7 ? 'kill' : { survivors, names })
  }

  async #work(engine: Engine): Promise<void> {
    const { oracle, workload, clock } = this.#world
    try {
      await oracle.check(engine)
    } catch (error) {
      // Reads fail as the power goes, and then nothing was learnt.
      if (!isPowerLoss(error)) throw error
    }
    await workload.run(engine, clock, Math.floor(this.#random.next() * BURSTS_MAX))
  }

  #pick<Value>(values: readonly Value[]): Value {
    return values[Math.floor(this.#random.next() * values.length)] as Value
  }
}
