import { describe, expect, test } from 'vitest'
import { declare } from '../testing.ts'
import { existing, NOW_US, planOf } from './testing.ts'

const gone = declare('Stream', 'gone', { deletionPolicy: 'Delete' })
const other = declare('Stream', 'other')
const reader = declare('Pipeline', 'reader', { reads: 'gone' })
const groups = (all: Readonly<Record<string, number>>) => ({
  consumersOf: (stream: string) =>
    stream === 'default/gone'
      ? Object.entries(all).map(([group, behind]) => ({ group, behind }))
      : [],
})

describe('what data loss costs', () => {
  test('is told with its age, who has not read it, and what reads it', () => {
    const plan = planOf(
      [other],
      [existing(gone, { records: 100 }), existing(other), existing(reader, { owner: 'local' })],
      groups({ late: 40, done: 0 }),
    )
    expect(plan.actions.find(({ identity }) => identity.kind === 'Stream')?.cost).toEqual({
      records: 100,
      bytes: 1_000,
      oldestUs: 0,
      newestUs: 1,
      consumers: [{ group: 'late', behind: 40 }],
      readers: [reader.identity],
    })
  })

  test('counts only what a group has not read of what goes by a shorter retention', () => {
    const week = declare('Stream', 'gone', { retention: { age: '7d' } })
    const day = declare('Stream', 'gone', { retention: { age: '1d' } })
    const observed = existing(week, { records: 100 })
    if (observed.stream === undefined) throw new Error('no stream')
    const dayUs = 24 * 3_600_000_000
    const [state] = observed.stream.shardStates
    if (state === undefined) throw new Error('no shard')
    const oldestUs = NOW_US - 2 * dayUs
    const stream = {
      ...observed.stream,
      shardStates: [{ ...state, oldestUs, newestUs: NOW_US }],
    }
    const plan = planOf([day], [{ ...observed, stream }], groups({ late: 70, live: 30 }))
    expect(plan.actions[0]?.cost).toEqual({
      records: 50,
      bytes: 500,
      oldestUs,
      newestUs: NOW_US - dayUs,
      consumers: [{ group: 'late', behind: 20 }],
      readers: [],
    })
  })

  test('has no age where there is nothing, and is not asked for where nothing is lost', () => {
    const asked: string[] = []
    const consumersOf = (stream: string) => {
      asked.push(stream)
      return []
    }
    const empty = existing(gone, { records: 0 })
    if (empty.stream === undefined) throw new Error('no stream')
    const stream = { ...empty.stream, shardStates: [] }
    const plan = planOf([other], [{ ...empty, stream }, existing(other)], { consumersOf })
    expect(plan.actions[0]?.cost).toMatchObject({ records: 0, oldestUs: undefined })
    expect(asked).toEqual(['default/gone'])
    planOf([other], [], { consumersOf })
    expect(asked).toHaveLength(1)
  })
})
