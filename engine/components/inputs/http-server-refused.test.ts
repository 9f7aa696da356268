import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { HeadgateError } from '../../error.ts'
import { gatedEngine } from '../../log/gated-engine.ts'
import { openMemoryEngine } from '../../log/memory-engine.ts'
import type { WriteGate } from '../../log/write-gate.ts'
import { testEnvironment } from '../../pipelines/testing.ts'
import { realClock } from '../../ports/real-clock.ts'
import { realRandom } from '../../ports/real-random.ts'
import { SimulatedClock } from '../../ports/simulated-clock.ts'
import { NamespaceQuotas, type Quota } from '../../streams/quotas.ts'
import { createStream, started } from '../testing.ts'

/** Posts once each to an http_server input whose stream is behind the gate; the answers in their order, and the trouble that is left. */
async function exchange(
  gate: WriteGate,
  bodies: readonly string[],
): Promise<{ readonly told: readonly unknown[]; readonly trouble: string | undefined }> {
  const memory = openMemoryEngine({ clock: realClock, random: realRandom })
  await using engine = gatedEngine(memory, gate)
  await createStream(engine, 'orders')
  const environment = testEnvironment({ name: 'in', engine })
  const spec = { input: { http_server: {} }, output: { stream: { name: 'orders' } } }
  const pipeline = await started(spec, environment)
  const server = createServer((request, response) => {
    environment.endpoints.handlers.get(request.url ?? '')?.(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const told: unknown[] = []
  let trouble: string | undefined
  try {
    for (const body of bodies) {
      const response = await fetch(`http://127.0.0.1:${port}/in/post`, { method: 'POST', body })
      told.push([response.status, response.headers.get('retry-after'), await response.text()])
    }
    trouble = pipeline.state().message
  } finally {
    await pipeline.stop(1_000)
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { told, trouble }
}

const answers = async (gate: WriteGate, bodies: readonly string[]): Promise<readonly unknown[]> =>
  (await exchange(gate, bodies)).told

function quotaOf(quota: Quota): WriteGate {
  // Time stands still, or the rate would depend on how fast the test runs.
  return new NamespaceQuotas(new Map([['default', quota]]), new SimulatedClock())
}

const refusing = (error: HeadgateError): WriteGate => ({
  admit: () => {
    throw error
  },
  admitStream: () => {},
  released: () => {},
  removed: () => {},
  load: () => {},
})

test('http_server says when to come again to a stream that takes too much at once', async () => {
  const [first, second] = await answers(quotaOf({ bytesPerSecond: 1_000 }), [
    'x'.repeat(3_000),
    'x',
  ])
  expect(first).toEqual([200, null, ''])
  expect(second).toEqual([
    429,
    '3',
    'expected at most 1000 B a second into namespace default, got more',
  ])
})

test('http_server tells apart a quota that is full from a message that is bad', async () => {
  const quota = quotaOf({ bytes: 1_024 })
  const { told, trouble } = await exchange(quota, ['x'.repeat(2_000), 'small'])
  expect(told).toEqual([
    [507, '5', expect.stringMatching(/^expected at most 1\.0 KiB in namespace default, got 0 B/)],
    [200, null, ''],
  ])
  // What was refused is the client's; the pipeline is held up no more.
  expect(trouble).toBeUndefined()
  const { trouble: still } = await exchange(quota, ['x'.repeat(2_000)])
  expect(still).toContain('expected at most 1.0 KiB')
})

test('http_server passes on what else the log refuses for now, and nothing more', async () => {
  const full = new HeadgateError('DiskFull', 'expected room, got none')
  expect(await answers(refusing(full), ['x'])).toEqual([[507, '1', 'expected room, got none']])
  const busy = new HeadgateError('BackPressure', 'expected room, got none', { retryAfterMs: 50 })
  expect(await answers(refusing(busy), ['x'])).toEqual([[503, '1', 'expected room, got none']])
  const wrong = new HeadgateError('ShardOutOfRange', 'expected a shard, got none')
  expect(await answers(refusing(wrong), ['x'])).toEqual([[502, null, 'expected a shard, got none']])
})
