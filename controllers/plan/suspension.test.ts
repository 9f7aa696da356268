import { describe, expect, test } from 'vitest'
import { declare } from '../testing.ts'
import type { Suspension } from './observed.ts'
import { existing, linesOf, NOW_US, planOf } from './testing.ts'

const stream = declare('Stream', 'orders')
const wider = declare('Stream', 'orders', { shards: 2 })
const pipeline = declare('Pipeline', 'clean', { reads: 'orders' })
const other = declare('Stream', 'other')

const suspension = (given: Partial<Suspension> = {}): Suspension => ({
  reason: 'audit',
  sinceUs: 0,
  untilUs: undefined,
  ...given,
})
const suspended = (key: string, given?: Partial<Suspension>) => ({
  suspensions: new Map([[key, suspension(given)]]),
})

describe('what is suspended', () => {
  test('is not changed, and the plan says what would be, and why not', () => {
    const plan = planOf([wider], [existing(stream)], suspended('Stream/default/orders'))
    expect(linesOf(plan)).toEqual(['blocked(Suspended) update Stream/default/orders'])
    expect(plan.actions[0]).toMatchObject({ reason: 'It is suspended (audit).' })
    expect(plan.actions[0]?.changes).toHaveLength(1)
  })

  test('goes on once its time has come, and not before', () => {
    const until = (untilUs: number) =>
      linesOf(planOf([wider], [existing(stream)], suspended('Stream/default/orders', { untilUs })))
    expect(until(NOW_US + 1)).toEqual(['blocked(Suspended) update Stream/default/orders'])
    expect(until(NOW_US)).toEqual(['update Stream/default/orders'])
  })

  test('is not removed, nor is what it refers to, and it counts towards no approval', () => {
    const resources = [stream, pipeline, other].map((one) => existing(one))
    const plan = planOf([other], resources, suspended('Pipeline/default/clean'))
    expect(linesOf(plan)).toEqual([
      'blocked(Suspended) delete Pipeline/default/clean',
      'blocked(InUse) retain Stream/default/orders',
    ])
    expect(plan.destructiveDigest).toBeUndefined()
  })

  test('stalls what needs it only where it is not there yet', () => {
    const given = suspended('Stream/default/orders')
    expect(linesOf(planOf([stream, pipeline], [], given))).toEqual([
      'blocked(Suspended) create Stream/default/orders',
      'blocked(DependencyNotReady) create Pipeline/default/clean',
    ])
    expect(linesOf(planOf([wider, pipeline], [existing(stream)], given))).toEqual([
      'blocked(Suspended) update Stream/default/orders',
      'create Pipeline/default/clean',
    ])
  })

  test('may be a whole source, of which then nothing is changed', () => {
    const plan = planOf([wider, other], [existing(stream), existing(pipeline)], {
      suspended: suspension({ untilUs: NOW_US + 1_000_000 }),
    })
    expect(plan.actions.map(({ blockedBy }) => blockedBy)).toEqual(Array(3).fill('Suspended'))
    expect(plan.actions[0]?.reason).toMatch(/^Its source is suspended until 1970-.*Z \(audit\)\.$/)
  })

  test('is kept where nothing changed, and listed nowhere', () => {
    const plan = planOf([stream], [existing(stream)], suspended('Stream/default/orders'))
    expect(plan).toMatchObject({ actions: [], kept: 1 })
  })
})
