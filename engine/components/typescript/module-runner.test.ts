import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { openMemoryEngine } from '../../log/memory-engine.ts'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import { Message } from '../../pipelines/message.ts'
import { testEnvironment } from '../../pipelines/testing.ts'
import type { Clock } from '../../ports/clock.ts'
import { realClock } from '../../ports/real-clock.ts'
import { realRandom } from '../../ports/real-random.ts'
import { SimulatedClock } from '../../ports/simulated-clock.ts'
import { committed, consume, createStream, produce, started } from '../testing.ts'
import { ModuleRunner } from './module-runner.ts'
import { LOAD_MS_MAX } from './module-thread.ts'

const never = new AbortController().signal
const folders: string[] = []
const runners: ModuleRunner[] = []
afterEach(async () => {
  for (const runner of runners.splice(0)) await runner.close()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function folderOf(source: string): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'headgate-runner-')))
  folders.push(folder)
  writeFileSync(join(folder, 'clean.ts'), source)
  return folder
}

async function runnerOf(source: string, clock: Clock = realClock): Promise<ModuleRunner> {
  const folder = folderOf(source)
  const quiet = () => {}
  const runner = await ModuleRunner.start({
    url: `file://${folder}/clean.ts`,
    folder,
    pipeline: 'test',
    namespace: 'default',
    label: '',
    deadlineMs: 30_000,
    memoryBytesMax: 256 * 1024 * 1024,
    clock,
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    failed: (message, why) => message.withValue(`failed: ${why.message}`),
    report: quiet,
  })
  runners.push(runner)
  return runner
}

const batchOf = (...values: unknown[]) =>
  values.map((value) => Message.fromBytes(Buffer.from(JSON.stringify(value))))

describe('batches at once', () => {
  test('run in threads of their own, each with what the module keeps', async () => {
    const runner = await runnerOf(`import { threadId } from 'node:worker_threads'
import { setTimeout } from 'node:timers/promises'
let calls = 0
export default async (record: any) => {
  calls += 1
  await setTimeout(20)
  return { value: { threadId, calls } }
}`)
    const made = await Promise.all([1, 2].map(() => runner.run(batchOf(1, 2), never)))
    const documents = made.map((messages) => messages.map((message) => message.document()))
    const threads = new Set(documents.flat().map((one) => (one as { threadId: number }).threadId))
    expect(threads.size).toBe(2)
    expect(documents.map((one) => one.map((each) => (each as { calls: number }).calls))).toEqual([
      [1, 2],
      [1, 2],
    ])
  })

  test('wait for each other where there are more than cores', async () => {
    const runner = await runnerOf('export default (record: any) => record')
    const made = await Promise.all(
      Array.from({ length: 40 }, (_, value) => runner.run(batchOf(value), never)),
    )
    expect(made.map(([message]) => message?.document())).toEqual(
      Array.from({ length: 40 }, (_, value) => value),
    )
  })
})

test('a module that never ends loading is refused', async () => {
  const clock = new SimulatedClock()
  const starting = runnerOf('for (;;) {}\nexport default () => null', clock)
  const refused = expect(starting).rejects.toThrow(
    `clean.ts: it took longer than ${LOAD_MS_MAX} ms to load: what stands outside of its functions`,
  )
  let isRefused = false
  void refused.finally(() => {
    isRefused = true
  })
  // It is not known when it begins to load.
  while (!isRefused) {
    await clock.advance(LOAD_MS_MAX)
    await setImmediate()
  }
  await refused
})

test('a run that is aborted ends its thread, and the next one begins another', async () => {
  const runner = await runnerOf(`export default async (record: any) => {
  if (record.value === 0) await new Promise(() => {})
  return record
}`)
  const controller = new AbortController()
  const running = runner.run(batchOf(0), controller.signal)
  controller.abort(new Error('enough'))
  await expect(running).rejects.toThrow('enough')
  const [message] = await runner.run(batchOf(1), never)
  expect(message?.document()).toBe(1)
})

