import { describe, expect, test } from 'vitest'
import { declare, type Spec } from '../testing.ts'
import { existing, linesOf, planOf } from './testing.ts'
import { typeBreak } from './type-evolution.ts'

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
  const safe: readonly (readonly [string, Spec])[] = [
    ['a property is added', { properties: [time, value, { id: 'unit', type: 'String' }] }],
    ['properties change places', { properties: [value, time] }],
    ['a unit is told', { properties: [time, { ...value, uom: 'K' }] }],
    ['it is described', { ...READING, description: 'What a sensor told.' }],
  ]
  for (const [what, to] of safe)
    test(`may change where ${what}`, () => {
      expect(plan(to).actions).toMatchObject([{ verb: 'update', risk: 'safe' }])
    })

  const broken: readonly (readonly [string, Spec])[] = [
    ['Property value goes', { properties: [time] }],
    ['Property value goes', { properties: [time, { ...value, id: 'Value' }] }],
    [
      'Property value becomes {"array":"Double"} instead of Double',
      { properties: [time, { ...value, type: { array: 'Double' } }] },
    ],
    [
      'Property time changes its place in the key',
      {
        properties: [
          { ...time, key: 2 },
          { ...value, key: 1 },
        ],
      },
    ],
    [
      'Property place is added to the key',
      { properties: [time, value, { id: 'place', type: 'String', key: 2 }] },
    ],
    ['Its base type changes', { ...READING, baseType: 'other' }],
    ['Its JSON Schema changes', { jsonSchema: {} }],
  ]
  for (const [what, to] of broken)
    test(`is refused: ${what} (${JSON.stringify(to)})`, () => {
      const { actions } = plan(to)
      expect(actions).toMatchObject([{ verb: 'blocked', blockedBy: 'Immutable', wanted: 'update' }])
      expect(actions[0]?.reason).toBe(
        `${what}, and Stream default/readings holds records of this type; declare a StreamType of another name for a new stream.`,
      )
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
  expect(typeBreak({ jsonSchema: { type: 'object' } }, { jsonSchema: { type: 'object' } })).toBe(
    undefined,
  )
})
