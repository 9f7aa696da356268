import { describe, expect, test } from 'vitest'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import type { MetricSeries } from '../../pipelines/pipeline.ts'
import { testEnvironment } from '../../pipelines/testing.ts'
import { runToEnd } from '../testing.ts'

interface Counted {
  readonly own: readonly MetricSeries[]
  readonly errors: number
  readonly text: string
}

/** What `{"n":1}` to `{"n":4}` make of the metrics. */
async function counted(...metrics: readonly object[]): Promise<Counted> {
  const environment = testEnvironment()
  const processors = metrics.map((metric) => ({ label: 'mine', metric }))
  const pipeline = await runToEnd(
    {
      input: { generate: { mapping: 'root.n = counter()', interval: '', count: 4, batch_size: 2 } },
      pipeline: { processors },
      output: { stdout: {} },
    },
    environment,
  )
  const series = pipeline.series()
  return {
    own: series.filter(({ name }) => name === 'own'),
    errors: pipeline.state().counters.processorErrors,
    text: environment.stdout.text,
  }
}

const PASSED = '{"n":1}\n{"n":2}\n{"n":3}\n{"n":4}\n'
const PLACE = { label: 'mine', path: 'root.pipeline.processors.0' }

describe('the metric processor', () => {
  test('counts each message', async () => {
    expect(await counted({ type: 'counter', name: 'own', value: 'not looked at' })).toEqual({
      own: [{ kind: 'counter', name: 'own', labels: PLACE, value: 4 }],
      errors: 0,
      text: PASSED,
    })
  })

  test('adds values, by labels that are taken from the message', async () => {
    const { own } = await counted({
      type: 'counter_by',
      name: 'own',
      labels: { even: '${! this.n % 2 == 0 }', always: 'x' },
      value: '${! this.n }',
    })
    expect(own.map(({ labels, value }) => [labels['even'], labels['always'], value])).toEqual([
      ['false', 'x', 4],
      ['true', 'x', 6],
    ])
  })

  test('keeps the last value of a gauge, and the percentiles of a timing', async () => {
    const gauge = await counted({ type: 'gauge', name: 'own', value: '${! -this.n }' })
    expect(gauge.own).toMatchObject([{ kind: 'gauge', value: -4 }])
    const timing = await counted({ type: 'timing', name: 'own', value: '${! this.n }' })
    expect(timing.own).toMatchObject([
      { kind: 'timing', value: { p50: 2, p90: 4, p99: 4, count: 4, sum: 10 } },
    ])
  })

  test('counts what is no number as an error, and passes the message on', async () => {
    for (const value of ['x', ' ', '${! if this.n == 2 { "-1" } else { "Infinity" } }']) {
      const { own, errors, text } = await counted({ type: 'counter_by', name: 'own', value })
      expect({ value, total: own[0]?.value ?? 0, errors, text }).toEqual({
        value,
        total: 0,
        errors: 4,
        text: PASSED,
      })
    }
  })

  test('shows a metric of the same name in two places as two series', async () => {
    const { own } = await counted(
      { type: 'counter', name: 'own' },
      { type: 'counter', name: 'own', labels: { path: 'mine' } },
    )
    expect(own.map(({ labels, value }) => [labels['path'], value])).toEqual([
      ['root.pipeline.processors.0', 4],
      ['root.pipeline.processors.1', 4],
    ])
  })

  test('wants a value where the type takes one', async () => {
    const { problems } = await inspectPipeline({
      pipeline: { processors: [{ metric: { type: 'gauge', name: 'own' } }] },
    })
    expect(problems.map(({ path }) => path.join('.'))).toEqual([
      'pipeline.processors.0.metric.value',
    ])
  })
})
