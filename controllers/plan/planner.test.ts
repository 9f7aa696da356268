import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { declare, invalid, setOf } from '../testing.ts'
import { existing, linesOf, NOW_US, planOf } from './testing.ts'

const type = declare('StreamType', 'reading', { properties: [] })
const stream = declare('Stream', 'orders', { shards: 4, retention: { age: '7d' } })
const pipeline = declare('Pipeline', 'clean', { input: {}, output: {}, reads: 'orders' })

describe('plan', () => {
  test('keeps what is as declared, and lists nothing', () => {
    const plan = planOf([stream, pipeline], [existing(stream), existing(pipeline)])
    expect(plan).toMatchObject({ actions: [], kept: 2, destructiveDigest: undefined })
  })

  test('creates what is referred to first, and waits only for that', () => {
    const typed = declare('Stream', 'events', { type: 'reading' })
    const sink = declare('Sink', 'out', { reads: 'events' })
    const plan = planOf([sink, pipeline, typed, stream, type], [])
    expect(linesOf(plan)).toEqual([
      'create StreamType/default/reading',
      'create Stream/default/events',
      'create Stream/default/orders',
      'create Sink/default/out',
      'create Pipeline/default/clean',
    ])
    expect(plan.actions.map(({ waitsFor }) => waitsFor)).toEqual([
      [],
      ['StreamType/default/reading'],
      [],
      ['Stream/default/events'],
      ['Stream/default/orders'],
    ])
  })

  test('removes in reverse: a stream goes after the pipeline that read it', () => {
    const other = declare('Stream', 'other')
    const plan = planOf([other], [existing(other), existing(stream), existing(pipeline)])
    expect(linesOf(plan)).toEqual(['delete Pipeline/default/clean', 'retain Stream/default/orders'])
    expect(plan.actions[1]?.waitsFor).toEqual(['Pipeline/default/clean'])
  })

  test('keeps a stream that a pipeline still reads, and says which', () => {
    const plan = planOf([pipeline], [existing(stream), existing(pipeline)])
    expect(linesOf(plan)).toEqual(['blocked(InUse) retain Stream/default/orders'])
    expect(plan.actions[0]?.reason).toContain('Pipeline default/clean')
  })

  test('keeps the type of a stream that is retained: it stays reserved', () => {
    const typed = declare('Stream', 'events', { type: 'reading' })
    const plan = planOf([stream], [existing(stream), existing(type), existing(typed)])
    expect(linesOf(plan)).toEqual([
      'retain Stream/default/events',
      'blocked(InUse) delete StreamType/default/reading',
    ])
  })

  test('calls fewer shards than there are satisfied, with the reason', () => {
    const fewer = declare('Stream', 'orders', { shards: 2, retention: { age: '7d' } })
    const plan = planOf([fewer], [existing(stream)])
    expect(plan.actions[0]).toMatchObject({ verb: 'update', risk: 'safe' })
    expect(plan.actions[0]?.reason).toContain('2 shards are satisfied by the 4 that exist')
  })

  test('knows what a shorter retention costs', () => {
    const shorter = declare('Stream', 'orders', { shards: 4, retention: { age: '1d' } })
    const plan = planOf([shorter], [existing(stream, { records: 1_200 })])
    expect(plan.actions[0]).toMatchObject({
      verb: 'update',
      risk: 'data-loss',
      cost: { records: 1_200, bytes: 12_000 },
      changes: [{ path: 'spec.retention.age', from: '7d', to: '1d' }],
    })
  })

  test('lets an untyped stream forget after a day, so that adding the default is no loss', () => {
    const bare = declare('Stream', 'bare')
    const said = declare('Stream', 'bare', { retention: { age: '1d' } })
    expect(planOf([said], [existing(bare)]).actions[0]?.risk).toBe('safe')
  })

  test('refuses a shorter retention of a protected stream until a revision unprotects it', () => {
    const spec = { retention: { age: '7d' }, protected: true }
    const guarded = existing(declare('Stream', 'orders', spec))
    const shorter = { retention: { age: '1d' } }
    const refused = planOf(
      [declare('Stream', 'orders', { ...shorter, protected: true })],
      [guarded],
    )
    expect(linesOf(refused)).toEqual(['blocked(Protected) update Stream/default/orders'])
    const allowed = planOf(
      [declare('Stream', 'orders', { ...shorter, protected: false })],
      [guarded],
    )
    expect(linesOf(allowed)).toEqual(['update Stream/default/orders'])
  })

  test('calls it a loss to compact what holds records, and none where there are none yet', () => {
    const compacted = declare('Stream', 'bare', { compaction: 'key' })
    const bare = declare('Stream', 'bare')
    const plan = planOf([compacted], [existing(bare)])
    expect(plan.actions[0]).toMatchObject({ verb: 'update', risk: 'data-loss', cost: undefined })
    expect(planOf([compacted], [existing(bare, { records: 0 })]).actions[0]?.risk).toBe('safe')
  })

  test('refuses to compact a protected stream that is not, and leaves one alone that is', () => {
    const guarded = declare('Stream', 'bare', { protected: true })
    const compacted = declare('Stream', 'bare', { protected: true, compaction: 'key' })
    expect(linesOf(planOf([compacted], [existing(guarded)]))).toEqual([
      'blocked(Protected) update Stream/default/bare',
    ])
    expect(planOf([compacted], [existing(compacted)]).actions).toEqual([])
  })

  test('keeps all keys of a compacted stream, so that it forgets by age once it is none', () => {
    const bare = declare('Stream', 'bare')
    const compacted = existing(declare('Stream', 'bare', { compaction: 'key' }))
    expect(compacted.stream?.retention.ageMs).toBeUndefined()
    expect(planOf([bare], [compacted]).actions[0]).toMatchObject({
      risk: 'data-loss',
      cost: { records: 100, bytes: 1_000 },
    })
    const asked = { retention: { age: '7d' }, compaction: 'key' }
    const kept = existing(declare('Stream', 'bare', asked))
    expect(kept.stream?.retention.ageMs).toBe(7 * 24 * 3_600_000)
    const plain = declare('Stream', 'bare', { retention: { age: '7d' } })
    expect(planOf([plain], [kept]).actions[0]?.risk).toBe('safe')
  })

  test('says what to write instead where a field cannot change', () => {
    const typed = planOf(
      [declare('Stream', 'orders', { type: 'reading' }), type],
      [existing(stream), existing(type)],
    )
    expect(linesOf(typed)).toEqual(['blocked(Immutable) update Stream/default/orders'])
    expect(typed.actions[0]?.reason).toContain('declare a stream of another name')
    const renamed = planOf([declare('Stream', 'orders', { id: 'Orders2' })], [existing(stream)])
    expect(linesOf(renamed)).toEqual(['blocked(Immutable) update Stream/default/orders'])
  })

  test('refuses an id that another resource of the kind has, in any letter case', () => {
    const taken = declare('Stream', 'b', { id: 'ORDERS' })
    expect(linesOf(planOf([taken], [existing(stream, { owner: 'other' })]))).toEqual([
      'blocked(Conflict) create Stream/default/b',
    ])
    expect(linesOf(planOf([taken], [existing(stream, { owner: 'other', sealed: true })]))).toEqual([
      'blocked(Conflict) create Stream/default/b',
    ])
  })

  test('names both owners where two sources declare one name', () => {
    const plan = planOf([stream], [existing(stream, { owner: 'git' })])
    expect(linesOf(plan)).toEqual(['blocked(Conflict) update Stream/default/orders'])
    expect(plan.actions[0]?.reason).toMatch(/git.*local/)
  })

  test('takes a sealed stream back for the same source and a compatible declaration only', () => {
    const sealed = existing(stream, { sealed: true })
    expect(planOf([stream], [sealed]).actions[0]).toMatchObject({
      verb: 'readopt',
      uid: sealed.uid,
    })
    const typed = declare('Stream', 'orders', { type: 'reading' })
    expect(linesOf(planOf([typed, type], [sealed, existing(type)]))).toEqual([
      'blocked(Immutable) readopt Stream/default/orders',
    ])
    const recovered = { ...sealed, owner: undefined }
    expect(linesOf(planOf([stream], [recovered]))).toEqual(['readopt Stream/default/orders'])
    const foreign = existing(stream, { sealed: true, owner: 'git' })
    const plan = planOf([stream], [foreign])
    expect(linesOf(plan)).toEqual(['blocked(Conflict) readopt Stream/default/orders'])
    expect(plan.actions[0]?.reason).toContain('headgate purge orders -n default')
  })

  test('stalls what depends on an invalid declaration, and what depends on that', () => {
    const typed = declare('Stream', 'events', { type: 'reading' })
    const sink = declare('Sink', 'out', { reads: 'events' })
    const plan = planOf([invalid('StreamType', 'reading'), typed, sink], [])
    expect(linesOf(plan)).toEqual([
      'blocked(Invalid) create StreamType/default/reading',
      'blocked(DependencyNotReady) create Stream/default/events',
      'blocked(DependencyNotReady) create Sink/default/out',
    ])
  })

  test('counts an invalid declaration as declared: nothing of it goes', () => {
    const plan = planOf([invalid('Stream', 'orders')], [existing(stream)])
    expect(linesOf(plan)).toEqual(['blocked(Invalid) update Stream/default/orders'])
  })

  test('replaces a pipeline whose body changed, and not one whose tests did', () => {
    const body = declare('Pipeline', 'clean', {
      input: { generate: {} },
      output: {},
      reads: 'orders',
    })
    expect(linesOf(planOf([stream, body], [existing(stream), existing(pipeline)]))).toEqual([
      'replace Pipeline/default/clean',
    ])
    const tests = declare('Pipeline', 'clean', {
      input: {},
      output: {},
      reads: 'orders',
      tests: [{}],
    })
    expect(linesOf(planOf([stream, tests], [existing(stream), existing(pipeline)]))).toEqual([
      'update Pipeline/default/clean',
    ])
  })

  test('never shows the value of a secret', () => {
    const sink = (value: string) =>
      declare('Sink', 'out', {
        endpoint: { url: `https://me:${value}@x`, headers: { authorization: value } },
      })
    const text = JSON.stringify(
      planOf([sink('CANARY-2')], [existing(sink('CANARY-1'))]).actions[0]?.changes,
    )
    expect(text).not.toContain('CANARY')
    expect(text).toContain('authorization')
  })

  test('refuses what lies outside of scope or grants, and names where to add it', () => {
    const plan = planOf([stream], [], {
      policy: { grants: { namespaces: ['edge'], kinds: undefined, declaredIn: 'headgate.yaml' } },
    })
    expect(linesOf(plan)).toEqual(['blocked(GrantMissing) create Stream/default/orders'])
    expect(plan.actions[0]?.reason).toContain('headgate.yaml')
  })
})

