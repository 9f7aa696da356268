import { describe, expect, test } from 'vitest'
import { HeadgateError } from '../../error.ts'
import { testEnvironment } from '../testing.ts'
import { runTests, type TestResults } from './run-tests.ts'

const files: Readonly<Record<string, string>> = {
  'in.json': '{"id":1}',
  'out.json': '{"id":1,"seen":true}',
  'part.json': '{"seen":true}',
  'up.blobl': 'root = content().string().uppercase()',
}
const others: Readonly<Record<string, unknown>> = {
  'other.yaml': { pipeline: { processors: [{ mapping: 'root = "other"' }] } },
}

function found<T>(from: Readonly<Record<string, T>>, path: string): T {
  const one = from[path]
  if (one === undefined) throw new HeadgateError('NotFound', `there is no file ${path}`)
  return one
}

function run(config: unknown, tests: unknown): Promise<TestResults> {
  return runTests({
    config,
    tests,
    files: {
      bytes: (path) => Buffer.from(found(files, path)),
      config: (path) => found(others, path),
    },
    environment: testEnvironment({
      env: (name) => (name === 'SHARED' ? 'of the process' : undefined),
    }),
    signal: new AbortController().signal,
  })
}

/** What went wrong in one test, a line each. */
async function wrong(config: unknown, one: object): Promise<readonly string[]> {
  const { results, problems } = await run(config, [{ name: 'a test', ...one }])
  const failures = results.flatMap((result) => result.failures)
  return [
    ...problems.map(({ path, message }) => `${path.join('.')}: ${message}`),
    ...failures.flatMap(({ path, message, details }) => [
      `${path.join('.')}: ${message}`,
      ...details.map((line) => `  ${line}`),
    ]),
  ]
}

const seen = {
  pipeline: { processors: [{ label: 'see', mapping: 'root = this\nroot.seen = true' }] },
}

