import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { Processor } from '../../pipelines/component.ts'
import { Message } from '../../pipelines/message.ts'
import type { Pipeline, PipelineEnvironment } from '../../pipelines/pipeline.ts'
import { type TestEnvironment, testEnvironment } from '../../pipelines/testing.ts'
import { runToEnd } from '../testing.ts'
import { typescript } from './typescript.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'headgate-module-')))
  folders.push(folder)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

interface Ran {
  readonly lines: readonly unknown[]
  readonly pipeline: Pipeline
  readonly environment: TestEnvironment
}

/** One batch of all that is given; what fails comes out as the text of its failure. */
async function run(
  files: Readonly<Record<string, string>>,
  given: readonly unknown[],
  config: Readonly<Record<string, unknown>> = {},
): Promise<Ran> {
  const folder = folderOf(files)
  const environment = testEnvironment({ configDirectory: folder })
  const pipeline = await runToEnd(
    {
      input: {
        generate: {
          mapping: `root = ${JSON.stringify(given)}.index(counter() - 1)`,
          interval: '',
          count: given.length,
          batch_size: given.length,
        },
      },
      pipeline: {
        threads: 1,
        processors: [
          { typescript: { module: './clean.ts', ...config } },
          { mapping: 'root = if errored() { {"failed": error()} } else { this }' },
        ],
      },
      output: { stdout: {} },
    },
    environment,
  )
  const lines = environment.stdout.text.split('\n').filter((line) => line !== '')
  return { lines: lines.map((line) => JSON.parse(line)), pipeline, environment }
}

const clean = async (
  source: string,
  given: readonly unknown[],
  config: Readonly<Record<string, unknown>> = {},
) => (await run({ 'clean.ts': source }, given, config)).lines

const never = new AbortController().signal

/** The processor by itself. */
async function built(
  environment: PipelineEnvironment,
  config: Readonly<Record<string, unknown>> = {},
): Promise<Processor> {
  const full = { module: './clean.ts', deadline: '5s', memory_limit: '256MiB', ...config }
  return (await typescript.build(
    full as never,
    {
      environment,
      label: '',
      durationMs: (text: string) => (text === '5s' ? 5_000 : Number.parseInt(text, 10)),
      failure: (thrown: unknown) => ({
        text: (thrown as Error).message,
        sourceName: '',
        sourceLabel: '',
        sourcePath: '',
      }),
      report: () => {},
    } as never,
  )) as Processor
}

/** The bytes that come out, as text. */
async function contents(source: string, given: readonly string[]): Promise<string[]> {
  const environment = testEnvironment({ configDirectory: folderOf({ 'clean.ts': source }) })
  const processor = await built(environment)
  const batch = given.map((text) => Message.fromBytes(Buffer.from(text)))
  const made = await processor.process(batch, never)
  await processor.close?.()
  return made.flat().map((message) => Buffer.from(message.content()).toString())
}

