import { describe, expect, test } from 'vitest'
import { declare } from '../testing.ts'
import { driftOf } from './drift.ts'
import type { ObservedResource } from './observed.ts'
import { existing, linesOf, planOf } from './testing.ts'

const spec = { retention: { age: '7d' }, protected: false }
const stream = declare('Stream', 'orders', spec)
const HOUR_MS = 3_600_000

const changedBehindOurBack = (
  change: Partial<NonNullable<ObservedResource['stream']>>,
): ObservedResource => {
  const observed = existing(stream)
  if (observed.stream === undefined) throw new Error('no stream')
  return { ...observed, stream: { ...observed.stream, ...change } }
}
const shortened = changedBehindOurBack({ retention: { ageMs: HOUR_MS, bytes: undefined } })

describe('drift', () => {
  test('is reverted, and the plan says what was and what shall be', () => {
    expect(planOf([stream], [shortened]).actions).toMatchObject([
      {
        verb: 'update',
        risk: 'safe',
        reason: 'drifted: spec.retention.age is 1h instead of 7d',
        changes: [{ path: 'spec.retention.age', from: '1h', to: '7d' }],
      },
    ])
  })

  test('whose end would lose data says so, and what that costs', () => {
    const longer = changedBehindOurBack({ retention: { ageMs: undefined, bytes: undefined } })
    expect(planOf([stream], [longer]).actions).toMatchObject([
      { verb: 'update', risk: 'data-loss', cost: { records: 100 } },
    ])
  })

  test('is reported only, where the source says so', () => {
    const plan = planOf([stream], [shortened], { policy: { drift: 'report' } })
    expect(linesOf(plan)).toEqual(['blocked(Drifted) update Stream/default/orders'])
    expect(plan.actions[0]?.changes).toHaveLength(1)
  })

  test('that comes back again and again is reported, with who writes it', () => {
    const flapping = (path: string) =>
      new Map([['Stream/default/orders', [{ path, writer: 'the v3io API' }]]])
    const plan = planOf([stream], [shortened], { flapping: flapping('spec.retention.age') })
    expect(linesOf(plan)).toEqual(['blocked(Drifted) update Stream/default/orders'])
    expect(plan.actions[0]?.reason).toContain('the v3io API changes spec.retention.age')
    expect(
      linesOf(planOf([stream], [shortened], { flapping: flapping('spec.durability') })),
    ).toEqual(['update Stream/default/orders'])
  })

  test('ends with a declaration that says what is', () => {
    const adapted = declare('Stream', 'orders', { ...spec, retention: { age: '1h' } })
    expect(planOf([adapted], [shortened]).actions).toMatchObject([
      { verb: 'update', risk: 'safe', reason: 'spec.retention.age changed' },
    ])
  })

  test('is none where more shards exist than are declared', () => {
    expect(driftOf(changedBehindOurBack({ shards: 9 }))).toEqual([])
    expect(planOf([stream], [changedBehindOurBack({ shards: 9 })]).actions).toEqual([])
  })
})
