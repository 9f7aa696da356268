/**
 * How fast streams are written, over the last minute: looks at where their shards end now and then, and keeps no more
 * than that. It writes nothing and wakes nobody.
 */
import type { Clock, Timer } from '../ports/clock.ts'
import type { StreamDescription, Streams } from './streams.ts'

export interface StreamRate {
  readonly recordsPerSecond: number
  /** At the mean size of the records that the stream keeps. */
  readonly bytesPerSecond: number
}

export const RATE_LOOK_MS = 10_000
export const RATE_WINDOW_MS = 60_000
/** A rate over less would be chance. */
const RATE_ELAPSED_MS_MIN = 1_000

interface Look {
  readonly atMs: number
  /** How many records were ever written to each stream, by incarnation. */
  readonly written: ReadonlyMap<number, number>
}

export class StreamRates implements Disposable {
  readonly #streams: Pick<Streams, 'describe'>
  readonly #clock: Clock
  #looks: Look[] = []
  #timer: Timer

  constructor(streams: Pick<Streams, 'describe'>, clock: Clock) {
    this.#streams = streams
    this.#clock = clock
    this.#look()
    this.#timer = this.#schedule()
  }

  [Symbol.dispose](): void {
    this.#timer.cancel()
  }

  /** Undefined until a moment after the first look. A stream that was not there at a look had no records then. */
  rateOf(stream: StreamDescription): StreamRate | undefined {
    const [first] = this.#looks
    const elapsedMs = this.#clock.monotonicMs() - (first?.atMs ?? 0)
    if (first === undefined || elapsedMs < RATE_ELAPSED_MS_MIN) return undefined
    const records = writtenTo(stream) - (first.written.get(stream.incarnation) ?? 0)
    const recordsPerSecond = (records * 1000) / elapsedMs
    const meanBytes = stream.records === 0 ? 0 : stream.bytes / stream.records
    return { recordsPerSecond, bytesPerSecond: recordsPerSecond * meanBytes }
  }

  #schedule(): Timer {
    return this.#clock.schedule(RATE_LOOK_MS, () => {
      this.#look()
      this.#timer = this.#schedule()
    })
  }

  #look(): void {
    const atMs = this.#clock.monotonicMs()
    const written = new Map(
      this.#streams.describe().map((stream) => [stream.incarnation, writtenTo(stream)]),
    )
    this.#looks = [
      ...this.#looks.filter((look) => atMs - look.atMs < RATE_WINDOW_MS),
      { atMs, written },
    ]
  }
}

function writtenTo({ shardStates }: StreamDescription): number {
  return shardStates.reduce((sum, { next }) => sum + next - 1, 0)
}
