import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import { Message } from '../../pipelines/message.ts'
import { IN_FLIGHT_MESSAGES_MAX } from '../../pipelines/pump.ts'
import { testEnvironment } from '../../pipelines/testing.ts'
import type { Outcome } from '../../pipelines/transaction.ts'
import { SimulatedClock } from '../../ports/simulated-clock.ts'
import { builtBuffer } from './built-buffer.ts'

/** 2026-01-01T00:00:00Z, as the simulated clock begins. */
const START = 1_767_225_600

async function windows(config: object) {
  const clock = new SimulatedClock()
  const warnings: unknown[] = []
  const silent = { debug: () => {}, info: () => {}, error: () => {} }
  const logger = { ...silent, warn: (_: string, fields?: object) => void warnings.push(fields) }
  const environment = testEnvironment({ clock, logger })
  const buffer = await builtBuffer({ system_window: config }, environment)
  const { signal } = new AbortController()
  const settled: (readonly [string, Outcome])[] = []
  /** Each batch that was given and not settled yet. */
  const read: { texts: string[]; ends: unknown[]; failed: boolean; settle: () => void }[] = []
  const reading = (async () => {
    for (;;) {
      const batch = await buffer.read(signal)
      if (batch === undefined) return
      const { messages } = batch
      read.push({
        texts: messages.map((message) => Buffer.from(message.content()).toString()),
        ends: messages.map((message) => message.metadata('window_end_timestamp')),
        failed: messages.some((message) => message.failure() !== undefined),
        settle: () => batch.settle?.(undefined),
      })
    }
  })()
  const put = (...texts: (string | number)[]): void => {
    const batch = texts.map((text) => Message.fromBytes(Buffer.from(String(text))))
    void buffer.put(batch, (outcome) => settled.push([texts.join(' '), outcome]), signal)
  }
  return { clock, buffer, read, reading, settled, put, warnings }
}

describe('a tumbling window', () => {
  test('leaves as one batch when the clock passes its end, and says when that was', async () => {
    const { clock, read, put } = await windows({ size: '10s' })
    put('1')
    await clock.advance(4_000)
    put('2', '3')
    await clock.advance(5_999)
    expect(read).toEqual([])
    await clock.advance(1)
    const end = '2026-01-01T00:00:10Z'
    expect(read).toMatchObject([{ texts: ['1', '2', '3'], ends: [end, end, end] }])
  })

  test('begins earlier with an offset below zero', async () => {
    const { clock, read, put } = await windows({ size: '10s', offset: '-4s' })
    put('1')
    await clock.advance(6_000)
    expect(read).toMatchObject([{ texts: ['1'], ends: ['2026-01-01T00:00:06Z'] }])
  })

  test('is acknowledged when it was delivered, and not before', async () => {
    const { clock, read, settled, put } = await windows({ size: '10s' })
    put('1')
    await clock.advance(10_000)
    expect(settled).toEqual([])
    read[0]?.settle()
    expect(settled).toEqual([['1', undefined]])
  })

  test('takes messages by their own time, late ones as long as that is allowed', async () => {
    const { clock, read, settled, put, warnings } = await windows({
      size: '10s',
      allowed_lateness: '3s',
      timestamp_mapping: 'root = this',
    })
    put(START + 15, START + 1)
    await clock.advance(12_000)
    put(START + 9.5)
    await clock.advance(1_000)
    expect(read.map(({ texts }) => texts)).toEqual([[`${START + 1}`, `${START + 9.5}`]])
    put(START + 9)
    expect(settled).toEqual([[`${START + 9}`, undefined]])
    await clock.advance(10_000)
    expect(read.map(({ texts }) => texts)[1]).toEqual([`${START + 15}`])
    expect(warnings).toEqual([{ count: 1 }])
  })

  test('of now is not held up by one that lies far ahead', async () => {
    const mapping = { timestamp_mapping: 'root = this' }
    const { clock, read, put } = await windows({ size: '10s', ...mapping })
    put(START + 100_000)
    put(START + 1)
    await clock.advance(10_000)
    expect(read.map(({ texts }) => texts)).toEqual([[`${START + 1}`]])
  })

  test('takes a message without a time as of now, and flags it', async () => {
    const mapping = { timestamp_mapping: 'root = this.at' }
    const { clock, read, put } = await windows({ size: '10s', ...mapping })
    put('{}')
    await clock.advance(10_000)
    expect(read).toMatchObject([{ texts: ['{}'], failed: true }])
  })
})

