import { expect, test } from 'vitest'
import { PipelineMetrics, SERIES_MAX } from '../component-metrics.ts'
import { KeptLines, LINES_KEPT_MAX, writeLines } from './kept-lines.ts'
import { MeasuresOfWorker, RecordedMetrics, TIMINGS_KEPT_MAX } from './recorded-metrics.ts'

const AT = { label: 'l', path: 'root.p' }

function taken(recorded: RecordedMetrics): ReturnType<RecordedMetrics['take']> {
  return structuredClone(recorded.take(0))
}

test('what is counted in a worker is counted in the pipeline, once, under the same labels', () => {
  const recorded = new RecordedMetrics()
  const metrics = new PipelineMetrics()
  const measures = new MeasuresOfWorker(metrics)
  const counter = recorded.of(AT).counter('c', { by: 'x' })
  for (let round = 0; round < 2; round++) {
    counter.add(2)
    counter.add(3)
    recorded.of(AT).gauge('g').set(round)
    recorded.of(AT).timing('t').observe(10, 4)
    const told = taken(recorded)
    measures.name(told)
    measures.add(told)
  }
  const labels = { by: 'x', ...AT }
  expect(metrics.series()).toEqual([
    { kind: 'counter', name: 'c', labels, value: 10 },
    { kind: 'gauge', name: 'g', labels: AT, value: 1 },
    {
      kind: 'timing',
      name: 't',
      labels: AT,
      value: expect.objectContaining({ count: 8, sum: 80 }),
    },
  ])
})

test('a series shows before anything was counted in it', () => {
  const recorded = new RecordedMetrics()
  const metrics = new PipelineMetrics()
  recorded.of(AT).counter('c')
  new MeasuresOfWorker(metrics).name(taken(recorded))
  expect(metrics.series()).toEqual([{ kind: 'counter', name: 'c', labels: AT, value: 0 }])
})

test('timings beyond what is kept count, with the last that is', () => {
  const recorded = new RecordedMetrics()
  const timing = recorded.of(AT).timing('t')
  for (let count = 0; count <= TIMINGS_KEPT_MAX; count++) timing.observe(count)
  const { added } = taken(recorded)
  expect(added).toHaveLength(TIMINGS_KEPT_MAX)
  expect(added.at(-1)).toEqual([0, TIMINGS_KEPT_MAX - 1, 2])
})

test('series beyond what a pipeline has count nowhere', () => {
  const recorded = new RecordedMetrics()
  for (let count = 0; count <= SERIES_MAX; count++) recorded.of(AT).counter(`c${count}`).add(1)
  const { made, added } = taken(recorded)
  expect(made).toHaveLength(SERIES_MAX)
  expect(added).toHaveLength(SERIES_MAX)
})

test('lines come in their order and with their fields, up to a limit that is told', () => {
  const lines = new KeptLines()
  const method = (): void => {}
  for (let count = 0; count < LINES_KEPT_MAX + 2; count++) {
    lines.info(`line ${count}`, { count, method, error: new Error('why') })
  }
  const heard: unknown[][] = []
  const hear = (...line: unknown[]): void => void heard.push(line)
  writeLines(
    structuredClone(lines.take()),
    { debug: hear, info: hear, warn: hear, error: hear },
    'p',
  )
  expect(heard).toHaveLength(LINES_KEPT_MAX + 1)
  expect(heard[1]?.[0]).toBe('line 1')
  expect(heard[1]?.[1]).toMatchObject({ count: 1, error: expect.any(Error) })
  expect(heard.at(-1)?.[1]).toEqual({ pipeline: 'p', leftOut: 2 })
  expect(lines.take()).toEqual({ kept: [], leftOut: 0 })
})
