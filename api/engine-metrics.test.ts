import { Registry } from '@prometheus-io/client'
import { expect, test } from 'vitest'
import { Histogram } from '../engine/log/histogram.ts'
import type { EngineMeasures } from '../engine/measures.ts'
import { registerEngineMetrics } from './engine-metrics.ts'

function measures(): EngineMeasures {
  const appendSeconds = new Histogram([0.001, 0.01])
  for (const seconds of [0.0005, 0.001, 0.002, 0.5]) appendSeconds.observe(seconds)
  return {
    appendSeconds,
    syncSeconds: new Histogram(),
    checkpointSeconds: new Histogram(),
    queuedRequests: 3,
    queuedBytes: 4,
    refusedRequests: 5,
    journalUsedBytes: 6,
    journalCapacityBytes: 7,
    tailBytes: 8,
    unflushedBytes: 9,
  }
}

test('the engine’s counts are shown as Prometheus has them', async () => {
  const registry = new Registry()
  registerEngineMetrics(registry, measures)
  const text = await registry.metrics()
  expect(text).toContain('# TYPE headgate_engine_append_seconds histogram')
  for (const line of [
    'headgate_engine_append_seconds_bucket{le="0.001"} 2',
    'headgate_engine_append_seconds_bucket{le="0.01"} 3',
    'headgate_engine_append_seconds_bucket{le="+Inf"} 4',
    'headgate_engine_append_seconds_sum 0.5035',
    'headgate_engine_append_seconds_count 4',
    'headgate_engine_queued_writes 3',
    'headgate_engine_refused_writes_total 5',
    'headgate_engine_unflushed_bytes 9',
  ]) {
    expect(text.split('\n')).toContain(line)
  }
})

test('an engine without measures shows no counts', async () => {
  const registry = new Registry()
  registerEngineMetrics(registry, () => undefined)
  const text = await registry.metrics()
  expect(text).not.toContain('headgate_engine_append_seconds_count')
})