describe('runTests', () => {
  test('passes what comes out as expected, in every form of message and condition', async () => {
    const conditions = {
      bloblang: 'this.seen && @kind == "a"',
      content_equals: '{"id":1,"seen":true}',
      content_matches: '"id":[0-9]',
      metadata_equals: { kind: 'a' },
      file_equals: 'out.json',
      json_equals: { seen: true, id: 1 },
      json_contains: { id: 1 },
      file_json_equals: 'out.json',
      file_json_contains: 'part.json',
    }
    for (const message of [
      { content: '{"id":1}' },
      { json_content: { id: 1 } },
      { file_content: 'in.json' },
    ]) {
      const input_batch = [{ ...message, metadata: { kind: 'a' } }]
      expect(await wrong(seen, { input_batch, output_batches: [[conditions]] })).toEqual([])
    }
  })

  test('tells for each condition where it differs', async () => {
    const input_batch = [{ json_content: { id: 1 } }]
    const of = (conditions: object) => wrong(seen, { input_batch, output_batches: [[conditions]] })
    expect(await of({ json_equals: { id: 2, name: 'x' } })).toEqual([
      'output_batches.0.0.json_equals: the document differs',
      '  .id: expected 2, got 1',
      '  .name: expected "x", got nothing',
      '  .seen: expected nothing, got true',
    ])
    expect(await of({ json_contains: '{"id":3}' })).toEqual([
      'output_batches.0.0.json_contains: the document lacks what is expected',
      '  .id: expected 3, got 1',
    ])
    expect(await of({ content_equals: 'x' })).toEqual([
      'output_batches.0.0.content_equals: the content differs (- expected, + got)',
      '  - x',
      '  + {"id":1,"seen":true}',
    ])
    expect(await of({ metadata_equals: { kind: 'a' } })).toEqual([
      'output_batches.0.0.metadata_equals: the metadata differs',
      '  kind: expected "a", got nothing',
    ])
    expect(await of({ bloblang: 'this.id == 2' })).toEqual([
      'output_batches.0.0.bloblang: expected true, got false of: this.id == 2',
    ])
    expect(await of({ bloblang: 'this.id ==' })).toEqual([
      expect.stringContaining('the query does not compile'),
    ])
    expect(await of({ content_matches: '^x' })).toEqual([
      'output_batches.0.0.content_matches: expected content that matches ^x',
      String.raw`  got "{\"id\":1,\"seen\":true}"`,
    ])
    expect(await of({ file_equals: 'none' })).toEqual([
      'output_batches.0.0.file_equals: there is no file none',
    ])
  })

  test('passes a failed message by what is left where the config is strict', async () => {
    const processors = [{ mapping: 'root = this' }, { mapping: 'root = "went on"' }]
    const of = (strict: boolean, content: string) =>
      wrong(
        { pipeline: { processors }, error_handling: { strict } },
        {
          input_batch: [{ content: 'no json' }],
          output_batches: [[{ content_equals: content, bloblang: 'errored()' }]],
        },
      )
    expect(await of(true, 'no json')).toEqual([])
    expect(await of(false, 'went on')).toEqual([])
  })

  test('counts the batches and messages that come out', async () => {
    const config = { pipeline: { processors: [{ split: { size: 1 } }] } }
    const input_batch = [{ content: 'a' }, { content: 'b' }]
    expect(await wrong(config, { input_batch, output_batches: [[{}]] })).toEqual([
      'output_batches: expected 1 batch, got 2',
      '  got b',
    ])
    expect(
      await wrong(seen, { input_batch: [{ content: '{}' }], output_batches: [[{}, {}]] }),
    ).toEqual(['output_batches.0: expected 2 messages, got 1'])
    const filter = { pipeline: { processors: [{ mapping: 'root = deleted()' }] } }
    expect(await wrong(filter, { input_batches: [input_batch, input_batch] })).toEqual([])
  })

  test('says which processor failed on a message that is not what it should be', async () => {
    const [, ...details] = await wrong(seen, {
      input_batch: [{ content: 'no json' }],
      output_batches: [[{ bloblang: '!errored()' }]],
    })
    expect(details).toEqual([expect.stringContaining('mapping failed on it: ')])
  })

  test('finds its processors by label, by pointer, in another config, and in a mapping of its own', async () => {
    const config = {
      pipeline: {
        processors: [
          { mapping: 'root = "first"' },
          { label: 'second', mapping: 'root = content() + "!"' },
          { branch: { processors: [{ label: 'deep', mapping: 'root = "deep"' }] } },
        ],
      },
      processor_resources: [{ label: 'shared', mapping: 'root = "shared"' }],
    }
    const comesOut = (target: object, content: string) =>
      wrong(config, {
        ...target,
        input_batch: [{ content: 'in' }],
        output_batches: [[{ content_equals: content }]],
      })
    expect(await comesOut({ target_processors: 'second' }, 'in!')).toEqual([])
    expect(await comesOut({ target_processors: 'deep' }, 'deep')).toEqual([])
    expect(await comesOut({ target_processors: 'shared' }, 'shared')).toEqual([])
    expect(await comesOut({ target_processors: '/pipeline/processors/1' }, 'in!')).toEqual([])
    expect(
      await comesOut({ target_processors: 'other.yaml#/pipeline/processors' }, 'other'),
    ).toEqual([])
    expect(await comesOut({ target_mapping: 'up.blobl' }, 'IN')).toEqual([])
    expect(await comesOut({ target_processors: 'secnd' }, '')).toEqual([
      'target_processors: there is no component labelled "secnd"; did you mean "second"?',
    ])
    expect(await comesOut({ target_processors: '/pipeline/processors/9' }, '')).toEqual([
      'target_processors: there is nothing at /pipeline/processors/9',
    ])
    expect(await comesOut({ target_mapping: 'none.blobl' }, '')).toEqual([
      ': there is no file none.blobl',
    ])
  })

  test('puts mocks in the places of processors, wherever they are', async () => {
    const config = {
      pipeline: {
        processors: [
          {
            branch: {
              processors: [{ label: 'ask', http: { url: 'http://127.0.0.1:1' } }],
              result_map: 'root.got = content().string()',
            },
          },
          { crash: 'never' },
        ],
      },
    }
    const one = {
      mocks: { ask: { mapping: 'root = "mocked"' }, '/pipeline/processors/1': { noop: {} } },
      input_batch: [{ content: '{}' }],
      output_batches: [[{ json_equals: { got: 'mocked' } }]],
    }
    expect(await wrong(config, one)).toEqual([])
    expect(await wrong(config, { ...one, mocks: { asks: { noop: {} } } })).toEqual([
      'mocks: mock asks: there is no component labelled "asks"; did you mean "ask"?',
    ])
  })

  test('fills in variables of the test before those of the process, and names what is missing', async () => {
    const config = { pipeline: { processors: [{ mapping: 'root = "${SHARED} ${OWN}"' }] } }
    const one = {
      input_batch: [{ content: '' }],
      output_batches: [[{ content_equals: 'of the process own' }]],
    }
    expect(await wrong(config, { ...one, environment: { OWN: 'own' } })).toEqual([])
    expect(await wrong(config, one)).toEqual([
      ': the environment variable OWN is not set, or not as it has to be; set it in environment',
    ])
  })

  test('runs each test on processors of its own, with the resources of the config', async () => {
    const config = {
      cache_resources: [{ label: 'seen', memory: {} }],
      pipeline: { processors: [{ dedupe: { cache: 'seen', key: '${! content() }' } }] },
    }
    const one = {
      input_batches: [[{ content: 'a' }], [{ content: 'a' }]],
      output_batches: [[{ content_equals: 'a' }]],
    }
    const { results } = await run(config, [
      { name: 'one', ...one },
      { name: 'two', ...one },
    ])
    expect(results.map(({ failures }) => failures)).toEqual([[], []])
  })

  test('refuses what is no test, at its place, and runs the others', async () => {
    const { results, problems } = await run(seen, [
      { name: 'x', input_batch: [{ contents: 'a' }] },
      { name: 'y', input_batch: [{ content: '{}' }], output_batches: [[{ json_equal: 1 }]] },
      { name: 'z' },
      { name: 'fine', input_batch: [{ content: '{}' }], output_batches: [[{}]] },
    ])
    expect(results.map(({ name }) => name)).toEqual(['fine'])
    expect(problems.map(({ path, message }) => `${path.join('.')}: ${message}`)).toEqual([
      '0.input_batch.0.contents: unknown field "contents"',
      '1.output_batches.0.0.json_equal: unknown field "json_equal"',
      '2: expected input_batch or input_batches, got neither',
    ])
    expect((await run(seen, { name: 'x' })).problems[0]?.message).toBe(
      'expected a list of tests, got an object',
    )
  })
})
