/** One data directory and all that is known of it, from one process to the next. */
import type { Engine } from '../../engine/engine.ts'
import { openDiskEngine } from '../../engine/log/disk-engine.ts'
import { SMALL_SIZES } from '../../engine/log/testing.ts'
import type { Disk } from '../../engine/ports/disk.ts'
import type { Intercept } from '../../engine/ports/disk-calls.ts'
import type { SeededRandom } from '../../engine/ports/seeded-random.ts'
import { SimulatedClock } from '../../engine/ports/simulated-clock.ts'
import { SimulatedDisk } from '../../engine/ports/simulated-disk.ts'
import type { CrashPolicies } from '../../engine/ports/simulated-tree.ts'
import { Oracle } from './oracle.ts'
import { Workload } from './workload.ts'

/** Its parents are made with it, and can be lost with it. */
export const DIRECTORY = '/var/lib/data'

export interface WorldOptions {
  /** A defect of the disk, or of how it is used; asked in every life. */
  readonly intercept?: Intercept | undefined
  /** Another one: what the engine is given in the place of the disk. */
  readonly wrap?: ((disk: Disk) => Disk) | undefined
  readonly segmentBytes?: number
}

export class World {
  readonly oracle: Oracle = new Oracle()
  readonly workload: Workload
  readonly #random: SeededRandom
  readonly #options: WorldOptions
  disk: SimulatedDisk
  clock: SimulatedClock = new SimulatedClock()

  constructor(random: SeededRandom, options: WorldOptions = {}) {
    this.#random = random
    this.#options = options
    this.workload = new Workload(this.oracle, random)
    this.disk = new SimulatedDisk(random, this.#diskOptions)
  }

  open(): Promise<Engine> {
    const { wrap, segmentBytes = SMALL_SIZES.segmentBytes } = this.#options
    return openDiskEngine({
      directory: DIRECTORY,
      clock: this.clock,
      random: this.#random,
      disk: wrap === undefined ? this.disk : wrap(this.disk),
      sizes: { ...SMALL_SIZES, segmentBytes },
    })
  }

  /** As far as the power goes; undefined where it went before the engine was open. */
  async openWhilePowered(): Promise<Engine | undefined> {
    try {
      return await this.open()
    } catch (error) {
      if (isPowerLoss(error)) return undefined
      throw error
    }
  }

  /** By SIGKILL, or by a power loss. The former process goes on with a disk and a clock that nobody looks at any more. */
  restart(end: 'kill' | CrashPolicies): void {
    this.disk = this.disk.clone(this.#random, this.#diskOptions)
    if (end === 'kill') this.disk.kill()
    else this.disk.crash(end)
    this.clock = new SimulatedClock(this.clock.wallUs())
    this.oracle.died()
  }

  /** What can be seen now, be it durable or not when this is called. */
  async checkLiving(engine: Engine): Promise<void> {
    await this.workload.barrier(engine)
    await this.oracle.check(engine)
  }

  get #diskOptions() {
    return { lostDirectories: true, intercept: this.#options.intercept }
  }
}

export function isPowerLoss(error: unknown): boolean {
  return error instanceof Error && /the power is off/.test(`${error.message} ${error.cause}`)
}
