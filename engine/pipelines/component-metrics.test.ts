import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SimulatedClock } from '../ports/simulated-clock.ts'
import { PipelineMetrics } from './component-metrics.ts'
import { NOT_TIMED, QUICK_NS, ROUNDS_LEFT_OUT, SampledTiming } from './sampled-timing.ts'
import { TimingHistogram } from './timing-histogram.ts'

const PLACE = { label: '', path: 'root.input' }

describe('the series of a pipeline', () => {
  test('are found again by name and labels, in any order of the labels', () => {
    const metrics = new PipelineMetrics()
    const own = metrics.of(PLACE)
    own.counter('seen', { a: '1', b: '2' }).add(1)
    own.counter('seen', { b: '2', a: '1' }).add(2)
    own.counter('seen', { a: '2', b: '1' }).add(4)
    own.gauge('seen').set(8)
    expect(metrics.series().map(({ kind, value }) => [kind, value])).toEqual([
      ['counter', 3],
      ['counter', 4],
      ['gauge', 8],
    ])
  })

  test('are as many as the limit and no more; what is beyond counts nowhere', () => {
    const metrics = new PipelineMetrics(2)
    const own = metrics.of(PLACE)
    for (const n of ['1', '2', '3', '1']) own.counter('seen', { n }).add(1)
    expect(metrics.series().map(({ labels, value }) => [labels['n'], value])).toEqual([
      ['1', 2],
      ['2', 1],
    ])
  })
})

describe('a histogram of timings', () => {
  test('knows percentiles within an eighth, and its count and sum', () => {
    const timings = fc.array(fc.integer({ min: 0, max: 2 ** 39 }), { minLength: 1 })
    fc.assert(
      fc.property(timings, (values) => {
        const histogram = new TimingHistogram()
        for (const value of values) histogram.observe(value)
        const sorted = values.toSorted((one, other) => one - other)
        const { p50, p90, p99, count, sum } = histogram.summary()
        expect(count).toBe(values.length)
        expect(sum).toBe(values.reduce((total, value) => total + value, 0))
        for (const [share, found] of [
          [0.5, p50],
          [0.9, p90],
          [0.99, p99],
        ] as const) {
          const exact = sorted[Math.ceil(share * values.length) - 1] ?? 0
          expect(Math.abs(found - exact)).toBeLessThanOrEqual(exact / 8)
        }
      }),
    )
  })

  test('takes what is beyond its range as the longest it knows', () => {
    const histogram = new TimingHistogram()
    histogram.observe(2 ** 50)
    expect(histogram.summary()).toMatchObject({ p50: 2 ** 50, count: 1 })
  })

  test('says zeros while it is empty', () => {
    expect(new TimingHistogram().summary()).toEqual({ p50: 0, p90: 0, p99: 0, count: 0, sum: 0 })
  })
})

describe('timing now and then', () => {
  test('lets what is quick stand for the rounds that are left out, and times all that is slow', async () => {
    const clock = new SimulatedClock()
    const metrics = new PipelineMetrics()
    const timing = new SampledTiming(metrics.of(PLACE).timing('took'), clock)
    let timed = 0
    const round = async (ms: number): Promise<void> => {
      const begunMs = timing.begin()
      if (begunMs !== NOT_TIMED) timed += 1
      await clock.advance(ms)
      timing.end(begunMs)
    }
    const rounds = 3 * (ROUNDS_LEFT_OUT + 1) + 1
    for (let count = 0; count < rounds; count++) await round(0)
    expect(timed).toBe(4)
    // The last was quick: as many as before are left out first.
    for (let count = 0; count < ROUNDS_LEFT_OUT; count++) await round(1)
    for (let count = 0; count < 5; count++) await round(QUICK_NS / 1_000_000)
    expect(timed).toBe(9)
    const [{ value } = { value: 0 }] = metrics.series()
    expect(value).toMatchObject({ count: rounds + ROUNDS_LEFT_OUT + 5 })
  })
})
