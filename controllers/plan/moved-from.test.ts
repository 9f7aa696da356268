import { describe, expect, test } from 'vitest'
import type { Member, Resource } from '../sets/resource-set.ts'
import { declare, type Spec, setOf } from '../testing.ts'
import { MOVED_FROM } from './moved-from.ts'
import { existing, linesOf, planOf } from './testing.ts'

const renamed = (
  name: string,
  from: string,
  spec: Spec = {},
): Extract<Member, { state: 'valid' }> => {
  const member = declare('Stream', name, spec)
  if (member.state === 'invalid') throw new Error('invalid')
  const annotations = { [MOVED_FROM]: from }
  const resource: Resource = { ...member.resource, annotations, digest: `${name} from ${from}` }
  return { ...member, resource }
}
const old = declare('Stream', 'old')
const reader = (stream: string) => declare('Pipeline', 'reader', { reads: stream })
const KEY = 'Stream/default/new'

describe('moved-from', () => {
  test('renames a stream, keeps its uid, and leaves nothing to remove', () => {
    const plan = planOf([renamed('new', 'old')], [existing(old)])
    expect(plan.actions).toMatchObject([
      {
        verb: 'update',
        uid: 'uid-Stream/default/old',
        movedFrom: { kind: 'Stream', namespace: 'default', name: 'old' },
        reason: 'renamed from old, with its data',
        risk: 'safe',
      },
    ])
    expect(plan.destructiveDigest).toBeUndefined()
  })

  test('lets its readers turn to the new name after it, and removes others before it', () => {
    const gone = declare('Sink', 'gone', { reads: 'old' })
    const resources = [existing(old), existing(reader('old')), existing(gone)]
    const plan = planOf([renamed('new', 'old'), reader('new')], resources)
    expect(linesOf(plan)).toEqual([
      'delete Sink/default/gone',
      `update ${KEY}`,
      'replace Pipeline/default/reader',
    ])
    expect(plan.actions.map(({ waitsFor }) => waitsFor)).toEqual([[], ['Sink/default/gone'], [KEY]])
  })

  test('carries out what else changed, and says what that costs', () => {
    const plan = planOf([renamed('new', 'old', { retention: { age: '1h' } })], [existing(old)])
    expect(plan.actions).toMatchObject([
      { verb: 'update', risk: 'data-loss', cost: { records: 100 } },
    ])
  })

  test('takes back a retained stream under its new name', () => {
    const plan = planOf([renamed('new', 'old')], [existing(old, { sealed: true })])
    expect(plan.actions).toMatchObject([{ verb: 'readopt', movedFrom: { name: 'old' } }])
  })

  test('asks for nothing once it is done, or where nothing had the name, so the old one is free', () => {
    const now = renamed('new', 'old')
    expect(planOf([now], [existing(now)]).actions).toEqual([])
    expect(planOf([now, old], [existing(now), existing(old)]).actions).toEqual([])
    expect(linesOf(planOf([now, old], [existing(now)]))).toEqual(['create Stream/default/old'])
    expect(linesOf(planOf([now], []))).toEqual([`create ${KEY}`])
  })

  const typed = declare('Stream', 'old', { type: 'reading' })
  const reading = declare('StreamType', 'reading')
  const refused: Readonly<
    Record<string, readonly [() => ReturnType<typeof planOf>, string, RegExp]>
  > = {
    'the old one is still declared': [
      () => planOf([renamed('new', 'old'), old], [existing(old)]),
      'Conflict',
      /Stream default\/old is still declared, in old\.yaml:1/,
    ],
    'another source owns it': [
      () => planOf([renamed('new', 'old')], [existing(old, { owner: 'git' })]),
      'Conflict',
      /owned by source git/,
    ],
    'nobody owns it': [
      () => planOf([renamed('new', 'old')], [{ ...existing(old), owner: undefined }]),
      'Conflict',
      /owned by no source/,
    ],
    'two say that they had the name': [
      () => planOf([renamed('new', 'old'), renamed('newer', 'old')], [existing(old)]),
      'Conflict',
      /only one of them/,
    ],
    'its type is another': [
      () => planOf([renamed('new', 'old')], [existing(typed), existing(reading)]),
      'Immutable',
      /keeps its type/,
    ],
    'the id that others call it by would change': [
      () => planOf([renamed('new', 'old')], [existing(declare('Stream', 'old', { id: 'Orders' }))]),
      'Immutable',
      /write spec\.id: Orders/,
    ],
    'the new name exists': [
      () => planOf([renamed('new', 'old')], [existing(old), existing(declare('Stream', 'new'))]),
      'Conflict',
      /records of its own/,
    ],
    'the new name is retained': [
      () =>
        planOf(
          [renamed('new', 'old')],
          [existing(old), existing(declare('Stream', 'new'), { sealed: true })],
        ),
      'Conflict',
      /records of its own/,
    ],
    'the source cannot be read in whole': [
      () =>
        planOf([], [existing(old)], { set: setOf([renamed('new', 'old')], { incomplete: 'cut' }) }),
      'Incomplete',
      /may be declared still/,
    ],
    'something still reads the old name': [
      () =>
        planOf([renamed('new', 'old')], [existing(old), existing(reader('old'), { owner: 'git' })]),
      'InUse',
      /Pipeline default\/reader still refers to Stream old/,
    ],
    'it is suspended under the old name': [
      () =>
        planOf([renamed('new', 'old')], [existing(old)], {
          suspensions: new Map([
            ['Stream/default/old', { reason: undefined, sinceUs: 0, untilUs: undefined }],
          ]),
        }),
      'Suspended',
      /suspended/,
    ],
  }
  for (const [why, [plan, blockedBy, reason]] of Object.entries(refused))
    test(`is refused where ${why}, and the old stream stays as it is`, () => {
      const { actions, destructiveDigest } = plan()
      const move = actions.find(({ identity }) => identity.name === 'new')
      expect(move).toMatchObject({ verb: 'blocked', blockedBy })
      expect(move?.reason).toMatch(reason)
      expect(actions.filter(({ verb }) => verb !== 'blocked')).toEqual([])
      expect(destructiveDigest).toBeUndefined()
    })
})
