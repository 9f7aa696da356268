import { describe, expect, test } from 'vitest'
import type { LogFields } from '../../ports/logger.ts'
import { type Batch, Message } from '../message.ts'
import { testEnvironment } from '../testing.ts'
import { chainOf, watchThreads, workersOf } from './testing.ts'
import { STARTS_MAX, WorkerChain } from './worker-chain.ts'

const { signal } = new AbortController()

const KILLS = '"kills":true'
const LOOPS = { while: { check: 'this.kills == true', processors: [{ noop: {} }] } }

function batchOf(count: number, kills: readonly number[]): Batch {
  return Array.from({ length: count }, (_, id) =>
    Message.fromBytes(Buffer.from(JSON.stringify({ id, kills: kills.includes(id) }))),
  )
}

function documents(batches: readonly Batch[]): readonly (readonly unknown[])[] {
  return batches.map((batch) =>
    batch.map((one) => JSON.parse(Buffer.from(one.content()).toString())),
  )
}

interface Line {
  readonly message: string
  readonly fields: LogFields | undefined
}

function heardOf(): { lines: Line[]; environment: ReturnType<typeof testEnvironment> } {
  const lines: Line[] = []
  const warn = (message: string, fields?: LogFields): void => void lines.push({ message, fields })
  const logger = { debug: () => {}, info: () => {}, warn, error: () => {} }
  return { lines, environment: testEnvironment({ logger }) }
}

describe('a worker that dies', () => {
  test('is replaced, and what it had not answered is run again', async () => {
    using threads = watchThreads()
    const { lines, environment } = heardOf()
    const mapping = 'root.id = this.id\nroot.sum = range(0, 100000).sum()'
    await using under = await workersOf([{ mapping }], { environment })
    const batches = [batchOf(20, []), batchOf(20, []), batchOf(20, []), batchOf(20, [])]
    const first = Promise.all(batches.map((batch) => under.workers.run(batch, signal)))
    for (const worker of [...threads.workers]) await worker.terminate()
    const results = await first
    expect(results.map((made) => documents(made).flat().length)).toEqual([20, 20, 20, 20])
    expect(results.flat(2).some((one) => one.failure() !== undefined)).toBe(false)
    expect(under.health.counters.processorErrors).toBe(0)
    expect(threads.started).toBeGreaterThan(2)
    for (const { message } of lines) expect(message).toContain('died and is replaced')
  })

  test('of one message leaves the others as they would be without it', async () => {
    using threads = watchThreads(KILLS)
    const { lines, environment } = heardOf()
    const processors = [
      { mapping: 'root = this' },
      { for_each: [LOOPS], label: 'looper' },
      { mapping: 'root.id = this.id' },
    ]
    await using under = await workersOf(processors, { environment })
    const batch = batchOf(3, [1])
    const [made, ...others] = await under.workers.run(batch, signal)
    expect(others).toEqual([])
    expect(documents([made ?? []])).toEqual([[{ id: 0 }, { id: 1, kills: true }, { id: 2 }]])
    expect(made?.map((one) => one.failure() !== undefined)).toEqual([false, true, false])
    expect(made?.[1]?.failure()).toEqual({
      text: 'its worker ended: its thread ended with code 1',
      sourceName: 'for_each',
      sourceLabel: 'looper',
      sourcePath: 'root.pipeline.processors.1',
    })
    expect(under.health.counters.processorErrors).toBe(1)
    expect(countOf(under, 'processor_error', 'looper')).toBe(1)
    expect(countOf(under, 'processor_sent', 'looper')).toBe(2)
    expect(lines.length).toBeGreaterThan(2)

    const before = threads.started
    const [again] = await under.workers.run(batch, signal)
    expect(again?.[1]?.failure()?.text).toContain('its worker ended')
    expect(threads.started).toBe(before)
  })

  test('leaves the others together where they look at their batch', async () => {
    using _ = watchThreads(KILLS)
    await using under = await workersOf([
      { for_each: [LOOPS] },
      { label: 'sizes', mapping: 'root.size = batch_size()' },
    ])
    const made = await under.workers.run(batchOf(3, [0]), signal)
    expect(documents(made)).toEqual([[{ id: 0, kills: true }, { size: 2 }, { size: 2 }]])
    expect(countOf(under, 'processor_batch_sent', 'sizes')).toBe(1)
  })
})

describe('workers that do not start', () => {
  test('leave the processors to the thread of the pipeline, which says so once', async () => {
    using threads = watchThreads()
    const { lines, environment } = heardOf()
    await using under = await chainOf([{ mapping: 'root.id = this.id' }], { environment })
    const { namespace, name, group, endpointPrefix, directory } = environment
    const workers = new WorkerChain({
      ...under,
      environment,
      threads: 2,
      source: {
        ...{ namespace, name, group, endpointPrefix, directory },
        ...{ processors: [{ unheard_of: {} }], resources: new Map(), strict: false },
        env: new Map(),
      },
    })
    for (let round = 0; round < 3; round++) {
      const made = await workers.run(batchOf(2, []), signal)
      expect(documents(made)).toEqual([[{ id: 0 }, { id: 1 }]])
    }
    await workers.close()
    expect(threads.started).toBe(STARTS_MAX)
    expect(lines.map(({ message }) => message)).toEqual([
      'workers of a pipeline do not start; its processors run without them',
    ])
  })
})

function countOf(
  { health }: Awaited<ReturnType<typeof chainOf>>,
  wanted: string,
  label: string,
): unknown {
  return health.metrics
    .series()
    .find(({ name, labels }) => name === wanted && labels['label'] === label)?.value
}
