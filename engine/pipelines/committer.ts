/**
 * Writes what flights enlisted, together with the offsets that they reach: in input order per shard, all or nothing.
 *
 * While one write is under way the next gathers, so many small batches share one sync. A flight of a shard waits for
 * those read before it; flights of inputs without positions go as they land. After a failure flights are written one
 * by one until one succeeds, so that a bad one does not hold the others for ever.
 */
import { asHeadgateError, type HeadgateError } from '../error.ts'
import type { Log } from '../log/log.ts'
import type { Clock } from '../ports/clock.ts'
import { commitSet } from './commit-set.ts'
import type { Flight } from './flight.ts'
import type { Health } from './health.ts'

/** A write gathers no more than this, though the portion of one flight may be more. */
export const COMMIT_BYTES_MAX: number = 8 * 1024 * 1024
export const COMMIT_RETRY_MS = 250

const PLACE = 'commit'

export interface CommitterOwner {
  committed(flight: Flight): void
  /** Nothing of the flight was written, and it may be sent again. */
  failed(flight: Flight, error: HeadgateError): void
  /** Its shard went to another member, and its work with it. */
  dropped(flight: Flight): void
}

export interface CommitterEnvironment {
  readonly log: Log
  readonly clock: Clock
  readonly health: Health
  readonly signal: AbortSignal
  /** For tests: what a write may be of one flight. */
  readonly portionBytesMax?: number
}

export class Committer {
  readonly #log: Log
  readonly #clock: Clock
  readonly #health: Health
  readonly #signal: AbortSignal
  readonly #owner: CommitterOwner
  readonly #portionBytesMax: number | undefined
  readonly #lanes = new Map<object, Flight[]>()
  #loose: Flight[] = []
  #writing = false
  #alone = false

  constructor(owner: CommitterOwner, environment: CommitterEnvironment) {
    this.#owner = owner
    this.#log = environment.log
    this.#clock = environment.clock
    this.#health = environment.health
    this.#signal = environment.signal
    this.#portionBytesMax = environment.portionBytesMax
  }

  /** Called as a flight with a mark begins: the order of these calls is the order of the shard. */
  register(flight: Flight): void {
    const { mark } = flight.source
    if (mark === undefined) return
    const lane = this.#lanes.get(mark.lane)
    if (lane === undefined) this.#lanes.set(mark.lane, [flight])
    else lane.push(flight)
  }

  /** The flight landed. */
  add(flight: Flight): void {
    try {
      flight.decide(this.#portionBytesMax)
    } catch (thrown) {
      this.#owner.failed(flight, asHeadgateError(thrown))
      return
    }
    if (flight.source.mark === undefined) this.#loose.push(flight)
    if (!this.#writing) this.#run()
  }

  /** The flight ends without a commit. */
  forget(flight: Flight): void {
    const { mark } = flight.source
    const lane = mark === undefined ? undefined : this.#lanes.get(mark.lane)
    if (mark === undefined || lane === undefined) return
    const index = lane.indexOf(flight)
    if (index >= 0) lane.splice(index, 1)
    if (lane.length === 0) this.#lanes.delete(mark.lane)
  }

  /** The flight and all of its lane that came after it end without a commit. */
  forgetFrom(flight: Flight): readonly Flight[] {
    const { mark } = flight.source
    const lane = mark === undefined ? undefined : this.#lanes.get(mark.lane)
    const index = lane?.indexOf(flight) ?? -1
    return index < 0 ? [] : (lane?.splice(index) ?? [])
  }

  #run(): void {
    this.#writing = true
    void this.#writeAll()
  }

  async #writeAll(): Promise<void> {
    // What lands in this turn of the queue of microtasks shares the first write.
    await Promise.resolve()
    for (;;) {
      this.#dropLost()
      const flights = this.#gather()
      if (flights.length === 0 || this.#signal.aborted) {
        // In the same turn as the decision, or what lands in between would wait for the next one.
        this.#writing = false
        return
      }
      await this.#write(flights)
    }
  }

  async #write(flights: readonly Flight[]): Promise<void> {
    try {
      await this.#log.write(commitSet(flights))
    } catch (thrown) {
      await this.#explain(flights, asHeadgateError(thrown))
      return
    }
    this.#alone = false
    this.#health.over(PLACE)
    const done = flights.filter((flight) => {
      if (flight.portion !== undefined) flight.source.mark?.committed(flight.portion.reached)
      return flight.wrote()
    })
    for (const flight of done) {
      this.forget(flight)
      this.#owner.committed(flight)
    }
    this.#takeFromLoose(done)
  }

  /** The ready front of every lane, and whatever else landed. */
  #gather(): readonly Flight[] {
    const flights: Flight[] = []
    let bytes = 0
    /** Whether what comes after the flight may be taken too. */
    const take = (flight: Flight): boolean => {
      const { portion } = flight
      if (portion === undefined) return false
      if (flights.length > 0 && (this.#alone || bytes + portion.bytes > COMMIT_BYTES_MAX)) {
        return false
      }
      flights.push(flight)
      bytes += portion.bytes
      return flight.lastPortion
    }
    for (const lane of this.#lanes.values()) {
      for (const flight of lane) {
        if (!take(flight)) break
      }
    }
    for (const flight of this.#loose) {
      if (!take(flight)) break
    }
    return flights
  }

  #takeFromLoose(flights: readonly Flight[]): void {
    const gone = new Set(flights)
    this.#loose = this.#loose.filter((flight) => !gone.has(flight))
  }

  #dropLost(): void {
    for (const lane of [...this.#lanes.values()]) {
      const [first] = lane
      if (first?.source.mark?.offset() !== undefined) continue
      // In flight ones are dropped when they land.
      for (const flight of lane.filter((one) => one.ready)) {
        this.forget(flight)
        this.#owner.dropped(flight)
      }
    }
  }

  async #explain(flights: readonly Flight[], error: HeadgateError): Promise<void> {
    this.#health.trouble(PLACE, error)
    this.#alone = true
    if (error.code === 'GenerationStale') {
      await this.#refresh(flights)
      return
    }
    const marked = flights.filter(({ source }) => source.mark !== undefined)
    const loose = flights.filter(({ source }) => source.mark === undefined)
    this.#takeFromLoose(loose)
    const inPlace = error.class.retry === 'backoff' && error.code !== 'StreamNotFound'
    for (const flight of loose) this.#owner.failed(flight, error)
    if (!inPlace) for (const flight of marked) this.#owner.failed(flight, error)
    else if (marked.length > 0) {
      await this.#pause(error.retryAfterMs ?? COMMIT_RETRY_MS)
    }
  }

  async #refresh(flights: readonly Flight[]): Promise<void> {
    const marks = new Map(flights.map(({ source }) => [source.mark?.lane, source.mark]))
    try {
      for (const mark of marks.values()) await mark?.refresh()
    } catch (thrown) {
      this.#health.trouble(PLACE, asHeadgateError(thrown))
      await this.#pause(COMMIT_RETRY_MS)
    }
  }

  #pause(ms: number): Promise<void> {
    return this.#clock.sleep(ms, this.#signal).catch(() => {})
  }
}
