/** Counts of observed durations by upper bound, as Prometheus has them: cheap enough for every append. */
import type { DurationCounts } from '../measures.ts'

/** Seconds; what a sync takes on memory, flash, a network disk and a spinning one lies between. */
export const LATENCY_BOUNDS_SECONDS: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
]

export class Histogram implements DurationCounts {
  readonly bounds: readonly number[]
  /** Of each bound, and last of what lies above them; not cumulative. */
  readonly counts: Float64Array
  sum = 0
  count = 0

  constructor(bounds: readonly number[] = LATENCY_BOUNDS_SECONDS) {
    this.bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number): void {
    const { bounds, counts } = this
    let at = 0
    while (at < bounds.length && value > (bounds[at] ?? 0)) at++
    counts[at] = (counts[at] ?? 0) + 1
    this.sum += value
    this.count++
  }
}
