import { describe, expect, test } from 'vitest'
import { runProcessors } from '../run-processors.ts'

describe('for_each', () => {
  test('makes a batch of one of each message, in order, and one batch of what comes out', async () => {
    const list = [
      { mapping: 'root = if this.n == 2 { deleted() } else { {"n": this.n, "of": batch_size()} }' },
    ]
    const { batches } = await runProcessors([{ for_each: list }], [{ n: 1 }, { n: 2 }, { n: 3 }])
    expect(batches).toEqual([
      [
        { n: 1, of: 1 },
        { n: 3, of: 1 },
      ],
    ])
  })

  test('drops the batch when all of it is filtered', async () => {
    const { batches } = await runProcessors(
      [{ for_each: [{ mapping: 'root = deleted()' }] }],
      [1, 2],
    )
    expect(batches).toEqual([])
  })

  test('flags what fails alone, and keeps what was flagged before', async () => {
    const failing = { mapping: 'root = if this == 2 { throw("two") } else { this }' }
    const { batches, failures } = await runProcessors(
      [failing, { for_each: [{ mapping: 'root = this + 10' }] }],
      [1, 2],
    )
    expect(batches).toEqual([[11, 12]])
    expect(failures).toEqual([undefined, expect.stringContaining('two')])
  })
})

describe('processors', () => {
  test('are one processor over the batch as it is', async () => {
    const { batches } = await runProcessors(
      [{ processors: [{ split: { size: 2 } }, { mapping: 'root = batch_size()' }] }],
      [1, 2, 3],
    )
    expect(batches).toEqual([[2, 2], [1]])
  })
})
