import { describe, expect, test } from 'vitest'
import { declare, type Spec } from '../testing.ts'
import { existing, linesOf, planOf } from './testing.ts'
import { TYPE_CHANGES, type TypeChangeKind, typeChanges } from './type-evolution.ts'

const time = { id: 'time', type: 'DateTime', key: 1 }
const value = { id: 'value', type: 'Double' }
const READING = { properties: [time, value] }
const stream = declare('Stream', 'readings', { type: 'reading' })

const plan = (to: Spec, given: { records?: number; sealed?: boolean } = {}) =>
  planOf(
    [declare('StreamType', 'reading', to), ...(given.sealed === true ? [] : [stream])],
    [existing(declare('StreamType', 'reading', READING)), existing(stream, given)],
  )

describe('a type whose streams hold records', () => {
  const safe: readonly (readonly [TypeChangeKind, string, Spec])[] = [
    ['property added', 'safe', { properties: [time, value, { id: 'unit', type: 'String' }] }],
    ['property moved', 'safe', { properties: [value, time] }],
    ['property described', 'safe', { properties: [time, { ...value, uom: 'K' }] }],
    ['property widened', 'safe', { properties: [time, { ...value, type: 'NullableDouble' }] }],
    [
      'property interpolated',
      'disruptive',
      { properties: [time, { ...value, interpolation: 'Discrete' }] },
    ],
  ]
  for (const [kind, risk, to] of safe)
    test(`may change: ${kind}`, () => {
      expect(typeChanges(READING, to).map((change) => change.kind)).toEqual([kind])
      expect(plan(to).actions).toMatchObject([{ verb: 'update', risk }])
    })

  test('may be described', () => {
    const described = { ...READING, description: 'What a sensor told.' }
    expect(plan(described).actions).toMatchObject([{ verb: 'update', risk: 'safe' }])
  })

  const ANOTHER = 'declare a StreamType of another name for a new stream'
  const BESIDE = 'keep the property, and add the new one beside it'
  const RETYPED = 'keep the property, and add one of another name with the new type'
  const broken: readonly (readonly [TypeChangeKind, string, string, Spec])[] = [
    [
      'property removed',
      'Property value goes',
      'keep the property and stop writing it',
      { properties: [time] },
    ],
    [
      'property renamed',
      'Property value goes and Value comes',
      BESIDE,
      { properties: [time, { ...value, id: 'Value' }] },
    ],
    [
      'property retyped',
      'Property value becomes {"array":"Double"} instead of Double',
      RETYPED,
      { properties: [time, { ...value, type: { array: 'Double' } }] },
    ],
    [
      'property retyped',
      'Property value becomes Single instead of Double',
      RETYPED,
      { properties: [time, { ...value, type: 'Single' }] },
    ],
    [
      'key changed',
      'Property time changes its place in the key',
      ANOTHER,
      {
        properties: [
          { ...time, key: 2 },
          { ...value, key: 1 },
        ],
      },
    ],
    [
      'key changed',
      'Property place is added to the key',
      ANOTHER,
      { properties: [time, value, { id: 'place', type: 'String', key: 2 }] },
    ],
    [
      'key changed',
      'Property time goes, which is part of the key',
      ANOTHER,
      { properties: [value] },
    ],
    ['base changed', 'Its base type changes', ANOTHER, { ...READING, baseType: 'other' }],
    ['form changed', 'It becomes a JSON Schema', ANOTHER, { jsonSchema: {} }],
  ]
  for (const [kind, says, instead, to] of broken)
    test(`is refused: ${kind} (${JSON.stringify(to)})`, () => {
      expect(typeChanges(READING, to)[0]?.kind).toBe(kind)
      const { actions } = plan(to)
      expect(actions).toMatchObject([{ verb: 'blocked', blockedBy: 'Immutable', wanted: 'update' }])
      expect(actions[0]?.reason).toBe(
        `${says}, and Stream default/readings holds records of this type; ${instead}.`,
      )
    })

  test('has every kind of change in one of these tables', () => {
    const schemas = ['schema widened', 'schema narrowed']
    const tested = [...safe, ...broken].map(([kind]): string => kind)
    expect([...new Set([...tested, ...schemas])].sort()).toEqual(Object.keys(TYPE_CHANGES).sort())
    for (const [kind] of safe) expect(TYPE_CHANGES[kind].keepsEvents).toBe(true)
    for (const [kind] of broken) expect(TYPE_CHANGES[kind].instead).toBeDefined()
  })

  test('is one whose stream is retained, too', () => {
    const retained = plan({ properties: [time] }, { sealed: true })
    expect(linesOf(retained)).toEqual(['blocked(Immutable) update StreamType/default/reading'])
  })

  test('is one that its own type is made of, too', () => {
    const outer = declare('StreamType', 'outer', { baseType: 'reading' })
    const user = declare('Stream', 'users', { type: 'outer' })
    const now = planOf(
      [declare('StreamType', 'reading', { properties: [time] }), outer, user],
      [existing(declare('StreamType', 'reading', READING)), existing(outer), existing(user)],
    )
    expect(linesOf(now)).toEqual(['blocked(Immutable) update StreamType/default/reading'])
    expect(now.actions[0]?.reason).toContain('Stream default/users')
  })
})

test('a type without records may change as it likes', () => {
  expect(plan({ properties: [time] }, { records: 0 }).actions).toMatchObject([
    { verb: 'update', risk: 'disruptive' },
  ])
})

test('a change is judged however many others there are', () => {
  const from = declare('StreamType', 'reading', READING)
  const to = declare('StreamType', 'reading', { properties: [time] })
  if (to.state === 'invalid') throw new Error('invalid')
  const labels = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`l${index}`, 'x']))
  const labelled = { ...to, resource: { ...to.resource, labels } }
  const { actions } = planOf([labelled, stream], [existing(from), existing(stream)])
  expect(actions).toMatchObject([{ verb: 'blocked', blockedBy: 'Immutable' }])
  expect(actions[0]?.changes).toHaveLength(100)
})

test('a JSON Schema that is the same breaks nothing', () => {
  expect(
    typeChanges({ jsonSchema: { type: 'object' } }, { jsonSchema: { type: 'object' } }),
  ).toEqual([])
})
