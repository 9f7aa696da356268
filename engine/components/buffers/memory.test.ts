import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { buildPipeline } from '../../pipelines/build-pipeline.ts'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import { testEnvironment } from '../../pipelines/testing.ts'
import { runToEnd } from '../testing.ts'

const spec = (buffer: unknown): unknown => ({
  input: { generate: { interval: '', count: 50, mapping: 'root.n = 1' } },
  buffer,
  output: { stdout: {} },
})

for (const buffer of [{ none: {} }, { memory: {} }, { memory: { limit: 1 } }]) {
  test(`a finite input goes through ${JSON.stringify(buffer)} to its end`, async () => {
    const environment = testEnvironment()
    const pipeline = await buildPipeline(spec(buffer), environment)
    await pipeline.connect()
    while (pipeline.state().phase !== 'completed') await setImmediate()
    expect(environment.stdout.text).toBe('{"n":1}\n'.repeat(50))
    expect(pipeline.state().counters).toMatchObject({ inputReceived: 50, outputSent: 50 })
  })
}

test('only the memory buffer is a reason for at-least-once', async () => {
  const verdict = async (buffer: unknown): Promise<string | undefined> =>
    (
      await inspectPipeline({
        input: { stream: { name: 'a' } },
        buffer,
        output: { stream: { name: 'b' } },
      })
    ).atLeastOnceBecause
  expect(await verdict({ none: {} })).toBeUndefined()
  expect(await verdict({ memory: {} })).toContain('memory')
})

describe('with a batching policy', () => {
  const policy = (config: object, memory: object = {}): unknown => ({
    memory: { ...memory, batch_policy: { enabled: true, ...config } },
  })
  async function run(buffer: unknown): Promise<readonly string[]> {
    const environment = testEnvironment()
    await runToEnd(spec(buffer), environment)
    return environment.stdout.chunks.map((chunk) => chunk.toString())
  }
  const lines = '{"n":1}\n'

  test('batches go out as large as it says, and the rest at the end', async () => {
    const written = await run(policy({ count: 20 }))
    expect(written).toEqual([lines.repeat(20), lines.repeat(20), lines.repeat(10)])
  })

  test('its processors make one batch of each', async () => {
    const processors = [{ archive: { format: 'json_array' } }]
    const written = await run(policy({ count: 25, processors }))
    expect(written).toEqual(Array(2).fill(`[${Array(25).fill('{"n":1}').join(',')}]\n`))
  })

  test('what its processors filter is delivered', async () => {
    const processors = [{ mapping: 'root = deleted()' }]
    expect(await run(policy({ count: 25, processors }))).toEqual([])
  })

  test('one that waits for more than the limit lets in is given what there is', async () => {
    const written = await run(policy({ count: 1_000 }, { limit: 70 }))
    expect(written).toEqual(Array(5).fill(lines.repeat(10)))
  })

  test('nothing is gathered unless it is enabled', async () => {
    const written = await run({ memory: { batch_policy: { count: 20 } } })
    expect(written).toHaveLength(50)
  })
})