describe('a module', () => {
  test('maps each record to one, to several or to none', async () => {
    const source = `type Given = { value: { n: number } }
export default (record: Given) => {
  if (record.value.n === 1) return null
  if (record.value.n === 2) return [record, { ...record, value: { n: 20 } }]
  return { ...record, value: { n: record.value.n * 10 } }
}`
    expect(await clean(source, [{ n: 1 }, { n: 2 }, { n: 3 }])).toEqual([
      { n: 2 },
      { n: 20 },
      { n: 30 },
    ])
  })

  test('may be asynchronous, and keeps the order', async () => {
    const source = `import { setTimeout } from 'node:timers/promises'
export default async (record: any) => {
  await setTimeout(record.value % 2)
  return { value: record.value * 2 }
}`
    expect(await clean(source, [1, 2, 3])).toEqual([2, 4, 6])
  })

  test('fails the record that it throws for, with file, line and column', async () => {
    const source = `interface Order { total: number }
export default (record: { value: Order }) => {
  const order: Order = record.value
  if (order.total < 0)
    throw new RangeError('total is negative')
  return record
}`
    expect(await clean(source, [{ total: 1 }, { total: -1 }, { total: 2 }])).toEqual([
      { total: 1 },
      { failed: 'clean.ts:5:11: RangeError: total is negative' },
      { total: 2 },
    ])
  })

  test('that forgets to return says so, and drops nothing', async () => {
    const source = `export default (record: any) => {
  if (record.value > 1) return record
}`
    expect(await clean(source, [1, 2])).toEqual([
      {
        failed:
          'clean.ts:1:1: expected a record, a list of records or null, got undefined: return null to drop the record',
      },
      2,
    ])
  })

  test('that returns something else than a record is told what a record is', async () => {
    const source = 'export default () => ({ id: 1 })'
    expect(await clean(source, [1])).toEqual([
      { failed: expect.stringContaining('got an object with id: a record is { value: … }') },
    ])
  })

  test('gets whole numbers of any length, and gives them on as they are', async () => {
    const source = `export default (record: any) => ({
  ...record,
  value: { ...record.value, next: record.value.id + 1n, kind: typeof record.value.n },
})`
    const bytes = await contents(source, ['{"id":12345678901234567890,"n":1.5}'])
    expect(bytes).toEqual([
      '{"id":12345678901234567890,"n":1.5,"next":12345678901234567891,"kind":"number"}',
    ])
  })

  test('leaves the bytes of what it only looked at as they are', async () => {
    const source = 'export default (record: any) => (record.value.keep ? record : null)'
    expect(
      await contents(source, ['{ "keep": true,  "x": 1.50 }', '{"keep":false}', '{"keep":1}']),
    ).toEqual(['{ "keep": true,  "x": 1.50 }', '{"keep":1}'])
  })

  test('may change the document where it is', async () => {
    const source = `export default (record: any) => {
  record.value.total = 3
  return record
}`
    expect(await contents(source, ['{"a": 1}'])).toEqual(['{"a":1,"total":3}'])
  })

  test('gets text and bytes where there is no document, and may give both', async () => {
    const source = `export default (record: any) => [
  { value: record.value + record.text().length },
  { value: Uint8Array.from(record.bytes()).reverse() },
]`
    expect(await contents(source, ['ab'])).toEqual(['ab2', 'ba'])
  })

  test('reads and writes metadata and the key', async () => {
    const folder = folderOf({
      'clean.ts': `export default (record: any) => ({
  value: [record.key, record.metadata.color],
  key: record.key + '2',
  metadata: { ...record.metadata, color: 'red' },
})`,
    })
    const environment = testEnvironment({ configDirectory: folder })
    const processor = await built(environment)
    const metadata = new Map([
      ['headgate_key', 'ada'],
      ['color', 'blue'],
    ])
    const [[made] = []] = await processor.process(
      [Message.fromBytes(Buffer.from('1'), metadata)],
      never,
    )
    expect(made?.document()).toEqual(['ada', 'blue'])
    expect([made?.metadata('headgate_key'), made?.metadata('color')]).toEqual(['ada2', 'red'])
    await processor.close?.()
  })

  test('gets a batch whole where it exports batch, and answers for each of its records', async () => {
    const source = `export const batch = async (records: readonly any[], context: any) => {
  return records.map((record, index) => {
    if (index === 0) return new Error('not the first')
    if (index === 1) return null
    return { value: records.length }
  })
}`
    expect(await clean(source, [1, 2, 3])).toEqual([
      { failed: expect.stringMatching(/^clean\.ts:3:\d+: not the first$/) },
      3,
    ])
    expect(await clean('export const batch = () => [null]', [1, 2])).toEqual(
      [1, 2].map(() => ({
        failed: 'clean.ts:1:1: expected a list of 2 results, one a record, got 1 results',
      })),
    )
  })

  test('imports files of its folder and packages', async () => {
    const files = {
      'clean.ts': `import { double } from './lib/double.ts'
import plus from "plus"
import names from './names.json' with { type: 'json' }
export default (record: any) => ({ value: [plus(double(record.value)), names] })`,
      'lib/double.ts': 'export const double = (n: number): number => n * 2',
      'names.json': '["ada"]',
      'node_modules/plus/package.json': '{"name": "plus", "main": "index.js"}',
      'node_modules/plus/index.js': 'module.exports = (n) => n + 1',
    }
    const { lines } = await run(files, [1])
    expect(lines).toEqual([[3, ['ada']]])
  })

  test('may be JavaScript', async () => {
    const { lines } = await run(
      { 'clean.mjs': 'export default (record) => ({ value: record.value + 1 })' },
      [1],
      { module: './clean.mjs' },
    )
    expect(lines).toEqual([2])
  })

  test('knows where it runs, what time it is there, and no environment variables', async () => {
    const source = `export default (_: any, { pipeline, namespace, label, now, signal }: any) => ({
  value: [pipeline, namespace, label, now().getTime() > 0, signal.aborted, Object.keys(process.env)],
})`
    expect(await clean(source, [1])).toEqual([['test', 'default', '', true, false, []]])
  })

  test('logs to the server, and so does what it prints; no more than so many lines a second', async () => {
    const source = `export default (record: any, { log }: any) => {
  log.warn('odd', { id: 7 })
  console.log('printed')
  for (let line = 0; line < 10_000; line++) console.error(line)
  return record
}`
    const logged: unknown[][] = []
    const logger = {
      debug: () => {},
      info: (...line: unknown[]) => void logged.push(['info', ...line]),
      warn: (...line: unknown[]) => void logged.push(['warn', ...line]),
      error: (...line: unknown[]) => void logged.push(['error', ...line]),
    }
    const environment = testEnvironment({
      configDirectory: folderOf({ 'clean.ts': source }),
      logger,
    })
    const processor = await built(environment)
    await processor.process([Message.fromValue(1)], never)
    await processor.close?.()
    expect(logged.slice(0, 3)).toEqual([
      ['warn', 'odd', { pipeline: 'test', id: 7 }],
      ['info', 'printed', { pipeline: 'test' }],
      ['warn', '0', { pipeline: 'test' }],
    ])
    expect(logged.length).toBeLessThanOrEqual(2 * 101)
  })
})

