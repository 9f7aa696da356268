/**
 * Where records can be looked at on their way: before and after a processor, after an input, before an output.
 *
 * While nobody looks, `open` is the one thing of it that is read, once for each batch. Whoever looks is shown messages
 * as they are, for they never change; nothing is copied here, and nothing waits.
 */
import type { Clock } from '../ports/clock.ts'
import type { Role } from './component.ts'
import type { Batch } from './message.ts'
import type { Tap, TapLook, TapMoment } from './tap.ts'
import type { Outcome } from './transaction.ts'

export interface TapPlace {
  readonly role: Role
  /** The component's name: `mapping`. */
  readonly component: string
  /** Empty where the config gives none. */
  readonly label: string
  /** `root.pipeline.processors.0` */
  readonly path: string
}

/** Hears once what became of a batch: how it went on, or at an output how its write ended. */
export interface PointLook {
  became(batches: readonly Batch[]): void
  settled(outcome: Outcome): void
}

export class TapPoint {
  readonly place: TapPlace
  /** Whether anybody looks. */
  open = false
  readonly #clock: Clock
  #taps: readonly Tap[] = []
  #batches = 0

  constructor(place: TapPlace, clock: Clock) {
    this.place = place
    this.#clock = clock
  }

  add(tap: Tap): void {
    this.#taps = [...this.#taps, tap]
    this.open = true
  }

  remove(tap: Tap): void {
    this.#taps = this.#taps.filter((one) => one !== tap)
    this.open = this.#taps.length > 0
  }

  /** A batch on its way in; undefined where nobody wants to know what becomes of it. */
  look(batch: Batch): PointLook | undefined {
    this.#batches += 1
    let looks: TapLook[] | undefined
    for (const tap of this.#taps) {
      if (tap.passes(batch)) continue
      const look = tap.look(batch, this.#moment())
      if (look !== undefined) looks = [...(looks ?? []), look]
    }
    return looks === undefined ? undefined : all(looks, this.#clock)
  }

  /** A batch that begins here. */
  gave(batch: Batch): void {
    this.#batches += 1
    for (const tap of this.#taps) if (!tap.passes(batch)) tap.gave(batch, this.#moment())
  }

  #moment(): TapMoment {
    return { batch: this.#batches, timeUs: this.#clock.wallUs() }
  }
}

function all(looks: readonly TapLook[], clock: Clock): PointLook {
  return {
    became: (batches) => {
      const timeUs = clock.wallUs()
      for (const look of looks) look.became(batches, timeUs)
    },
    settled: (outcome) => {
      const timeUs = clock.wallUs()
      for (const look of looks) look.settled(outcome, timeUs)
    },
  }
}
