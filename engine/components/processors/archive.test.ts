import { describe, expect, test } from 'vitest'
import { runProcessors } from '../run-processors.ts'

const both = (format: string) => [{ archive: { format } }, { unarchive: { format } }]

describe('archive', () => {
  test.each([
    ['json_array', [1, 2, 'x'], [[1, 2, 'x']]],
    ['lines', ['a', 'b', ''], ['a\nb\n']],
    ['concatenate', ['a', 'b', 'c'], ['abc']],
  ])('makes one message as %s', async (format, given, expected) => {
    const texts = format === 'json_array' ? given.map((one) => JSON.stringify(one)) : given
    const { batches } = await runProcessors([{ archive: { format } }], texts)
    expect(batches).toEqual([expected])
  })

  test('keeps the metadata of the first message', async () => {
    const { batches } = await runProcessors(
      [
        { mapping: 'meta n = this' },
        { archive: { format: 'json_array' } },
        { mapping: 'root = [this, @n]' },
      ],
      [1, 2],
    )
    expect(batches).toEqual([[[[1, 2], 1]]])
  })

  test.each(['tar', 'zip'])('makes a %s of files, each named by its message', async (format) => {
    const { batches } = await runProcessors(
      [
        { archive: { format, path: '${! this.id }.json' } },
        { unarchive: { format } },
        { mapping: 'root = [@archive_filename, this.id]' },
      ],
      [{ id: 'a' }, { id: 'b' }],
    )
    expect(batches).toEqual([
      [
        ['a.json', 'a'],
        ['b.json', 'b'],
      ],
    ])
  })

  test('numbers files without a name, and needs none where there are no files', async () => {
    const { batches } = await runProcessors(
      [...both('zip'), { mapping: 'root = [@archive_filename]' }],
      ['x', 'y'],
    )
    expect(batches).toEqual([[['0'], ['1']]])
    const archive = { format: 'lines', path: '${! throw("unused") }' }
    expect((await runProcessors([{ archive }], ['x', 'y'])).batches).toEqual([['x\ny']])
  })

  test('has no origin among the messages, so that all of them come again when it is rejected', async () => {
    const { messages, given } = await runProcessors([{ archive: { format: 'lines' } }], ['a', 'b'])
    expect(given).not.toContain(messages[0]?.origin)
  })

  test('flags all messages, and keeps them, where one is no document', async () => {
    const { batches, failures } = await runProcessors(
      [{ archive: { format: 'json_array' } }],
      ['1', 'x'],
    )
    expect(batches).toEqual([[1, 'x']])
    expect(failures).toEqual([expect.any(String), expect.any(String)])
  })

  test('is flagged where a message was', async () => {
    const { failures } = await runProcessors(
      [
        { mapping: 'root = if this == 2 { throw("two") } else { this }' },
        { archive: { format: 'json_array' } },
      ],
      [1, 2],
    )
    expect(failures).toEqual([expect.stringContaining('two')])
  })
})

describe('unarchive', () => {
  test.each(['binary', 'lines', 'json_array', 'tar', 'zip'])(
    'undoes archive as %s',
    async (format) => {
      const given = [{ n: 1 }, { n: 2 }]
      const { batches } = await runProcessors(both(format), given)
      expect(batches).toEqual([given])
    },
  )

  test.each(['binary', 'tar', 'zip'])(
    'keeps empty messages and any bytes in %s',
    async (format) => {
      const given = [Buffer.from([0, 255, 10]), Buffer.alloc(0)]
      const { messages } = await runProcessors(both(format), given)
      expect(messages.map((message) => Buffer.from(message.content()))).toEqual(given)
    },
  )

  test('reads documents one behind the other, however they stand', async () => {
    const text = ' {"a":"}\\"{"}[1,[2]]\n"x" 12\ttrue null{}'
    const { batches } = await runProcessors([{ unarchive: { format: 'json_documents' } }], [text])
    expect(batches).toEqual([[{ a: '}"{' }, [1, [2]], 'x', 12, true, null, {}]])
  })

  test('gives each value of an object, and its key', async () => {
    const { batches } = await runProcessors(
      [{ unarchive: { format: 'json_map' } }, { mapping: 'root = [@archive_key, this]' }],
      [{ a: 1, b: { c: 2 } }],
    )
    expect(batches).toEqual([
      [
        ['a', 1],
        ['b', { c: 2 }],
      ],
    ])
  })

  test('reads lines that end in any way, and csv', async () => {
    const lines = [{ unarchive: { format: 'lines' } }]
    expect((await runProcessors(lines, ['a\r\n\nb'])).batches).toEqual([['a', '', 'b']])
    const csv = await runProcessors([{ unarchive: { format: 'csv' } }], ['id,name\n1,x\n'])
    expect(csv.batches).toEqual([[{ id: '1', name: 'x' }]])
  })

  test.each([
    ['json_array', '{"a":1}', 'expected an array'],
    ['json_map', '[1]', 'expected an object'],
    ['json_documents', '{"a":', 'expected the end'],
    ['json_documents', '"a', 'expected the end'],
    ['binary', 'abc', 'expected a whole archive'],
    ['binary', '\0\0\0\u0001\0\0\0\u0009a', 'expected a whole archive'],
    ['binary', '\0\0\0\0a', 'expected the end of the archive'],
    ['tar', 'abc', 'expected a tar archive'],
    ['zip', 'abc', 'expected a zip archive'],
  ])('as %s flags %j, and goes on with the next message', async (format, text, why) => {
    const { failures, batches } = await runProcessors([{ unarchive: { format } }], [text, text])
    expect(batches[0]).toHaveLength(2)
    expect(failures).toEqual([expect.stringContaining(why), expect.stringContaining(why)])
  })

  test('keeps the origin, so that a message comes again when any of its parts is rejected', async () => {
    const { messages, given } = await runProcessors(
      [{ unarchive: { format: 'json_array' } }],
      ['[1,2]', '[3]'],
    )
    const [first, second] = given
    expect(messages.map(({ origin }) => origin)).toEqual([first, first, second])
  })
})
