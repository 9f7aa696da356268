import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { Agent } from 'undici'
import { describe, expect, test } from 'vitest'
import { REASON_LENGTH_MAX } from '../dead-letters/letter-headers.ts'
import { HeadgateError } from '../error.ts'
import { openMemoryEngine } from '../log/memory-engine.ts'
import { inspectPipeline } from '../pipelines/inspect-pipeline.ts'
import { Message } from '../pipelines/message.ts'
import { testEnvironment } from '../pipelines/testing.ts'
import { realClock } from '../ports/real-clock.ts'
import { realRandom } from '../ports/real-random.ts'
import { memory } from './buffers/memory.ts'
import { DeadLetters } from './dead-letter.ts'
import { EXCERPT_BYTES_MAX, exchange, RETRY_AFTER_MS_MAX } from './http/exchange.ts'
import { GENERATE_BATCH_SIZE_MAX } from './inputs/generate.ts'
import { OPEN_FILES_MAX } from './outputs/file.ts'
import { STANDARD_HEADERS_MAX } from './outputs/standard.ts'
import { createStream, produce, started, toldServer } from './testing.ts'

const problemsOf = async (spec: object): Promise<readonly string[]> =>
  (await inspectPipeline({ input: { stdin: {} }, output: { drop: {} }, ...spec })).problems.map(
    ({ message }) => message,
  )

/** Files of the folder that this process holds open. */
async function openIn(directory: string): Promise<number> {
  const links = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
  )
  return links.filter((link) => link.startsWith(directory)).length
}

describe('the file output', () => {
  test.skipIf(process.platform !== 'linux').each([
    [OPEN_FILES_MAX, OPEN_FILES_MAX],
    [OPEN_FILES_MAX + 1, OPEN_FILES_MAX],
  ])('writes %i files and keeps %i open', async (files, open) => {
    const directory = await mkdtemp(join(tmpdir(), 'headgate-open-'))
    await using engine = openMemoryEngine({ clock: realClock, random: realRandom })
    await createStream(engine, 'source')
    const records = Array.from({ length: files }, (_, n) => ({ data: Buffer.from(`{"n":${n}}`) }))
    await produce(engine, 'source', records)
    const pipeline = await started(
      {
        input: { stream: { name: 'source' } },
        output: { file: { path: './${! this.n }.jsonl' } },
      },
      testEnvironment({ engine, directory }),
    )
    while (pipeline.state().counters.outputSent < files) await setImmediate()
    expect(await openIn(directory)).toBe(open)
    expect(await readdir(directory)).toHaveLength(files)
    await pipeline.stop(1_000)
    expect(await openIn(directory)).toBe(0)
    await rm(directory, { recursive: true })
  })
})

test('generate makes batches as large as the limit, and no larger', async () => {
  const input = (batch_size: number): object => ({
    input: { generate: { mapping: 'root = 1', batch_size } },
  })
  expect(await problemsOf(input(GENERATE_BATCH_SIZE_MAX))).toEqual([])
  expect(await problemsOf(input(GENERATE_BATCH_SIZE_MAX + 1))).toHaveLength(1)
})

test('standard sends as many headers as the limit, and no more', async () => {
  const output = (count: number): object => {
    const headers = Object.fromEntries(Array.from({ length: count }, (_, n) => [`x-${n}`, 'y']))
    return { output: { standard: { url: 'http://127.0.0.1:1/', headers } } }
  }
  expect(await problemsOf(output(STANDARD_HEADERS_MAX))).toEqual([])
  expect(await problemsOf(output(STANDARD_HEADERS_MAX + 1))).toEqual([
    `expected at most ${STANDARD_HEADERS_MAX} headers`,
  ])
})

test('a dead letter tells a reason as long as the limit, and cuts a longer one', async () => {
  await using engine = openMemoryEngine({ clock: realClock, random: realRandom })
  await createStream(engine, 'dead')
  const letters = new DeadLetters('dead', 'standard', { environment: testEnvironment({ engine }) })
  const reason = (length: number): string => {
    const why = new HeadgateError('OutputFailed', 'x'.repeat(length))
    const { record } = letters.record(Message.fromBytes(Buffer.from('1')), why)
    const header = record.headers?.find(({ name }) => name === 'headgate-reason')
    return Buffer.from(header?.value ?? []).toString()
  }
  expect(reason(REASON_LENGTH_MAX)).toHaveLength(REASON_LENGTH_MAX)
  expect(reason(REASON_LENGTH_MAX + 1)).toHaveLength(REASON_LENGTH_MAX)
})

describe('an answer over HTTP', () => {
  async function answerTo(headers: Record<string, string>, body: string) {
    await using server = await toldServer(() => ({ status: 503, headers, body }))
    const dispatcher = new Agent()
    const options = { dispatcher, clock: realClock, signal: new AbortController().signal }
    const request = { method: 'POST', headers: {}, body: undefined, timeoutMs: undefined }
    const answer = await exchange({ url: server.url, ...request }, options)
    await dispatcher.destroy()
    if (answer.kind !== 'answered') throw answer.error
    return answer
  }

  test('is read as far as the limit, and no further', async () => {
    const whole = 'x'.repeat(EXCERPT_BYTES_MAX)
    expect((await answerTo({}, whole)).excerpt).toBe(whole)
    expect((await answerTo({}, `${whole}y`)).excerpt).toBe(whole)
  })

  test('may ask for a wait as long as the limit, and no longer', async () => {
    const asked = async (ms: number): Promise<number | undefined> =>
      (await answerTo({ 'retry-after': String(ms / 1000) }, '')).retryAfterMs
    expect(await asked(RETRY_AFTER_MS_MAX - 1000)).toBe(RETRY_AFTER_MS_MAX - 1000)
    expect(await asked(RETRY_AFTER_MS_MAX)).toBe(RETRY_AFTER_MS_MAX)
    expect(await asked(RETRY_AFTER_MS_MAX + 1000)).toBe(RETRY_AFTER_MS_MAX)
  })
})

test('the memory buffer takes until its limit is reached, and then when something left', async () => {
  const { signal } = new AbortController()
  const context = {} as Parameters<typeof memory.build>[1]
  const buffer = await memory.build({ limit: 10 } as never, context)
  if (buffer === undefined) throw new Error('the memory buffer is none')
  const batch = (bytes: number): Message[] => [Message.fromBytes(Buffer.alloc(bytes))]
  expect(buffer.put(batch(9), () => {}, signal)).toBeUndefined()
  expect(buffer.put(batch(1), () => {}, signal)).toBeUndefined()
  const waits = buffer.put(batch(1), () => {}, signal)
  expect(waits).toBeInstanceOf(Promise)
  const first = await buffer.read(signal)
  first?.settle?.(undefined)
  await waits
  expect((await buffer.read(signal))?.messages).toHaveLength(1)
  expect((await buffer.read(signal))?.messages).toHaveLength(1)
  await buffer.close()
})
