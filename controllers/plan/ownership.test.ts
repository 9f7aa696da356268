import { describe, expect, test } from 'vitest'
import { declare } from '../testing.ts'
import type { OwnershipDecision } from './observed.ts'
import { existing, linesOf, planOf } from './testing.ts'

const stream = declare('Stream', 'orders', { shards: 2 })
const other = declare('Stream', 'other')
const KEY = 'Stream/default/orders'
const decided = (decision: OwnershipDecision, sources: readonly string[] = ['local', 'git']) => ({
  ownership: new Map([[KEY, decision]]),
  sources: new Set(sources),
})

describe('an owner', () => {
  test('is left in place, and the refusal says how it may change', () => {
    const theirs = existing(stream, { owner: 'git' })
    const reasonWith = (sources: readonly string[]) =>
      planOf([stream], [theirs], { sources: new Set(sources) }).actions[0]?.reason
    expect(reasonWith(['local', 'git'])).toBe(
      'It is owned by source git, so source local cannot declare it too: remove one of the two declarations, or give it away with `headgate transfer stream orders -n default --to local`.',
    )
    expect(reasonWith(['local'])).toBe(
      'It is owned by source git, which is not configured any more, so source local cannot declare it: take it with `headgate adopt stream orders -n default --source local`.',
    )
    const nobodys = planOf([stream], [{ ...theirs, owner: undefined }])
    expect(nobodys.actions[0]?.reason).toBe(
      'No source owns it, so source local does not have it by declaring it: take it with `headgate adopt stream orders -n default --source local`.',
    )
  })

  test('changes by transfer, and what differs is changed with it', () => {
    const given = decided({ verb: 'transfer', to: 'local' })
    const same = planOf([stream], [existing(stream, { owner: 'git' })], given)
    expect(same.actions).toMatchObject([
      { verb: 'transfer', ownerBefore: 'git', risk: 'safe', changes: [] },
    ])
    expect(same.actions[0]?.desired).toBeDefined()
    const shorter = declare('Stream', 'orders', { shards: 2, retention: { age: '1h' } })
    const changed = planOf([shorter], [existing(stream, { owner: 'git' })], given)
    expect(changed.actions).toMatchObject([
      { verb: 'transfer', risk: 'data-loss', changes: [{ path: 'spec.retention', to: {} }] },
    ])
  })

  test('does not change where the declaration cannot be carried out', () => {
    const typed = declare('Stream', 'orders', { type: 'reading' })
    const plan = planOf(
      [typed, declare('StreamType', 'reading')],
      [existing(stream, { owner: 'git' }), existing(declare('StreamType', 'reading'))],
      decided({ verb: 'transfer', to: 'local' }),
    )
    expect(linesOf(plan)).toEqual([`blocked(Immutable) transfer ${KEY}`])
  })

  test('is adopted from a source that is gone, or from nobody, and from no other', () => {
    const adopt = { verb: 'adopt', to: 'local' } as const
    const theirs = existing(stream, { owner: 'git' })
    expect(linesOf(planOf([stream], [theirs], decided(adopt, ['local'])))).toEqual([`adopt ${KEY}`])
    expect(linesOf(planOf([stream], [{ ...theirs, owner: undefined }], decided(adopt)))).toEqual([
      `adopt ${KEY}`,
    ])
    expect(linesOf(planOf([stream], [theirs], decided(adopt)))).toEqual([
      `blocked(Conflict) update ${KEY}`,
    ])
  })

  test('of a retained stream may be another by adoption, with its data and uid', () => {
    const sealed = existing(stream, { owner: 'git', sealed: true })
    const plan = planOf([stream], [sealed], decided({ verb: 'adopt', to: 'local' }, ['local']))
    expect(plan.actions).toMatchObject([{ verb: 'adopt', uid: sealed.uid, ownerBefore: 'git' }])
  })

  test('keeps what it no longer declares until the new one declares it', () => {
    const given = decided({ verb: 'transfer', to: 'git' })
    const plan = planOf([other], [existing(stream), existing(other)], given)
    expect(linesOf(plan)).toEqual([`blocked(Released) retain ${KEY}`])
    expect(plan.actions[0]?.reason).toContain('source git')
    expect(plan.destructiveDigest).toBeUndefined()
  })

  test('lets go of what is released, however much is released, and removes nothing of it', () => {
    const many = ['a', 'b', 'c', 'd', 'e'].map((name) => declare('Stream', name))
    const ownership = new Map(
      many.map(({ identity }) => [`Stream/default/${identity.name}`, { verb: 'release' } as const]),
    )
    const plan = planOf(
      [other],
      [...many, other].map((one) => existing(one)),
      { ownership },
    )
    expect(plan.actions.map(({ verb }) => verb)).toEqual(many.map(() => 'release'))
    expect(plan.destructiveDigest).toBeUndefined()
  })

  test('keeps what it still declares, though it is to be released', () => {
    expect(planOf([stream], [existing(stream)], decided({ verb: 'release' })).actions).toEqual([])
  })

  test('lets go of nothing while its source cannot be read in whole', () => {
    const pipeline = declare('Pipeline', 'p', { reads: 'orders' })
    const ownership = new Map([['Pipeline/default/p', { verb: 'release' } as const]])
    const plan = planOf([], [existing(pipeline), existing(stream)], {
      ownership,
      settle: undefined,
    })
    expect(plan.actions.every(({ verb }) => verb === 'blocked')).toBe(true)
  })

  test('that was let go of still holds what it refers to', () => {
    const pipeline = declare('Pipeline', 'p', { reads: 'orders' })
    const ownership = new Map([['Pipeline/default/p', { verb: 'release' } as const]])
    const resources = [existing(pipeline), existing(stream), existing(other)]
    expect(linesOf(planOf([other], resources, { ownership }))).toEqual([
      'release Pipeline/default/p',
      `blocked(InUse) retain ${KEY}`,
    ])
  })
})
