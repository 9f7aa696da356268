import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { buildPipeline } from '../../pipelines/build-pipeline.ts'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import { testEnvironment } from '../../pipelines/testing.ts'

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
