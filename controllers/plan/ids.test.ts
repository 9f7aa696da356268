import { describe, expect, test } from 'vitest'
import { declare } from '../testing.ts'
import { existing, linesOf, planOf } from './testing.ts'

const reasonOf = (plan: ReturnType<typeof planOf>): string | undefined =>
  plan.actions.find(({ verb }) => verb === 'blocked')?.reason

describe('an id', () => {
  test('is not given twice in a namespace and kind, in whatever letter case', () => {
    const holder = declare('Stream', 'old', { id: 'Orders' })
    const plan = planOf([holder, declare('Stream', 'orders')], [existing(holder)])
    expect(linesOf(plan)).toEqual(['blocked(Conflict) create Stream/default/orders'])
    expect(reasonOf(plan)).toBe(
      'The id orders is taken by Stream default/old of source local: give this one another spec.id.',
    )
  })

  test('of a retained stream stays reserved, and the refusal says how to free it', () => {
    const retained = existing(declare('Stream', 'old', { id: 'orders' }), { sealed: true })
    const plan = planOf([declare('Stream', 'new', { id: 'ORDERS' })], [retained])
    expect(linesOf(plan)).toEqual(['blocked(Conflict) create Stream/default/new'])
    expect(reasonOf(plan)).toBe(
      'The id ORDERS is taken by Stream default/old of source local, which is retained: give this one another spec.id, or purge it with `headgate purge old -n default`.',
    )
  })

  test('of what another source owns is refused, and the owner named', () => {
    const theirs = existing(declare('Pipeline', 'theirs', { id: 'shared' }), { owner: 'two' })
    const plan = planOf([declare('Pipeline', 'shared')], [theirs])
    expect(reasonOf(plan)).toContain('Pipeline default/theirs of source two')
  })

  test('is free in another kind, and where its creation never succeeded for itself alone', () => {
    const stream = declare('Stream', 'orders')
    const failed = { ...existing(declare('Pipeline', 'orders')), accepted: undefined }
    const plan = planOf([stream, declare('Pipeline', 'orders')], [existing(stream), failed])
    expect(linesOf(plan)).toEqual(['create Pipeline/default/orders'])
  })

  test('is found though one of the same id was begun and did not come to be', () => {
    const holder = existing(declare('Stream', 'old', { id: 'orders' }))
    const begun = {
      ...existing(declare('Stream', 'orders')),
      accepted: undefined,
      stream: undefined,
    }
    for (const resources of [
      [holder, begun],
      [begun, holder],
    ])
      expect(
        reasonOf(planOf([declare('Stream', 'orders')], resources, { policy: { prune: false } })),
      ).toContain('Stream default/old')
  })

  for (const kind of ['StreamType', 'Stream', 'Pipeline', 'Sink', 'AccessPolicy'] as const)
    test(`of a ${kind} is set once`, () => {
      const before = declare(kind, 'a', { id: 'one' })
      for (const after of [declare(kind, 'a', { id: 'two' }), declare(kind, 'a')]) {
        const plan = planOf([after], [existing(before)])
        expect(linesOf(plan)).toEqual([`blocked(Immutable) update ${kind}/default/a`])
        expect(reasonOf(plan)).toContain('spec.id cannot change from one to')
      }
      const named = planOf([declare(kind, 'a', { id: 'a' })], [existing(declare(kind, 'a'))])
      expect(linesOf(named)).not.toContain(`blocked(Immutable) update ${kind}/default/a`)
    })

  test('of a retained stream is set once too', () => {
    const retained = existing(declare('Stream', 'a', { id: 'one' }), { sealed: true })
    const plan = planOf([declare('Stream', 'a', { id: 'two' })], [retained])
    expect(linesOf(plan)).toEqual(['blocked(Immutable) readopt Stream/default/a'])
  })
})
