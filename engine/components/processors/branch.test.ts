import { describe, expect, test } from 'vitest'
import { runProcessors } from '../run-processors.ts'

const run = (branch: object, given: readonly unknown[]) => runProcessors([{ branch }], given)

describe('branch', () => {
  test('keeps the message, and takes over what the result map says', async () => {
    const { batches } = await run(
      {
        request_map: 'root = this.n',
        processors: [{ mapping: 'root.of = batch_size()\nroot.n = this * 10' }],
        result_map: 'root.result = this\nroot.was = root.n',
      },
      [{ n: 1 }, { n: 2 }],
    )
    expect(batches).toEqual([
      [
        { n: 1, result: { n: 10, of: 2 }, was: 1 },
        { n: 2, result: { n: 20, of: 2 }, was: 2 },
      ],
    ])
  })

  test('never writes into the message that others hold, nor into the result', async () => {
    const given = { deep: { n: 1 } }
    const { batches, given: before } = await run(
      {
        request_map: 'root.deep = this.deep',
        processors: [{ mutation: 'root.deep.m = 2' }],
        result_map:
          'root.deep.n = 9\nroot.copy = this.deep\nroot.copy.m = 3\nroot.again = this.deep.m',
      },
      [given],
    )
    expect(batches).toEqual([[{ deep: { n: 9 }, copy: { n: 1, m: 3 }, again: 2 }]])
    expect(before[0]?.document()).toEqual(given)
  })

  test('reads the metadata of the result, and writes that of the message', async () => {
    const { batches } = await runProcessors(
      [
        { mapping: 'meta own = "message"' },
        {
          branch: {
            processors: [{ mapping: 'root = "x"\nmeta own = "result"' }],
            result_map: 'meta taken = metadata("own")\nroot.kept = @own',
          },
        },
        { mapping: 'root = this\nroot.meta = @' },
      ],
      [{ id: 1 }],
    )
    expect(batches).toEqual([
      [{ id: 1, kept: 'message', meta: { own: 'message', taken: 'result' } }],
    ])
  })

  test('leaves out what the request map deletes, and leaves it as it is', async () => {
    const { batches, failures } = await run(
      {
        request_map: 'root = if this.n == 2 { deleted() }',
        processors: [{ mapping: 'root = batch_size()' }],
        result_map: 'root.of = this',
      },
      [{ n: 1 }, { n: 2 }, { n: 3 }],
    )
    expect(batches).toEqual([[{ n: 1, of: 2 }, { n: 2 }, { n: 3, of: 2 }]])
    expect(failures).toEqual([undefined, undefined, undefined])
  })

  test.each([
    ['the request map', { request_map: 'root = if this.n == 2 { throw("no") }', processors: [] }],
    ['a processor', { processors: [{ mapping: 'root = if this.n == 2 { throw("no") }' }] }],
    ['the result map', { processors: [], result_map: 'root.x = if this.n == 2 { throw("no") }' }],
  ])('a failure of %s flags its message alone, which stays as it was', async (_, branch) => {
    const { batches, failures } = await run(branch, [{ n: 1 }, { n: 2 }])
    expect(batches).toEqual([[{ n: 1 }, { n: 2 }]])
    expect(failures).toEqual([undefined, expect.stringContaining('no')])
  })

  test('a failure before it is no failure of the branch, and stays', async () => {
    const { batches, failures } = await runProcessors(
      [
        { mapping: 'root = throw("before")' },
        { branch: { processors: [{ mapping: 'root = errored()' }], result_map: 'root.e = this' } },
      ],
      [{ n: 1 }],
    )
    expect(batches).toEqual([[{ n: 1, e: false }]])
    expect(failures).toEqual([expect.stringContaining('before')])
  })

  test('another number of messages flags the whole batch', async () => {
    const { batches, failures } = await run(
      { processors: [{ select_parts: { parts: [0] } }], result_map: 'root = this' },
      [{ n: 1 }, { n: 2 }],
    )
    expect(batches).toEqual([[{ n: 1 }, { n: 2 }]])
    expect(failures).toEqual([
      expect.stringContaining('expected as many messages'),
      expect.stringContaining('expected as many messages'),
    ])
  })

  test('without a result map changes nothing', async () => {
    const { batches } = await run({ processors: [{ mapping: 'root = "x"' }] }, [{ n: 1 }])
    expect(batches).toEqual([[{ n: 1 }]])
  })
})
