/**
 * How long a pipeline takes from a message's arrival to its delivery: the arrival of a stream's record in its stream,
 * of anything else the read of it.
 *
 * It is told of whole batches. Of records the first and the last each stand for half of theirs, which read together
 * may have arrived hours apart. What was read without a look at the clock counts as what was timed next: see
 * `SampledTiming`.
 */
import type { Clock } from '../ports/clock.ts'
import type { InputBatch } from './component.ts'
import type { LatencySummary } from './pipeline.ts'
import { NOT_TIMED } from './sampled-timing.ts'
import { TimingHistogram } from './timing-histogram.ts'

const US_PER_MS = 1_000
const US_PER_SECOND = 1_000_000

/** One number and its unit: `0.4ms`, `12ms`, `1.3s`, `66m`, `30h`, `5d`. */
export function latencyText(seconds: number): string {
  const ms = seconds * 1_000
  if (ms < 1) return `${ms.toFixed(1)}ms`
  if (ms < 1_000) return `${Math.round(ms)}ms`
  if (seconds < 120) return `${seconds.toFixed(1)}s`
  if (seconds < 7_200) return `${Math.floor(seconds / 60)}m`
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)}h`
  return `${Math.floor(seconds / 86_400)}d`
}

export class PipelineLatency {
  readonly #clock: Clock
  /** Of microseconds, so that its buckets reach up to twelve days. */
  readonly #histogram = new TimingHistogram()
  /** Messages that were delivered since one was timed, and how long that one took. */
  #leftOut = 0
  #timedUs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** All of the batch was delivered. `begunMs`: when it was read, or NOT_TIMED. */
  delivered({ messages, arrivedUsFirst, arrivedUsLast }: InputBatch, begunMs: number): void {
    if (arrivedUsFirst !== undefined) {
      this.#observeArrivals(arrivedUsFirst, arrivedUsLast ?? arrivedUsFirst, messages.length)
    } else if (begunMs === NOT_TIMED) {
      this.#leftOut += messages.length
    } else {
      const us = (this.#clock.monotonicMs() - begunMs) * US_PER_MS
      this.#histogram.observe(us, messages.length + this.#leftOut)
      this.#leftOut = 0
      this.#timedUs = us
    }
  }

  summary(): LatencySummary {
    const { p50, p90, p99, sum, count } = this.#histogram.summary()
    return {
      p50: p50 / US_PER_SECOND,
      p90: p90 / US_PER_SECOND,
      p99: p99 / US_PER_SECOND,
      sum: (sum + this.#leftOut * this.#timedUs) / US_PER_SECOND,
      count: count + this.#leftOut,
    }
  }

  #observeArrivals(firstUs: number, lastUs: number, messages: number): void {
    const nowUs = this.#clock.wallUs()
    if (firstUs === lastUs || messages === 1) {
      this.#histogram.observe(nowUs - firstUs, messages)
      return
    }
    const older = Math.ceil(messages / 2)
    this.#histogram.observe(nowUs - firstUs, older)
    this.#histogram.observe(nowUs - lastUs, messages - older)
  }
}
