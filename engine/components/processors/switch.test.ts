import { describe, expect, test } from 'vitest'
import { runProcessors } from '../run-processors.ts'

const run = (cases: readonly object[], given: readonly unknown[] = [1, 2, 3, 4]) =>
  runProcessors([{ switch: cases }], given)

describe('switch', () => {
  test('gives each message to the first case that fits, as a batch, and keeps the old order', async () => {
    const { batches } = await run([
      { check: 'this % 2 == 0', processors: [{ mapping: 'root = [this, "even", batch_size()]' }] },
      { check: 'this > 1', processors: [{ mapping: 'root = [this, "large", batch_size()]' }] },
    ])
    expect(batches).toEqual([[1, [2, 'even', 2], [3, 'large', 1], [4, 'even', 2]]])
  })

  test('a case without a check takes all that are left, and one without processors leaves them alone', async () => {
    const { batches } = await run([
      { check: 'this == 2' },
      { processors: [{ mapping: 'root = "other"' }] },
    ])
    expect(batches).toEqual([['other', 2, 'other', 'other']])
  })

  test('what falls through runs in the next case too, without its check', async () => {
    const { batches } = await run([
      { check: 'this == 3', processors: [{ mapping: 'root = 30' }], fallthrough: true },
      { check: 'this == 1', processors: [{ mapping: 'root = this + 1' }] },
      { processors: [{ mapping: 'root = "none"' }] },
    ])
    expect(batches).toEqual([[2, 'none', 31, 'none']])
  })

  test('what continues is checked by the cases that follow', async () => {
    const { batches } = await run([
      { check: 'this < 3', processors: [{ mapping: 'root = this * 10' }], continue: true },
      { check: 'this >= 20', processors: [{ mapping: 'root = this + 1' }] },
    ])
    expect(batches).toEqual([[10, 21, 3, 4]])
  })

  test('what falls through the last case has nowhere else to go', async () => {
    const { batches } = await run([
      { processors: [{ mapping: 'root = 0' }], fallthrough: true, continue: true },
    ])
    expect(batches).toEqual([[0, 0, 0, 0]])
  })

  test('a check that fails flags its message, which goes on as it is, where it stood, past all other cases', async () => {
    const { batches, failures } = await run(
      [
        { check: 'this.n > 1', processors: [{ mapping: 'root = "large"' }] },
        { processors: [{ mapping: 'root = "rest"' }] },
      ],
      [{ n: 2 }, 'no document', { n: 1 }],
    )
    expect(batches).toEqual([['large', 'no document', 'rest']])
    expect(failures).toEqual([undefined, expect.any(String), undefined])
  })

  test('puts what becomes of a message where it stood, however many that are', async () => {
    const { batches } = await run(
      [
        { check: 'this.length() == 0', processors: [{ mapping: 'root = deleted()' }] },
        { check: 'this.length() > 1', processors: [{ unarchive: { format: 'json_array' } }] },
        { processors: [{ mapping: 'root = this.index(0)' }] },
      ],
      ['[1]', '[2,3]', '[]', '[4]', '[5,6]'],
    )
    expect(batches).toEqual([[1, 2, 3, 4, 5, 6]])
  })

  test('drops the batch when all of it is filtered', async () => {
    expect((await run([{ processors: [{ mapping: 'root = deleted()' }] }])).batches).toEqual([])
  })

  test('parts what was split within a case again', async () => {
    const { batches } = await run([{ check: 'this != 2', processors: [{ split: {} }] }])
    expect(batches).toEqual([[1, 2, 3, 4]])
  })
})