describe('a record that fails', () => {
  test('by a rejected promise is told with the place of the rejection', async () => {
    const source = `export default async (record: any) => {
  await null
  if (record.value === 2) throw new Error('no twos')
  return record
}`
    expect(await clean(source, [1, 2, 3])).toEqual([1, { failed: 'clean.ts:3:33: no twos' }, 3])
  })

  test('by a promise that nobody waits for fails alone', async () => {
    const source = `const later = async (n: number) => {
  if (n === 2) throw new Error('floating')
}
export default (record: any) => {
  void later(record.value)
  return record
}`
    expect(await clean(source, [1, 2, 3])).toEqual([1, { failed: 'clean.ts:2:22: floating' }, 3])
  })

  test('by a callback that throws fails alone, though its promise never settles', async () => {
    const source = `export default (record: any) => new Promise((resolve, reject) => {
  setTimeout(() => {
    if (record.value === 2) reject(new Error('from a timer'))
    resolve(record)
  })
})`
    expect(await clean(source, [1, 2, 3])).toEqual([
      1,
      { failed: 'clean.ts:3:36: from a timer' },
      3,
    ])
  })

  test('by process.exit fails alone', async () => {
    const source = `export default (record: any) => {
  if (record.value === 2) process.exit(3)
  return { value: record.value * 10 }
}`
    expect(await clean(source, [1, 2, 3, 2, 5])).toEqual([
      10,
      { failed: 'clean.ts:2:35: process.exit(3) was called' },
      30,
      { failed: 'clean.ts:2:35: process.exit(3) was called' },
      50,
    ])
  })

  test('by an endless loop fails alone, with the line of the loop', async () => {
    const source = `export default (record: any) => {
  let steps = 0
  while (record.value === 2) {
    steps += 1
  }
  return record
}`
    expect(await clean(source, [1, 2, 3], { deadline: '100ms' })).toEqual([
      1,
      { failed: expect.stringMatching(/^clean\.ts:[34]:\d+: it took longer than 100 ms$/) },
      3,
    ])
  })

  test('by a promise that never settles fails alone', async () => {
    const source = `export default async (record: any) => {
  if (record.value === 2) await new Promise(() => {})
  return record
}`
    expect(await clean(source, [1, 2, 3], { deadline: '100ms' })).toEqual([
      1,
      {
        failed:
          'clean.ts:1:1: it took longer than 100 ms, waiting for something: hand signal to what it awaits, or set a longer deadline',
      },
      3,
    ])
  })

  test('by a signal that it handed on is told with the place that waited', async () => {
    const source = `import { setTimeout } from 'node:timers/promises'
export default async (record: any, { signal }: any) => {
  if (record.value === 2) await setTimeout(60_000, undefined, { signal })
  return record
}`
    expect(await clean(source, [1, 2], { deadline: '200ms' })).toEqual([
      1,
      { failed: expect.stringMatching(/^clean\.ts:\d+:\d+: (AbortError|it took longer)/) },
    ])
  })

  test('by taking too much memory fails alone', async () => {
    const source = `export default (record: any) => {
  const kept = new Map<number, string>()
  for (let n = 0; record.value === 2; n++) {
    kept.set(n, Buffer.from('text ' + n).toString().repeat(50) + n)
  }
  return record
}`
    expect(await clean(source, [1, 2, 3], { memory_limit: '64MiB', deadline: '30s' })).toEqual([
      1,
      { failed: expect.stringMatching(/^clean\.ts:[234]:\d+: it took more memory than 64MiB$/) },
      3,
    ])
  })

  test('by one thing that is too large fails alone', async () => {
    const source = `export default (record: any) => {
  if (record.value === 2) {
    const list = new Array(2 ** 24).fill(1.5)
    for (;;) list[0] += 1
  }
  return record
}`
    expect(await clean(source, [1, 2, 3], { memory_limit: '64MiB' })).toEqual([
      1,
      { failed: expect.stringContaining('it took more memory than 64MiB') },
      3,
    ])
  })

  test('with garbage only does not count as memory', async () => {
    const source = `export default (record: any) => {
  let junk: unknown
  for (let n = 0; n < 3_000_000; n++) junk = { n, list: [n, n + 1.5, { n }] }
  return { value: { kind: typeof junk } }
}`
    expect(await clean(source, [1], { memory_limit: '32MiB' })).toEqual([{ kind: 'object' }])
  })

  test('before is given on with why it failed', async () => {
    const source = 'export default (record: any) => ({ value: String(record.error) })'
    const environment = testEnvironment({ configDirectory: folderOf({ 'clean.ts': source }) })
    const processor = await built(environment)
    const why = { text: 'early', sourceName: '', sourceLabel: '', sourcePath: '' }
    const [made = []] = await processor.process(
      [Message.fromValue(1).withFailure(why), Message.fromValue(2)],
      never,
    )
    expect(made.map((message) => message.text())).toEqual(['early', 'undefined'])
    await processor.close?.()
  })
})

