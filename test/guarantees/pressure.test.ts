/** What a pipeline takes in while its output hangs, in which order it delivers, and what it leaves for others. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { runToEnd, started } from '../../engine/components/testing.ts'
import { testEnvironment } from '../../engine/pipelines/testing.ts'

const ENDLESS = { generate: { interval: '', mapping: 'root.id = counter()' } }
const TURNS = 200

describe('behind an output that hangs', () => {
  test('no more is taken in than may be in flight, however long it hangs', async () => {
    const server = createServer(() => undefined)
    await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    for (const maxInFlight of [1, 3]) {
      for (const threads of [1, 2]) {
        const pipeline = await started(
          {
            input: ENDLESS,
            pipeline: { threads, processors: [{ sleep: { duration: '0s' } }] },
            output: { http_client: { url, max_in_flight: maxInFlight } },
          },
          testEnvironment(),
        )
        for (let turn = 0; turn < TURNS; turn++) await setImmediate()
        const taken = pipeline.state().counters.inputReceived
        for (let turn = 0; turn < TURNS; turn++) await setImmediate()
        expect(pipeline.state().counters.inputReceived).toBe(taken)
        // What is written, what waits for its turn, and what the input has ready.
        expect(taken).toBeLessThanOrEqual(maxInFlight + threads + 1)
        await pipeline.stop(1)
      }
    }
    server.closeAllConnections()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  })
})

describe('threads', () => {
  const delivered = async (threads: number): Promise<readonly number[]> => {
    const environment = testEnvironment()
    await runToEnd(
      {
        input: { generate: { ...ENDLESS.generate, count: 24 } },
        pipeline: { threads, processors: [{ sleep: { duration: '${! (this.id * 7) % 4 }ms' } }] },
        output: { stdout: {} },
      },
      environment,
    )
    return environment.stdout.text
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { id: number }).id)
  }
  const inOrder = Array.from({ length: 24 }, (_, index) => index + 1)

  test('keep the order where there is one', async () => {
    expect(await delivered(1)).toEqual(inOrder)
  })

  test('lose nothing where there are several', async () => {
    const ids = await delivered(4)
    expect(ids.toSorted((one, other) => one - other)).toEqual(inOrder)
  })
})

test('a graceful stop delivers exactly what was taken in', async () => {
  const environment = testEnvironment()
  const pipeline = await started(
    {
      input: ENDLESS,
      pipeline: { threads: 2, processors: [{ sleep: { duration: '1ms' } }] },
      output: { stdout: {} },
    },
    environment,
  )
  while (pipeline.state().counters.outputSent < 5) await setImmediate()
  expect(await pipeline.stop(30_000)).toBe('drained')
  const { inputReceived, outputSent } = pipeline.state().counters
  expect(outputSent).toBe(inputReceived)
  expect(environment.stdout.text.trim().split('\n')).toHaveLength(inputReceived)
})
