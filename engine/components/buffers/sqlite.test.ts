import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Message } from '../../pipelines/message.ts'
import { testEnvironment } from '../../pipelines/testing.ts'
import { runToEnd, started } from '../testing.ts'
import { builtBuffer } from './built-buffer.ts'
import { SQLITE_WAITING_BYTES_MAX } from './sqlite.ts'

let directory = ''

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'headgate-sqlite-'))
})
afterEach(() => rm(directory, { recursive: true }))

const sqlite = { path: 'buffer.db' }
const numbers = (count: number) => ({
  generate: { mapping: 'root.n = counter()', interval: '', count },
})
const lines = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, n) => `{"n":${from + n}}\n`).join('')

describe('the sqlite buffer', () => {
  test('sees a finite input through to its end, in order', async () => {
    const environment = testEnvironment({ directory })
    const spec = { input: numbers(500), buffer: { sqlite }, output: { stdout: {} } }
    const pipeline = await runToEnd(spec, environment)
    expect(environment.stdout.text).toBe(lines(1, 500))
    expect(pipeline.state().counters).toMatchObject({ inputReceived: 500, outputSent: 500 })
  })

  test('leaves what was not delivered to the next start, with its metadata', async () => {
    const mapping = 'meta place = {"row": counter()}\nroot.n = @place.row'
    const generate = { mapping, interval: '', count: 200 }
    const stuck = { input: { generate }, buffer: { sqlite }, output: { reject: 'no' } }
    const first = await started(stuck, testEnvironment({ directory }))
    while (first.state().counters.inputReceived < 200) await setImmediate()
    await first.stop(2_000)
    const environment = testEnvironment({ directory })
    const second = {
      input: numbers(0),
      buffer: { sqlite },
      pipeline: { processors: [{ mapping: 'root.n = @place.row' }] },
      output: { stdout: {} },
    }
    await runToEnd({ ...second, input: { file: { paths: ['none*'] } } }, environment)
    expect(environment.stdout.text).toBe(lines(1, 200))
  })

  test('runs processors before it stores and after it read', async () => {
    const environment = testEnvironment({ directory })
    const processors = {
      pre_processors: [{ archive: { format: 'json_array' } }, { compress: { algorithm: 'gzip' } }],
      post_processors: [
        { decompress: { algorithm: 'gzip' } },
        { unarchive: { format: 'json_array' } },
        { split: { size: 1 } },
      ],
    }
    const generate = { mapping: 'root.n = counter()', interval: '', count: 10, batch_size: 5 }
    const buffer = { sqlite: { ...sqlite, ...processors } }
    await runToEnd({ input: { generate }, buffer, output: { stdout: {} } }, environment)
    expect(environment.stdout.chunks.map(String)).toEqual(lines(1, 10).match(/.+\n/g))
  })

  test('settles what its processors filter', async () => {
    const environment = testEnvironment({ directory })
    const odd = [{ mapping: 'root = if this.n % 2 == 0 { deleted() }' }]
    const three = [{ mapping: 'root = if this.n % 3 == 0 { deleted() }' }]
    const buffer = { sqlite: { ...sqlite, pre_processors: odd, post_processors: three } }
    await runToEnd({ input: numbers(10), buffer, output: { stdout: {} } }, environment)
    expect(environment.stdout.text).toBe('{"n":1}\n{"n":5}\n{"n":7}\n')
  })

  test('gives again what the output rejected', async () => {
    const environment = testEnvironment({ directory })
    const flaky = 'root = this\nmeta n = counter()'
    const spec = {
      input: numbers(3),
      buffer: { sqlite },
      pipeline: { processors: [{ mapping: flaky }] },
      output: {
        switch: {
          cases: [{ check: '@n == 1', output: { reject: 'once' } }, { output: { stdout: {} } }],
        },
      },
    }
    await runToEnd(spec, environment)
    const written = environment.stdout.text.trimEnd().split('\n').sort()
    expect(written).toEqual(['{"n":1}', '{"n":2}', '{"n":3}'])
  })

  test('lets the input wait while it is full', async () => {
    const buffer = await builtBuffer(
      { sqlite: { ...sqlite, limit: 1 } },
      testEnvironment({ directory }),
    )
    const { signal } = new AbortController()
    await buffer.connect(signal)
    const stored = Promise.withResolvers<void>()
    const waits = buffer.put([Message.fromBytes(Buffer.from('1'))], () => stored.resolve(), signal)
    expect(waits).toBeInstanceOf(Promise)
    await stored.promise
    const given = await buffer.read(signal)
    given?.settle?.(undefined)
    await waits
    await buffer.close()
  })

  test('holds no more in memory than its bound', async () => {
    const buffer = await builtBuffer({ sqlite }, testEnvironment({ directory }))
    const { signal } = new AbortController()
    await buffer.connect(signal)
    const put = (bytes: number) =>
      buffer.put([Message.fromBytes(Buffer.alloc(bytes))], () => {}, signal)
    const framing = 14
    expect(put(SQLITE_WAITING_BYTES_MAX - framing - 1)).toBeUndefined()
    expect(put(1)).toBeInstanceOf(Promise)
    await buffer.close()
  })

  test("refuses a database that is another program's, and one that is in use", async () => {
    const foreign = new DatabaseSync(join(directory, 'buffer.db'))
    foreign.exec('CREATE TABLE messages(id INTEGER)')
    foreign.close()
    const spec = { input: { stdin: {} }, buffer: { sqlite }, output: { drop: {} } }
    const environment = testEnvironment({ directory })
    await expect(started(spec, environment)).rejects.toThrow('is no database of this buffer')
    await rm(join(directory, 'buffer.db'))
    const first = await started(spec, environment)
    await expect(started(spec, testEnvironment({ directory }))).rejects.toThrow('locked')
    await first.stop(1_000)
  })
})

const children: ChildProcess[] = []

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

/** Takes all files in, which go once they are acknowledged, and delivers none. */
const PROGRAM = `
import { buildPipeline } from ${JSON.stringify(fileURLToPath(new URL('../../pipelines/build-pipeline.ts', import.meta.url)))}
import { testEnvironment } from ${JSON.stringify(fileURLToPath(new URL('../../pipelines/testing.ts', import.meta.url)))}
const spec = {
  input: { file: { paths: ['*.txt'], delete_on_finish: true } },
  buffer: { sqlite: { path: 'buffer.db' } },
  output: { reject: 'no' },
}
const pipeline = await buildPipeline(spec, testEnvironment({ directory: process.cwd() }))
await pipeline.connect()
setInterval(() => {}, 1000)
`

test('what was acknowledged before a SIGKILL is delivered after it', async () => {
  const files = 5
  const rows = 300
  for (let file = 0; file < files; file++) {
    const text = Array.from({ length: rows }, (_, row) => `${file}-${row}\n`).join('')
    await writeFile(join(directory, `${file}.txt`), text)
  }
  const child = spawn(process.execPath, ['--input-type=module', '--eval', PROGRAM], {
    cwd: directory,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  children.push(child)
  const left = async () => (await readdir(directory)).filter((name) => name.endsWith('.txt'))
  // At least two files were acknowledged, and perhaps the kill comes amid the next.
  while ((await left()).length > files - 2) await setImmediate()
  child.kill('SIGKILL')
  await once(child, 'exit')
  const environment = testEnvironment({ directory })
  const input = { file: { paths: ['*.txt'], delete_on_finish: true } }
  await runToEnd({ input, buffer: { sqlite }, output: { stdout: {} } }, environment)
  const delivered = new Set(environment.stdout.text.trimEnd().split('\n'))
  expect(delivered.size).toBe(files * rows)
})
