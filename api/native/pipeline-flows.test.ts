import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeBatch } from '../../engine/log/batch.ts'
import type { MetricSeries } from '../../engine/pipelines/pipeline.ts'
import { openTestServer, resource, streamRecord, type TestServer } from '../testing.ts'

const BASE = '/apis/headgate.dev/v1alpha1/namespaces/default'
let server: TestServer

beforeAll(async () => {
  server = await openTestServer()
  const { incarnation } = await server.engine.streams.create(
    streamRecord('default/orders', { shards: 2 }),
  )
  const batch = encodeBatch(['1', '2', '3'].map((text) => ({ data: Buffer.from(text) })))
  await server.engine.log.write({
    appends: [{ stream: 'default/orders', incarnation, shard: 0, batch }],
  })
  const offset = { stream: 'default/orders', incarnation, shard: 0, next: 2 }
  await server.engine.groups.reset('pipeline.clean', [offset])
  server.objects.push(resource('Pipeline', 'clean'), resource('Sink', 'clean'))
  const latency = { p50: 0.004, p90: 0.01, p99: 0.02, sum: 1, count: 7 }
  server.flows.set('Pipeline/default/clean', {
    latency,
    readings: [
      { stream: 'orders', group: 'pipeline.clean', shards: undefined },
      { stream: 'not-yet', group: 'pipeline.clean', shards: undefined },
    ],
  })
})
afterAll(() => server[Symbol.asyncDispose]())

async function call(path: string): Promise<[number, { status: Record<string, unknown> }]> {
  const response = await fetch(`${server.url}${BASE}${path}`)
  return [response.status, (await response.json()) as { status: Record<string, unknown> }]
}

test('a flow tells latency in seconds and the lag of each stream that is there', async () => {
  const [code, flow] = await call('/pipelines/clean/flow')
  expect(code).toBe(200)
  expect(flow).toEqual({
    apiVersion: 'headgate.dev/v1alpha1',
    kind: 'PipelineFlow',
    metadata: { name: 'clean', namespace: 'default' },
    status: {
      running: true,
      delivered: 7,
      latencySeconds: { p50: 0.004, p90: 0.01, p99: 0.02 },
      streams: [{ stream: 'orders', lag: { records: 2, seconds: expect.any(Number) } }],
    },
  })
})

test('a flow tells how many dead letters it made, where it makes any', async () => {
  const series = (value: number, path: string, stream: string): MetricSeries => {
    const labels = { path, dead_letter_stream: stream }
    return { kind: 'counter', name: 'dead_letters', labels, value } as MetricSeries
  }
  server.series.set('Pipeline/default/clean', [
    series(2, 'root.output.a', 'failed'),
    series(3, 'root.output.b', 'failed'),
    series(0, 'root.output.c', 'odd'),
  ])
  const [, { status }] = await call('/pipelines/clean/flow')
  server.series.clear()
  expect(status['deadLetters']).toEqual([
    { stream: 'failed', letters: 5 },
    { stream: 'odd', letters: 0 },
  ])
})

test('what does not run has no flow, and what is not there is not found', async () => {
  expect(await call('/sinks/clean/flow')).toMatchObject([
    200,
    { kind: 'SinkFlow', status: { running: false } },
  ])
  expect((await call('/pipelines/none/flow'))[0]).toBe(404)
})
