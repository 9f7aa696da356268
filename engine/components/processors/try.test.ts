import { describe, expect, test } from 'vitest'
import { runProcessors } from '../run-processors.ts'

const failing = { mapping: 'root = if this == 2 { throw("two") } else { this }' }

describe('try', () => {
  test('passes over what follows a failure, for that message alone', async () => {
    const { batches, failures } = await runProcessors(
      [{ try: [failing, { mapping: 'root = this * 10' }] }],
      [1, 2, 3],
    )
    expect(batches).toEqual([[10, 2, 30]])
    expect(failures).toEqual([undefined, expect.stringContaining('two'), undefined])
  })

  test('does nothing to what failed before it', async () => {
    const { batches, failures } = await runProcessors(
      [failing, { try: [{ mapping: 'root = this * 10' }] }],
      [1, 2],
    )
    expect(batches).toEqual([[10, 2]])
    expect(failures[1]).toContain('two')
  })

  test('goes on with those of several messages that did not fail, in their order', async () => {
    const { batches } = await runProcessors(
      [
        {
          try: [{ unarchive: { format: 'json_array' } }, failing, { mapping: 'root = this * 10' }],
        },
        { catch: [{ mapping: 'root = "failed"' }] },
      ],
      ['[1,2,3]', '[4]'],
    )
    expect(batches).toEqual([[10, 'failed', 30, 40]])
  })

  test('drops the batch when all of it is filtered', async () => {
    expect(
      (await runProcessors([{ try: [{ mapping: 'root = deleted()' }] }], [1])).batches,
    ).toEqual([])
  })
})
