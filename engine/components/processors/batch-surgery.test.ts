/** Processors that change which messages a batch has: each over batches of several. */
import { describe, expect, test } from 'vitest'
import { runProcessors } from '../run-processors.ts'

const run = async (processor: object, given: readonly unknown[]) =>
  (await runProcessors([processor], given)).batches

describe('split', () => {
  test('makes batches of so many messages', async () => {
    expect(await run({ split: {} }, [1, 2])).toEqual([[1], [2]])
    expect(await run({ split: { size: 2 } }, [1, 2, 3, 4, 5])).toEqual([[1, 2], [3, 4], [5]])
    expect(await run({ split: { size: 0 } }, [1, 2])).toEqual([[1, 2]])
  })

  test('makes batches of so many bytes, and leaves a longer message whole', async () => {
    const given = ['aa', 'bb', 'c', 'dddddd', 'e']
    const split = { byte_size: 4, size: 0 }
    expect(await run({ split }, given)).toEqual([['aa', 'bb'], ['c'], ['dddddd'], ['e']])
    expect(await run({ split: { byte_size: 5, size: 2 } }, given)).toEqual([
      ['aa', 'bb'],
      ['c'],
      ['dddddd'],
      ['e'],
    ])
  })
})

describe('group_by_value', () => {
  test('parts a batch by value, in the order in which the values come', async () => {
    const value = '${! this % 3 }'
    expect(await run({ group_by_value: { value } }, [2, 1, 5, 3, 4])).toEqual([[2, 5], [1, 4], [3]])
  })

  test('keeps what has no value, flagged and apart', async () => {
    const value = '${! this.t.not_null() }'
    const { batches, failures } = await runProcessors(
      [{ group_by_value: { value } }],
      [{ t: 'a' }, {}, { t: 'a', n: 2 }],
    )
    expect(batches).toEqual([[{ t: 'a' }, { t: 'a', n: 2 }], [{}]])
    expect(failures).toEqual([undefined, undefined, expect.any(String)])
  })
})

describe('group_by', () => {
  test('gives each message to the first group that it belongs to, and what is left to the last', async () => {
    const groups = [
      { check: 'this > 2', processors: [{ mapping: 'root = [this, batch_size()]' }] },
      { check: 'this > 1' },
    ]
    expect(await run({ group_by: groups }, [1, 2, 3, 4, 0])).toEqual([
      [
        [3, 2],
        [4, 2],
      ],
      [2],
      [1, 0],
    ])
  })

  test('a group of none runs nothing, and one that is filtered is gone', async () => {
    const groups = [
      { check: 'false', processors: [{ mapping: 'root = throw("never")' }] },
      { check: 'this == 1', processors: [{ mapping: 'root = deleted()' }] },
    ]
    expect(await run({ group_by: groups }, [1, 2])).toEqual([[2]])
  })

  test('a query that fails flags its message, which the next group may take', async () => {
    const { batches, failures } = await runProcessors(
      [{ group_by: [{ check: 'this.n > 1' }] }],
      [{ n: 2 }, 'x'],
    )
    expect(batches).toEqual([[{ n: 2 }], ['x']])
    expect(failures).toEqual([undefined, expect.any(String)])
  })
})

describe('select_parts', () => {
  test('keeps the places in the order given, and passes over what is not there', async () => {
    expect(await run({ select_parts: { parts: [2, 0, -1, 7] } }, ['a', 'b', 'c'])).toEqual([
      ['c', 'a', 'c'],
    ])
    expect(await run({ select_parts: {} }, ['a', 'b'])).toEqual([['a']])
    expect(await run({ select_parts: { parts: [5] } }, ['a'])).toEqual([])
  })
})

describe('insert_part', () => {
  test.each([
    [-1, ['a', 'b', 'new 2']],
    [-2, ['a', 'new 2', 'b']],
    [-9, ['new 2', 'a', 'b']],
    [0, ['new 2', 'a', 'b']],
    [1, ['a', 'new 2', 'b']],
    [9, ['a', 'b', 'new 2']],
  ])('at %i', async (index, expected) => {
    const content = 'new ${! batch_size() }'
    expect(await run({ insert_part: { index, content } }, ['a', 'b'])).toEqual([expected])
  })

  test('has neither the metadata nor the failure of the message that it counts for', async () => {
    const { batches, failures } = await runProcessors(
      [
        { mapping: 'root = this\nmeta a = 1' },
        { mapping: 'root = throw("no")' },
        { insert_part: { content: 'x' } },
        { mapping: 'root = @' },
      ],
      ['1'],
    )
    expect(batches).toEqual([[{ a: 1 }, {}]])
    expect(failures).toEqual([expect.any(String), undefined])
  })
})

describe('bounds_check', () => {
  test.each([
    [{}, 100, 1, true],
    [{}, 101, 1, false],
    [{}, 1, 0, false],
    [{ max_part_size: 2 }, 1, 2, true],
    [{ max_part_size: 2 }, 1, 3, false],
    [{ min_part_size: 2 }, 1, 1, false],
    [{ min_parts: 2 }, 2, 1, true],
    [{ min_parts: 2 }, 1, 1, false],
    [{ max_parts: 2 }, 3, 1, false],
  ])('with %j of %i messages of %i bytes', async (bounds_check, count, bytes, passes) => {
    const given = Array.from({ length: count }, () => 'x'.repeat(bytes))
    expect(await run({ bounds_check }, given)).toEqual(passes ? [given] : [])
  })
})