test('a message of sliding windows is in each of them, and is acknowledged with the last', async () => {
  const { clock, read, settled, put } = await windows({ size: '10s', slide: '5s' })
  put('1')
  await clock.advance(5_000)
  put('2')
  await clock.advance(10_000)
  expect(read.map(({ texts }) => texts)).toEqual([['1'], ['1', '2'], ['2']])
  read[0]?.settle()
  expect(settled).toEqual([])
  read[1]?.settle()
  expect(settled.map(([texts]) => texts)).toEqual(['1'])
})

test('what is in an open window is given back at a stop, and what left is delivered', async () => {
  const { clock, buffer, read, reading, settled, put } = await windows({ size: '10s' })
  put('1')
  await clock.advance(10_000)
  put('2')
  buffer.giveBack?.()
  put('3')
  expect(settled.map(([text, outcome]) => [text, outcome?.error.code])).toEqual([
    ['2', 'StopTimedOut'],
    ['3', 'StopTimedOut'],
  ])
  buffer.end()
  read[0]?.settle()
  expect(settled[2]).toEqual(['1', undefined])
  await reading
})

test('a window holds more than a pipeline may have in flight, and leaves whole', async () => {
  const { started } = await import('../testing.ts')
  const clock = new SimulatedClock()
  const environment = testEnvironment({ clock })
  const count = IN_FLIGHT_MESSAGES_MAX + 10_000
  const pipeline = await started(
    {
      input: { generate: { mapping: 'root = 1', interval: '', count, batch_size: 1_000 } },
      buffer: { system_window: { size: '10s' } },
      pipeline: {
        processors: [
          { mapping: 'root = if batch_index() > 0 { deleted() } else { batch_size() }' },
        ],
      },
      output: { stdout: {} },
    },
    environment,
  )
  while (pipeline.state().counters.inputReceived < count) {
    await clock.advance(0)
    await setImmediate()
  }
  await clock.advance(10_000)
  while (environment.stdout.text === '') await setImmediate()
  expect(environment.stdout.text).toBe(`${count}\n`)
  await pipeline.stop(1_000)
})

test('a pipeline stops with an open window at once, and the file is not taken as delivered', async () => {
  const { mkdtemp, readdir, rm, writeFile } = await import('node:fs/promises')
  const directory = await mkdtemp(`${(await import('node:os')).tmpdir()}/headgate-window-`)
  await writeFile(`${directory}/in`, 'a\nb\n')
  const { started } = await import('../testing.ts')
  const environment = testEnvironment({ directory, clock: new SimulatedClock() })
  const pipeline = await started(
    {
      input: { file: { paths: ['in'], delete_on_finish: true } },
      buffer: { system_window: { size: '1h' } },
      output: { stdout: {} },
    },
    environment,
  )
  while (pipeline.state().counters.inputReceived < 2) await setImmediate()
  expect(await pipeline.stop(10_000)).toBe('drained')
  expect(environment.stdout.text).toBe('')
  expect(await readdir(directory)).toEqual(['in'])
  await rm(directory, { recursive: true })
})

test('shapes that cannot be meant are refused', async () => {
  const paths = async (config: object): Promise<readonly string[]> => {
    const spec = { input: { stdin: {} }, buffer: { system_window: config }, output: { drop: {} } }
    return (await inspectPipeline(spec)).problems.map(({ path }) => path.join('.'))
  }
  expect(await paths({ size: '10s', slide: '5s', offset: '4s' })).toEqual([])
  expect(await paths({ size: '' })).toEqual(['buffer.system_window.size'])
  expect(await paths({ size: '10s', slide: '10s' })).toEqual(['buffer.system_window.slide'])
  expect(await paths({ size: '10s', slide: '10ms' })).toEqual([])
  expect(await paths({ size: '10s', slide: '9ms' })).toEqual(['buffer.system_window.slide'])
  for (const offset of ['10s', '-10s', 'soon', '--1s']) {
    expect(await paths({ size: '10s', offset })).toEqual(['buffer.system_window.offset'])
  }
  expect(await paths({ size: '24h', offset: '-6h' })).toEqual([])
})
