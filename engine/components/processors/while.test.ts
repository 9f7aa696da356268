import { describe, expect, test } from 'vitest'
import { runProcessors } from '../run-processors.ts'

const add = [{ mapping: 'root = this + 1' }]
const run = (config: object, given: readonly unknown[]) =>
  runProcessors([{ while: { processors: add, ...config } }], given)

describe('while', () => {
  test('goes on as long as the first message says, for the whole batch', async () => {
    expect((await run({ check: 'this < 5' }, [1, 10])).batches).toEqual([[5, 14]])
    expect((await run({ check: 'this < 5' }, [7, 1])).batches).toEqual([[7, 1]])
  })

  test.each([
    [3, 4],
    [1, 2],
  ])('ends after %i loops where it may not do more', async (max_loops, expected) => {
    expect((await run({ check: 'true', max_loops }, [1])).batches).toEqual([[expected]])
  })

  test('asks only afterwards where it runs at least once', async () => {
    expect((await run({ check: 'this < 5', at_least_once: true }, [9])).batches).toEqual([[10]])
    expect((await run({ at_least_once: true }, [9])).batches).toEqual([[10]])
    expect((await run({}, [9])).batches).toEqual([[9]])
  })

  test('ends when everything is filtered', async () => {
    const processors = [{ mapping: 'root = deleted()' }]
    expect((await run({ check: 'true', processors }, [1])).batches).toEqual([])
  })

  test('ends and flags what came so far where the check fails', async () => {
    const { batches, failures } = await run(
      { check: 'if this > 2 { throw("lost") } else { true }' },
      [1, 5],
    )
    expect(batches).toEqual([[3, 7]])
    expect(failures).toEqual([expect.stringContaining('lost'), expect.stringContaining('lost')])
  })

  test('lets others have their turn, and ends when the pipeline is closed', async () => {
    const closing = new AbortController()
    const running = runProcessors([{ while: { check: 'true', processors: add } }], [1], {
      signal: closing.signal,
    })
    await new Promise(setImmediate)
    closing.abort()
    expect((await running).failures).toEqual([expect.any(String)])
  })
})