const generated = fc.uniqueArray(
  fc.record({
    kind: fc.constantFrom('StreamType', 'Stream', 'Sink', 'Pipeline', 'AccessPolicy' as const),
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    refers: fc.constantFrom('a', 'b', 'c', 'd', undefined),
  }),
  { selector: ({ kind, name }) => `${kind}/${name}`, maxLength: 16 },
)
const specOf = (kind: string, refers: string | undefined) =>
  kind === 'Stream'
    ? { type: refers }
    : kind === 'StreamType'
      ? { baseType: refers }
      : { reads: refers }

describe('laws of the plan', () => {
  test('it is total, each resource has one decision, and nothing waits for what comes later', () => {
    fc.assert(
      fc.property(generated, generated, (now, before) => {
        const members = now.map(({ kind, name, refers }) =>
          declare(kind, name, specOf(kind, refers)),
        )
        const resources = before.map(({ kind, name, refers }) =>
          existing(declare(kind, name, specOf(kind, refers))),
        )
        const plan = planOf(members, resources)
        const seen = new Set<string>()
        for (const { identity, waitsFor } of plan.actions) {
          for (const key of waitsFor) expect(seen.has(key)).toBe(true)
          const key = `${identity.kind}/${identity.namespace}/${identity.name}`
          expect(seen.has(key)).toBe(false)
          seen.add(key)
        }
      }),
    )
  })

  test('the order in which files are read makes no difference', () => {
    fc.assert(
      fc.property(generated, fc.nat(), (now, turns) => {
        const members = now.map(({ kind, name, refers }) =>
          declare(kind, name, specOf(kind, refers)),
        )
        const turned = members
          .map((_, index) => members[(index + turns) % members.length])
          .filter((member) => member !== undefined)
        const plan = planOf(members, [])
        const other = planOf(turned, [], { set: setOf(turned) })
        expect(other.actions.map(({ identity, verb }) => [verb, identity])).toEqual(
          plan.actions.map(({ identity, verb }) => [verb, identity]),
        )
        expect(other.digest).toBe(plan.digest)
      }),
    )
  })

  test('time is handed in: the same question has the same answer', () => {
    const plan = planOf([stream], [existing(stream)], {
      approvals: [{ digest: 'x', givenUs: NOW_US }],
    })
    expect(planOf([stream], [existing(stream)]).digest).toBe(plan.digest)
  })
})
