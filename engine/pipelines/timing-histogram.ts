/**
 * How long something took, in a fixed number of buckets: percentiles within an eighth of the truth, whatever is counted.
 *
 * Up to 15 ns each value has a bucket; above, each power of two is parted in eight, up to 2^40 ns (18 minutes), and
 * what took longer counts as that. A bucket that is full halves all of them: what is newer then weighs more.
 */
import type { TimingSummary } from './pipeline.ts'

const SUB_BUCKETS = 8
const EXACT_BUCKETS = 16
const EXACT_BITS = 4
const BITS_MAX = 40
const BUCKETS: number = EXACT_BUCKETS + (BITS_MAX - EXACT_BITS) * SUB_BUCKETS
const BUCKET_COUNT_MAX: number = 2 ** 31

export class TimingHistogram {
  /** Made at the first value: most of what could be timed never is. */
  #counts: Uint32Array | undefined
  #count = 0
  #sum = 0
  #least = Number.POSITIVE_INFINITY
  #most = 0

  /** `times`: for how many like it this one stands. */
  observe(ns: number, times = 1): void {
    this.#counts ??= new Uint32Array(BUCKETS)
    const counts = this.#counts
    const value = Math.max(0, ns)
    const bucket = bucketOf(value)
    const count = (counts[bucket] ?? 0) + times
    counts[bucket] = Math.min(count, BUCKET_COUNT_MAX)
    if (count >= BUCKET_COUNT_MAX) halve(counts)
    this.#count += times
    this.#sum += value * times
    if (value < this.#least) this.#least = value
    if (value > this.#most) this.#most = value
  }

  summary(): TimingSummary {
    const [p50, p90, p99] = this.#percentiles([0.5, 0.9, 0.99])
    return { p50, p90, p99, count: this.#count, sum: Math.round(this.#sum) }
  }

  /** Of rising shares; 0 while nothing was observed. */
  #percentiles(shares: readonly [number, number, number]): [number, number, number] {
    const values: [number, number, number] = [0, 0, 0]
    if (this.#counts === undefined) return values
    const counts = this.#counts
    let total = 0
    for (let bucket = 0; bucket < BUCKETS; bucket++) total += counts[bucket] ?? 0
    let seen = 0
    let next = 0
    for (let bucket = 0; next < shares.length && bucket < BUCKETS; bucket++) {
      const count = counts[bucket] ?? 0
      if (count === 0) continue
      seen += count
      for (; next < shares.length && seen >= total * (shares[next] ?? 1); next++) {
        const middle = Math.min(Math.max(middleOf(bucket), this.#least), this.#most)
        values[next] = Math.round(middle)
      }
    }
    return values
  }
}

function bucketOf(ns: number): number {
  if (ns < EXACT_BUCKETS) return Math.floor(ns)
  const bits = Math.floor(Math.log2(ns))
  if (bits >= BITS_MAX) return BUCKETS - 1
  const sub = Math.floor((ns / 2 ** bits - 1) * SUB_BUCKETS)
  return EXACT_BUCKETS + (bits - EXACT_BITS) * SUB_BUCKETS + sub
}

function middleOf(bucket: number): number {
  if (bucket < EXACT_BUCKETS) return bucket
  const above = bucket - EXACT_BUCKETS
  const bits = EXACT_BITS + Math.floor(above / SUB_BUCKETS)
  return 2 ** bits * (1 + ((above % SUB_BUCKETS) + 0.5) / SUB_BUCKETS)
}

function halve(counts: Uint32Array): void {
  for (const [bucket, count] of counts.entries()) counts[bucket] = count >>> 1
}
