import { describe, expect, test } from 'vitest'
import { declare, setOf } from '../testing.ts'
import { APPROVAL_VALID_US } from './destructive-digest.ts'
import { isRemoval } from './order.ts'
import type { Plan } from './plan.ts'
import { advanceSettle, isSettled } from './settle.ts'
import { existing, linesOf, NOW_US, planOf } from './testing.ts'

const streams = (count: number) =>
  Array.from({ length: count }, (_, index) =>
    declare('Stream', `s${String(index).padStart(3, '0')}`),
  )
const removals = ({ actions }: Plan): number => actions.filter(({ verb }) => isRemoval(verb)).length

describe('every way in which a source can look empty deletes nothing', () => {
  const all = streams(10)
  const rest = all.slice(5)
  const resources = all.map((member) => existing(member))

  const ways: Readonly<Record<string, () => Plan>> = {
    'the folder is gone': () =>
      planOf([], resources, { set: setOf([], { incomplete: 'The folder is gone.' }) }),
    'one file cannot be read': () =>
      planOf(rest, resources, { set: setOf(rest, { incomplete: 'orders.yaml cannot be read.' }) }),
    'a file is cut in half': () =>
      planOf(all.slice(1), resources, { set: setOf(all.slice(1), { incomplete: 'syntax' }) }),
    'it declares nothing': () => planOf([], resources),
    'it declares nothing, and owns one': () => planOf([], resources.slice(0, 1)),
    'half of a kind is gone': () => planOf(rest, resources),
    'it was read once only': () =>
      planOf(all.slice(1), resources, { settle: advanceSettle(undefined, setOf(all.slice(1)), 0) }),
    'it has not lasted': () =>
      planOf(all.slice(1), resources, {
        settle: { identities: 'x', sinceMs: 0, sweeps: 5, lastMs: 1_999 },
      }),
    'it points elsewhere': () =>
      planOf(all.slice(1), resources, { policy: { location: '/elsewhere' } }),
    'its pruning is off': () => planOf(all.slice(1), resources, { policy: { prune: false } }),
    'it belongs to another source': () =>
      planOf(
        [],
        all.map((member) => existing(member, { owner: 'git' })),
      ),
    'it lies outside of its scope': () =>
      planOf([], resources, { policy: { scope: { namespaces: ['edge'], kinds: undefined } } }),
    'everything is protected': () =>
      planOf(all.slice(1), [
        existing(declare('Stream', 's000', { protected: true })),
        ...resources.slice(1),
      ]),
  }
  for (const [way, plan] of Object.entries(ways))
    test(way, () => {
      expect(removals(plan())).toBe(0)
    })

  test('an incomplete set deletes nothing even where the look before was settled', () => {
    const set = setOf(all.slice(1), { incomplete: 'syntax' })
    const settle = { identities: 'x', sinceMs: 0, sweeps: 9, lastMs: 9_000 }
    const plan = planOf([], resources, { set, settle })
    expect(linesOf(plan)).toEqual(['blocked(Incomplete) retain Stream/default/s000'])
    expect(plan.destructiveDigest).toBeUndefined()
  })

  test('while what is settled and small goes', () => {
    expect(removals(planOf(all.slice(3), resources))).toBe(3)
  })
})

