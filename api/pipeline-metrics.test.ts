import { expect, test } from 'vitest'
import type { MetricSeries } from '../engine/pipelines/pipeline.ts'
import { pipelineMetricsText } from './pipeline-metrics.ts'

const LABELS = { label: '', path: 'root.input' }
const counter = (name: string, value: number, labels: object = LABELS): MetricSeries => ({
  kind: 'counter',
  name,
  labels: { ...LABELS, ...labels },
  value,
})
const free = (): boolean => false
const linesOf = (text: string): readonly string[] =>
  text.split('\n').filter((line) => line !== '' && !line.startsWith('# HELP'))

test('a family holds the series of all pipelines, a namespace only where it is not the default', () => {
  const text = pipelineMetricsText(
    [
      { stream: 'a', namespace: 'default', series: [counter('input_received', 1)] },
      { stream: 'a', namespace: 'lab', series: [counter('input_received', 2)] },
    ],
    free,
  )
  expect(text).toContain('# HELP input_received Messages that an input received.\n')
  expect(linesOf(text)).toEqual([
    '# TYPE input_received counter',
    'input_received{stream="a",label="",path="root.input"} 1',
    'input_received{stream="a",namespace="lab",label="",path="root.input"} 2',
  ])
})

test('a timing is a summary of nanoseconds', () => {
  const value = { p50: 1, p90: 2, p99: 3, count: 4, sum: 5 }
  const series: MetricSeries = { kind: 'timing', name: 'took', labels: LABELS, value }
  const labels = 'stream="a",label="",path="root.input"'
  expect(
    linesOf(pipelineMetricsText([{ stream: 'a', namespace: 'default', series: [series] }], free)),
  ).toEqual([
    '# TYPE took summary',
    `took{${labels},quantile="0.5"} 1`,
    `took{${labels},quantile="0.9"} 2`,
    `took{${labels},quantile="0.99"} 3`,
    `took_sum{${labels}} 5`,
    `took_count{${labels}} 4`,
  ])
})

test('what a config names is made fit for the page, and stands apart from what is on it already', () => {
  const value = { p50: 0, p90: 0, p99: 0, count: 0, sum: 0 }
  const series: readonly MetricSeries[] = [
    counter('2nd try', 1, { 'a-b': 'say "no"\\\n', stream: 'not this' }),
    { kind: 'gauge', name: '2nd try', labels: LABELS, value: 2 },
    counter('process_cpu_seconds_total', 3),
    counter('took_count', 4),
    { kind: 'timing', name: 'took', labels: LABELS, value },
  ]
  const text = pipelineMetricsText(
    [{ stream: 'a', namespace: 'default', series }],
    (name) => name === 'process_cpu_seconds_total',
  )
  const lines = linesOf(text)
  expect(lines.filter((line) => line.startsWith('# TYPE'))).toEqual([
    '# TYPE _2nd_try counter',
    '# TYPE _2nd_try_gauge gauge',
    '# TYPE process_cpu_seconds_total_counter counter',
    '# TYPE took_count counter',
    '# TYPE took_summary summary',
  ])
  expect(lines[1]).toBe(
    String.raw`_2nd_try{stream="a",label="",path="root.input",a_b="say \"no\"\\\n"} 1`,
  )
})
