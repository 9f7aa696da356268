import { describe, expect, test } from 'vitest'
import { HeadgateError } from '../../error.ts'
import { testEnvironment } from '../testing.ts'
import { runTests } from './run-tests.ts'
import type { DeclaredStreams } from './whole-case.ts'

const CONFIG = {
  input: { stream: { name: 'orders' } },
  pipeline: {
    processors: [{ label: 'total', mapping: 'root = this\nroot.total = this.price * 2' }],
  },
  output: {
    switch: {
      cases: [
        {
          check: 'this.total > 100',
          output: { label: 'large', http_client: { url: 'http://${HOST}/' } },
        },
        {
          output: {
            stream: { name: 'clean', key: '${! json("id") }', headers: { from: '${! @trace }' } },
          },
        },
      ],
    },
  },
}
const given = [
  { json_content: { id: 1, price: 2 }, metadata: { trace: 't' } },
  { json_content: { id: 2, price: 60 } },
]

/** What went wrong in one test, a line each. */
async function wrong(
  one: object,
  config: object = CONFIG,
  declared?: DeclaredStreams,
): Promise<readonly string[]> {
  const { results, problems } = await runTests({
    config,
    tests: [{ name: 'a test', environment: { HOST: 'away.example' }, ...one }],
    files: {
      bytes: () => Buffer.from('{"id":3,"price":1}'),
      config: (path) => {
        throw new HeadgateError('NotFound', path)
      },
    },
    ...(declared === undefined ? {} : { declared: async () => declared }),
    environment: testEnvironment(),
    signal: new AbortController().signal,
  })
  const failures = results.flatMap((result) => result.failures)
  return [
    ...problems.map(({ path, message }) => `${path.join('.')}: ${message}`),
    ...failures.flatMap(({ path, message, details }) => [
      `${path.join('.')}: ${message}`,
      ...details.map((line) => `  ${line}`),
    ]),
  ]
}

describe('a test of a whole pipeline', () => {
  test('says what outputs get, by label, place and stream', async () => {
    const clean = [
      {
        json_equals: { id: 1, price: 2, total: 4 },
        metadata_equals: { headgate_key: '1', from: 't' },
        bloblang: '@headgate_key == "1"',
      },
    ]
    const outputs = {
      large: [{ json_contains: { total: 120 } }],
      clean,
      '/output/switch/cases/1/output': clean,
    }
    expect(await wrong({ input_batch: given, outputs })).toEqual([])
    expect(await wrong({ inputs: { orders: given }, outputs })).toEqual([])
    expect(await wrong({ input_batches: given.map((one) => [one]), outputs })).toEqual([])
    const file = {
      input_batch: [{ file_content: 'x.json' }],
      outputs: { clean: [{ file_json_contains: 'x.json' }] },
    }
    expect(await wrong(file)).toEqual([])
  })

  test('tells what an output got else, and which outputs there are', async () => {
    const outputs = { large: [], clean: [{ json_contains: { total: 5 } }], larg: [] }
    expect(await wrong({ input_batch: given, outputs })).toEqual([
      'outputs.large: expected 0 messages, got 1',
      '  got {"id":2,"price":60,"total":120}',
      'outputs.clean.0.json_contains: the document lacks what is expected',
      '  .total: expected 5, got 4',
      'outputs.larg: there is no output larg',
      '  Did you mean large?',
    ])
  })

  test('puts mocks in the places of any component', async () => {
    const mocks = { total: { mapping: 'root.total = 1' }, large: { drop: {} } }
    const outputs = { large: [], clean: [{ json_equals: { total: 1 } }, {}] }
    expect(await wrong({ input_batch: given, mocks, outputs })).toEqual([])
    const generate = { generate: { mapping: 'root.price = 1', interval: '', count: 2 } }
    expect(await wrong({ mocks: { '/input': generate }, outputs: { clean: [{}, {}] } })).toEqual([])
    expect(await wrong({ mocks: { totl: {} }, outputs: {} })).toEqual([
      'mocks: mock totl: there is no component labelled "totl"; did you mean "total"?',
    ])
  })

  test('expects that everything is taken, or says what is not', async () => {
    const mocks = { large: { reject: 'away' } }
    const outputs = { clean: [{}] }
    expect(await wrong({ input_batches: given.map((one) => [one]), mocks, outputs })).toEqual([
      'rejected: expected 0 messages, got 1',
      '  got {"id":2,"price":60}',
      '  rejected because: away',
    ])
    const rejected = [{ json_contains: { id: 2 } }]
    const parted = given.map((one) => [one])
    expect(await wrong({ input_batches: parted, mocks, outputs, rejected })).toEqual([])
  })

  test('holds records to the types of declared streams', async () => {
    const check = (data: Uint8Array) => (data.length > 30 ? 'it is too long' : undefined)
    const declared = { streams: new Map(), checks: { clean: check } }
    const one = { input_batch: [given[0]], outputs: { clean: [{}] } }
    expect(await wrong(one, CONFIG, declared)).toEqual([])
    const long = {
      input_batch: [{ json_content: { id: 1, price: 1, name: 'x'.repeat(9) } }],
      outputs: {},
    }
    expect(await wrong(long, CONFIG, declared)).toEqual([
      'rejected: expected 0 messages, got 1',
      `  got {"id":1,"price":1,"name":"${'x'.repeat(9)}"}`,
      '  rejected because: stream clean: it is too long',
    ])
  })

  test('refuses what would reach out of it, and fields of another kind of test', async () => {
    const http = { ...CONFIG, pipeline: { processors: [{ http: { url: 'http://away.example' } }] } }
    expect(await wrong({ outputs: {} }, http)).toEqual([
      ': the processor http at /pipeline/processors/0 would reach out of the test',
      '  Mock it: mocks: {/pipeline/processors/0: {mapping: …}}.',
    ])
    expect(await wrong({ outputs: {}, output_batches: [[]] })).toEqual([
      '0.output_batches: expected outputs or output_batches, got both',
    ])
    expect(await wrong({ outputs: {}, inputs: {}, input_batch: [] })).toEqual([
      '0.inputs: expected inputs or input_batch, got both',
    ])
    expect(await wrong({ outputs: {}, environment: {} })).toEqual([
      expect.stringContaining('HOST'),
      expect.stringContaining('HOST'),
    ])
  })
})