describe('the budget', () => {
  test('blocks the thirty-first of a hundred, and then no absence of that source acts', () => {
    const all = streams(100)
    const sinks = [declare('Sink', 'a'), declare('Sink', 'b')]
    const resources = [...all, ...sinks].map((member) => existing(member))
    expect(removals(planOf([...all.slice(30), ...sinks], resources))).toBe(30)
    const over = planOf([...all.slice(31), declare('Sink', 'b')], resources)
    expect(removals(over)).toBe(0)
    expect(over.actions.every(({ blockedBy }) => blockedBy === 'OverBudget')).toBe(true)
  })

  test('counts what was lost in the last hour, and not what was lost before', () => {
    const all = streams(5)
    const resources = all.map((member) => existing(member))
    const lost = (agoUs: number) => [{ kind: 'Stream', atUs: NOW_US - agoUs } as const]
    expect(removals(planOf(all.slice(3), resources, { pruned: lost(60_000_000) }))).toBe(0)
    expect(removals(planOf(all.slice(3), resources, { pruned: lost(3_600_000_000) }))).toBe(3)
  })

  test('is lifted by the approval of exactly this plan, for a day', () => {
    const all = streams(10)
    const resources = all.map((member) => existing(member))
    const { destructiveDigest = '' } = planOf(all.slice(5), resources)
    const given = (digest: string, agoUs: number) => ({
      approvals: [{ digest, givenUs: NOW_US - agoUs }],
    })
    expect(removals(planOf(all.slice(5), resources, given(destructiveDigest, 0)))).toBe(5)
    expect(
      removals(planOf(all.slice(5), resources, given(destructiveDigest, APPROVAL_VALID_US))),
    ).toBe(0)
    expect(removals(planOf(all.slice(6), resources, given(destructiveDigest, 0)))).toBe(0)
  })

  test('has one digest however the counts and the time are, and another for another place', () => {
    const all = streams(10)
    const few = planOf(
      all.slice(5),
      all.map((member) => existing(member, { records: 1 })),
    )
    const many = planOf(
      all.slice(5),
      all.map((member) => existing(member, { records: 9_000 })),
    )
    expect(many.destructiveDigest).toBe(few.destructiveDigest)
    const moved = planOf(
      all.slice(5),
      all.map((member) => existing(member)),
      { policy: { location: '/elsewhere' } },
    )
    expect(moved.destructiveDigest).not.toBe(few.destructiveDigest)
  })

  test('does not judge again what was decided before a crash', () => {
    const all = streams(10)
    const resources = all.map((member, index) => ({
      ...existing(member),
      removal: index < 5 ? ('retain' as const) : undefined,
    }))
    expect(removals(planOf(all.slice(5), resources))).toBe(5)
  })

  test('seals under Retain, deletes under Delete, and knows what that costs', () => {
    const kept = declare('Stream', 'kept')
    const gone = declare('Stream', 'gone', { deletionPolicy: 'Delete' })
    const other = declare('Stream', 'other')
    const plan = planOf([other], [existing(kept), existing(gone, { records: 7 }), existing(other)])
    expect(linesOf(plan)).toEqual(['delete Stream/default/gone', 'retain Stream/default/kept'])
    expect(plan.actions[0]).toMatchObject({ risk: 'data-loss', cost: { records: 7, bytes: 70 } })
  })
})

describe('settling', () => {
  const one = setOf([declare('Stream', 'a')])

  test('takes two complete sweeps, and the time between the first and the last', () => {
    const first = advanceSettle(undefined, one, 0)
    expect(isSettled(first, 0)).toBe(false)
    expect(isSettled(advanceSettle(first, one, 1_999), 2_000)).toBe(false)
    expect(isSettled(advanceSettle(first, one, 2_000), 2_000)).toBe(true)
  })

  test('compares identities, not contents', () => {
    const edited = setOf([declare('Stream', 'a', { shards: 2 })])
    expect(isSettled(advanceSettle(advanceSettle(undefined, one, 0), edited, 2_000), 2_000)).toBe(
      true,
    )
  })

  test('a narrow look is no sweep, but a change that it sees begins the wait', () => {
    const two = setOf([declare('Stream', 'a'), declare('Stream', 'b')])
    const narrow = { ...one, isNarrow: true } as const
    const seen = advanceSettle(advanceSettle(undefined, two, 0), narrow, 1_000)
    expect(seen).toMatchObject({ sinceMs: 1_000, sweeps: 0 })
    const swept = advanceSettle(advanceSettle(seen, narrow, 2_000), one, 3_000)
    expect(isSettled(swept, 2_000)).toBe(false)
    expect(isSettled(advanceSettle(swept, one, 3_001), 2_000)).toBe(true)
  })

  test('begins anew after an incomplete sweep, and with other identities', () => {
    const first = advanceSettle(undefined, one, 0)
    expect(advanceSettle(first, setOf([], { incomplete: 'gone' }), 1)).toBeUndefined()
    expect(isSettled(advanceSettle(first, setOf([]), 5_000), 2_000)).toBe(false)
  })
})
