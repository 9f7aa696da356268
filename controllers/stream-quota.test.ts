import { afterEach, describe, expect, test } from 'vitest'
import { NamespaceQuotas } from '../engine/streams/quotas.ts'
import { type RunningControlPlane, startControlPlane } from './start-control-plane.ts'
import { declare, FakeSource, setOf, worldOf } from './testing.ts'

const running: RunningControlPlane[] = []
afterEach(async () => {
  for (const plane of running.splice(0)) await plane[Symbol.asyncDispose]()
})

async function start(given: Parameters<typeof worldOf>[1]): Promise<RunningControlPlane> {
  const { options } = worldOf([new FakeSource(setOf([declare('Stream', 'orders')]))], given)
  const plane = await startControlPlane(options)
  running.push(plane)
  await plane.sources.firstConvergence()
  return plane
}

interface StreamStatus {
  readonly quota?: unknown
  readonly conditions: readonly { readonly type: string; status: string; reason: string }[]
}

function statusOf(plane: RunningControlPlane): StreamStatus {
  const status = plane.resources.get('Stream', 'default', 'orders')?.status
  if (status === undefined) throw new Error('expected a stream, got none')
  return status as unknown as StreamStatus
}

const conditionsOf = (plane: RunningControlPlane): readonly string[] =>
  statusOf(plane).conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`)

describe('a stream', () => {
  test('shows the quota of its namespace as it fills, and stays as declared', async () => {
    const quotas = new NamespaceQuotas(new Map([['default', { bytes: 100 }]]), {
      monotonicMs: () => 0,
    })
    const plane = await start({ quotas })
    expect(statusOf(plane).quota).toEqual({ bytes: 100, usedBytes: 0 })
    expect(conditionsOf(plane)).toEqual(['Ready True Available'])
    const fill = (bytes: number): void =>
      quotas.load([{ name: 'default/orders', incarnation: 1, bytes }])
    fill(81)
    expect(conditionsOf(plane)).toEqual([
      'Ready True Available',
      'QuotaPressure True QuotaNearlyFull',
    ])
    fill(100)
    expect(statusOf(plane).quota).toEqual({ bytes: 100, usedBytes: 100 })
    expect(conditionsOf(plane)).toEqual([
      'Ready False QuotaExceeded',
      'QuotaPressure True QuotaExceeded',
    ])
    fill(1)
    expect(conditionsOf(plane)).toEqual(['Ready True Available'])
    const stream = plane.resources.get('Stream', 'default', 'orders')
    expect(stream?.metadata.generation).toBe(1)
  })

  test('of a namespace without a quota says nothing of one', async () => {
    const other = new Map([['other', { bytes: 1 }]])
    for (const given of [{}, { quotas: new NamespaceQuotas(other, { monotonicMs: () => 0 }) }]) {
      const plane = await start(given)
      expect(statusOf(plane)).not.toHaveProperty('quota')
      expect(conditionsOf(plane)).toEqual(['Ready True Available'])
    }
  })
})