test('records that die one after the other are each called once, and the rest goes on', async () => {
  const runner = await runnerOf(`export default (record: any) => {
  if (record.value % 3 === 0) process.exit()
  return record
}`)
  const values = Array.from({ length: 12 }, (_, value) => value)
  const made = await runner.run(batchOf(...values), never)
  expect(made.map((message) => message.text())).toEqual(
    values.map((value) =>
      value % 3 === 0 ? 'failed: clean.ts:2:39: process.exit() was called' : String(value),
    ),
  )
})

test('records of a stream are mapped once each, in order, while the module is changed and dies', async () => {
  const source = (name: string): string => `export default (record: any) => {
  if (record.value.n === 30 && '${name}' === 'one') process.exit()
  return { ...record, value: { n: record.value.n, by: '${name}', key: record.key, at: record.sequence } }
}`
  const folder = folderOf(source('one'))
  const engine = openMemoryEngine({ clock: realClock, random: realRandom })
  await createStream(engine, 'orders')
  await createStream(engine, 'clean')
  const environment = testEnvironment({ engine, configDirectory: folder })
  const pipeline = await started(
    {
      input: { stream: { name: 'orders', start: 'earliest' } },
      pipeline: {
        threads: 1,
        processors: [
          { typescript: { module: './clean.ts' } },
          { mapping: 'root = if errored() { {"n": this.n, "failed": true} } else { this }' },
        ],
      },
      output: { stream: { name: 'clean' } },
    },
    environment,
  )
  const send = (from: number, count: number): Promise<void> =>
    produce(
      engine,
      'orders',
      Array.from({ length: count }, (_, at) => ({
        key: Buffer.from('ada'),
        headers: [],
        data: Buffer.from(JSON.stringify({ n: from + at })),
      })),
    )
  await send(0, 50)
  await consume(engine, 'clean', 50)
  writeFileSync(join(folder, 'clean.ts'), source('two'))
  let sent = 50
  let by = 'one'
  while (by === 'one') {
    await send(sent, 10)
    sent += 10
    const records = await consume(engine, 'clean', sent)
    by = JSON.parse(Buffer.from(records.at(-1)?.data ?? []).toString()).by
  }
  await committed(engine, 'pipeline.test', sent + 1)
  const records = await consume(engine, 'clean', sent)
  const values = records.map(({ data }) => JSON.parse(Buffer.from(data).toString()))
  expect(values.map(({ n }) => n)).toEqual(Array.from({ length: sent }, (_, n) => n))
  expect(values[30]).toEqual({ n: 30, failed: true })
  expect(values[1]).toEqual({ n: 1, by: 'one', key: 'ada', at: 2 })
  const names = values.flatMap(({ by: name }) => name ?? [])
  expect(names.lastIndexOf('one')).toBeLessThan(names.indexOf('two'))
  expect(await pipeline.stop(5_000)).toBe('drained')
})

describe('what a config says', () => {
  const inspected = (config: Readonly<Record<string, unknown>>) =>
    inspectPipeline({ pipeline: { processors: [{ typescript: config }] } })

  test('needs the grant of commands, and names the file', async () => {
    const { needs, modules, problems } = await inspected({ module: './clean.ts' })
    const path = ['pipeline', 'processors', 0, 'typescript', 'module']
    expect(problems).toEqual([])
    expect(needs).toEqual([{ kind: 'command', name: './clean.ts', path }])
    expect(modules).toEqual([{ module: './clean.ts', path }])
  })

  test.each([
    [{ memory_limit: '32MiB' }, []],
    [{ memory_limit: '31MiB' }, ['expected a size such as 256MiB, of at least 32MiB, got 31MiB']],
    [{ memory_limit: 'much' }, ['expected a size such as 256MiB, of at least 32MiB, got much']],
    [{ deadline: '' }, ['expected a duration such as 5s, got none']],
    [{ deadline: '9ms' }, ['expected a deadline of at least 10 ms, got 9ms']],
    [{ deadline: '10ms' }, []],
    [{ deadline: '${DEADLINE}', memory_limit: '${LIMIT}' }, []],
  ])('%j', async (config, expected) => {
    const { problems } = await inspected({ module: './clean.ts', ...config })
    expect(problems.map(({ message }) => message)).toEqual(expected)
  })
})

