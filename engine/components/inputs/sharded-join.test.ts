import { describe, expect, test } from 'vitest'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import { Message } from '../../pipelines/message.ts'
import { SEQUENCE_ITERATIONS_MAX } from './sequence.ts'
import { ShardedJoin } from './sharded-join.ts'

const messageOf = (value: object): Message => Message.fromBytes(Buffer.from(JSON.stringify(value)))
const joinOf = (more: object = {}) =>
  new ShardedJoin({ idPath: 'a.id', iterations: 1, strategy: 'array', ...more })

describe('a join by shards', () => {
  test('gives every id to exactly one iteration', () => {
    const iterations = 5
    const join = joinOf({ iterations })
    for (let id = 0; id < 200; id++) {
      const message = messageOf({ a: { id } })
      const taken = Array.from({ length: iterations }, (_, at) => join.idOf(message, at))
      expect(taken.filter((found) => found !== undefined)).toEqual([String(id)])
    }
  })

  test('leaves out what has no id, or is no document', () => {
    const join = joinOf()
    for (const value of [{}, { a: { id: null } }, { a: { id: [1] } }, { a: 1 }, [1]]) {
      expect(join.idOf(messageOf(value), 0)).toBeUndefined()
    }
    expect(join.idOf(Message.fromBytes(Buffer.from('text')), 0)).toBeUndefined()
  })

  test('merges objects field by field, and keeps the newest metadata', () => {
    const join = joinOf()
    const tagged = (value: object, tag: string) =>
      messageOf(value).withMetadata(new Map([['tag', tag]]))
    join.add('x', tagged({ a: { id: 'x', n: 1 }, b: { c: [1] } }, 'one'))
    join.add('x', tagged({ a: { id: 'x', m: 2 }, b: { c: 2 } }, 'two'))
    const [joined] = join.take()
    expect(joined?.document()).toEqual({ a: { id: 'x', n: 1, m: 2 }, b: { c: [1, 2] } })
    expect(joined?.metadata('tag')).toBe('two')
  })

  test('holds so many ids in one iteration, and no more', () => {
    const join = joinOf({ documentsMax: 2 })
    for (const id of ['x', 'y', 'x']) join.add(id, messageOf({ a: { id } }))
    expect(() => join.add('z', messageOf({ a: { id: 'z' } }))).toThrow('at most 2 ids')
  })

  test.each([
    [SEQUENCE_ITERATIONS_MAX, 0],
    [SEQUENCE_ITERATIONS_MAX + 1, 1],
  ])('%i iterations make %i problems', async (iterations, count) => {
    const sharded_join = { type: 'outer', id_path: 'id', iterations }
    const input = { sequence: { sharded_join, inputs: [{ stdin: {} }] } }
    expect((await inspectPipeline({ input, output: { drop: {} } })).problems).toHaveLength(count)
  })
})