describe('a module that does not load is refused', () => {
  const refusal = (files: Readonly<Record<string, string>>) =>
    run(files, [1]).then(
      () => 'it loaded',
      (thrown: Error) => thrown.message,
    )

  test.each([
    ['is not there', {}, 'there is no file clean.ts'],
    [
      'is not written right',
      { 'clean.ts': 'const a = 1\nexport default (record: any) => {\n  return record +\n}\n' },
      'clean.ts:4:1: Expression expected',
    ],
    [
      'ends too soon',
      { 'clean.ts': 'const a = 1\nexport default (r) => {' },
      "clean.ts:2:24: Expected '}', got '<eof>'",
    ],
    [
      'holds what cannot be stripped',
      { 'clean.ts': 'export default () => null\n  enum Color { Red }\n' },
      'clean.ts:2:3: TypeScript enum is not supported in strip-only mode: types are only taken out, so write an object with `as const` instead',
    ],
    [
      'exports no function',
      { 'clean.ts': 'export const clean = () => null' },
      'clean.ts:1:1: expected a default export that is a function, or a function batch, got only clean',
    ],
    [
      'exports both',
      { 'clean.ts': 'export default () => null\nexport const batch = () => []' },
      'clean.ts:1:1: expected a default export or batch, got both: keep one of them',
    ],
    [
      'throws',
      { 'clean.ts': "const a: number = 1\nthrow new Error('at once')\nexport default () => a" },
      'clean.ts:2:7: at once',
    ],
    [
      'imports what is not there',
      { 'clean.ts': "\nimport { a } from './lib/a.ts'\nexport default () => a" },
      /^clean\.ts:2:\d+: Error: Cannot find module '.*lib\/a\.ts'$|^clean\.ts:2:\d+: Cannot find module/,
    ],
    [
      'imports a package that is not there',
      { 'clean.ts': "import left from 'left-pad-of-nobody'\nexport default left" },
      /^clean\.ts:1:\d+: Cannot find package 'left-pad-of-nobody': install it: npm install --prefix \S+ left-pad-of-nobody$/,
    ],
    [
      'imports a name that is not there',
      {
        'clean.ts': "import { b } from './a.ts'\nexport default () => b",
        'a.ts': 'export const a = 1',
      },
      /^clean\.ts:1:\d+: SyntaxError: The requested module '.\/a.ts' does not provide an export named 'b': if it is a type, write import type \{ b \}$/,
    ],
    [
      'imports a file that is not written right',
      {
        'clean.ts': "import { b } from './a.ts'\nexport default () => b",
        'a.ts': 'export const a = 1\nexport const b = = 2',
      },
      /^a\.ts:2:\d+: /,
    ],
  ])('where it %s', async (_, files, expected) => {
    const message = await refusal(files as Readonly<Record<string, string>>)
    if (typeof expected === 'string') expect(message).toBe(expected)
    else expect(message).toMatch(expected)
  })
})