describe('a module that does not load says', () => {
  const loading = async (source: string): Promise<unknown> => {
    const clock = new SimulatedClock()
    return runnerOf(source, clock).then(
      () => 'loaded',
      (thrown: Error) => thrown.message,
    )
  }

  test('that it waits for what does not come', async () => {
    expect(await loading(`await new Promise(() => {})\nexport default () => null\n`)).toBe(
      'clean.ts: it never loads: an await outside of its functions waits for what does not come',
    )
  })

  test('what its default export is instead of a function', async () => {
    expect(await loading(`export default { clean: (record) => record }`)).toBe(
      'clean.ts:1:1: expected a default export that is a function, or a function batch, got a default export that is an object with clean',
    )
  })

  test('where it imports what, and what to write instead', async () => {
    expect(await loading(`import data from './data'\nexport default () => data\n`)).toMatch(
      /^clean\.ts:1:21: Cannot find module/,
    )
    writeFileSync(join(folderOf(''), 'data.json'), '{}')
    expect(
      await loading(
        `// JSON\nimport data from '${folders.at(-1)}/data.json'\nexport default () => data\n`,
      ),
    ).toMatch(/^clean\.ts:2:\d+: TypeError: Module .* needs an import attribute .*with \{ type/)
    expect(
      await loading(`// folder\nimport data from '/tmp'\nexport default () => data\n`),
    ).toMatch(/^clean\.ts:2:\d+: .*Directory import .*index\.ts$/)
    expect(await loading(`enum A { B }\nexport default () => A.B\n`)).toMatch(
      /^clean\.ts:1:1: TypeScript enum is not supported in strip-only mode: .*as const/,
    )
  })
})

test('modules that begin at the same moment all load', async () => {
  const runners = await Promise.all(
    Array.from({ length: 12 }, () => runnerOf(`export default () => ({ value: typeof gc })`)),
  )
  const answers = await Promise.all(runners.map((runner) => runner.run(batchOf(1), never)))
  expect(answers.map(([message]) => String(message?.content()))).toEqual(
    runners.map(() => 'undefined'),
  )
})

test('what is thrown is told whatever it is, and a key has to be text', async () => {
  const runner = await runnerOf(`const thrown = [
  () => { throw { code: 7 } },
  () => { throw 'bad luck' },
  () => { throw Object.create(null) },
  () => { throw Object.defineProperty(new Error(), 'message', { get() { throw 1 } }) },
  () => ({ value: 1, key: { a: 1 } }),
  () => ({ value: 1, key: true }),
]
export default ({ value }) => thrown[value]()
`)
  const answers = await runner.run(batchOf(0, 1, 2, 3, 4, 5), never)
  const place = 'failed: clean.ts:9:1: '
  const advice = 'was thrown: throw an Error, which tells its place'
  expect(answers.map((message) => String(message.content()))).toEqual([
    `${place}an object with code ${advice}`,
    `${place}"bad luck" ${advice}`,
    `${place}an empty object ${advice}`,
    `${place}something was thrown that does not let itself be read`,
    `${place}expected key to be text, got an object with a`,
    `${place}expected key to be text, got a boolean`,
  ])
})

test('what is thrown tells what it was caused by', async () => {
  const runner = await runnerOf(`const thrown = [
  () => fetch('http://127.0.0.1:9/'),
  () => { throw new Error('no order', { cause: new TypeError('no number') }) },
  () => Promise.any([Promise.reject(new Error('one')), Promise.reject(new Error('two'))]),
  () => { const error = new Error('again'); error.cause = error; throw error },
  () => { throw new RangeError() },
]
export default ({ value }) => thrown[value]()
`)
  const answers = await runner.run(batchOf(0, 1, 2, 3, 4), never)
  const [away, ...others] = answers.map((message) => String(message.content()))
  expect(away).toMatch(/^failed: clean\.ts:\d+:\d+: TypeError: fetch failed: ./)
  expect(others).toEqual([
    'failed: clean.ts:3:17: no order: TypeError: no number',
    expect.stringMatching(/: AggregateError: All promises were rejected: one$/),
    'failed: clean.ts:5:25: again: again: again: again',
    'failed: clean.ts:6:17: RangeError',
  ])
})
