import { describe, expect, test } from 'vitest'
import { buildPipeline } from './build-pipeline.ts'
import { inspectPipeline } from './inspect-pipeline.ts'
import type { ConfigProblem } from './pipeline.ts'
import { testEnvironment } from './testing.ts'

async function problemsOf(spec: unknown): Promise<readonly ConfigProblem[]> {
  return (await inspectPipeline(spec)).problems
}

const input = { stream: { name: 'orders' } }
const output = { stream: { name: 'clean' } }

describe('inspectPipeline', () => {
  test('finds nothing wrong with a sound config, and says what it uses', async () => {
    const inspection = await inspectPipeline({
      input,
      pipeline: { threads: 4, processors: [{ mapping: 'root = this' }] },
      output: { ...output, label: 'out' },
      paused: true,
    })
    expect(inspection).toEqual({
      problems: [],
      streams: [
        { stream: 'orders', access: 'read', path: ['input', 'stream', 'name'] },
        { stream: 'clean', access: 'write', path: ['output', 'stream', 'name'] },
      ],
      needs: [],
      exclusives: [],
      modules: [],
      secrets: [],
      atLeastOnceBecause: undefined,
    })
  })

  test('an unknown component is reported at its key, with the name that was meant', async () => {
    const [problem] = await problemsOf({ input: { strem: { name: 'orders' } }, output })
    expect(problem).toMatchObject({
      path: ['input', 'strem'],
      at: 'key',
      code: 'ComponentUnknown',
      hint: 'Did you mean "stream"?',
    })
  })

  test.each([
    ['redis', 'redis is a Connect component that Headgate does not have yet.'],
    ['redi', /^Each processor is one of /],
    // A name of Connect, and near one of ours.
    ['parquet', 'parquet is a Connect component that Headgate does not have yet.'],
    ['parquet_decod', 'Did you mean "parquet_decode"?'],
    // An output of Connect, and no processor.
    ['aws_sns', 'aws_sns is a Connect component that Headgate does not have yet.'],
    ['stdout', 'It is an output.'],
  ])('a processor %s is met with what helps', async (name, hint) => {
    const spec = { input, pipeline: { processors: [{ [name]: {} }] }, output }
    const [problem] = await problemsOf(spec)
    expect(problem?.hint).toMatch(hint)
  })

  test('how long to sleep is judged where no message decides it', async () => {
    const sleeps = ['5x', '5s', '', '${! @wait }', '${WAIT:5s}']
    const processors = sleeps.map((duration) => ({ sleep: { duration } }))
    const problems = await problemsOf({ input, pipeline: { processors }, output })
    expect(problems).toMatchObject([{ path: ['pipeline', 'processors', 0, 'sleep', 'duration'] }])
  })

  test('an empty label is refused, but for a field that may name none', async () => {
    const spec = {
      input: { http_client: { url: 'http://127.0.0.1/', rate_limit: '' } },
      pipeline: {
        processors: [
          { dedupe: { cache: '', key: 'a' } },
          { cache: { resource: '', operator: 'get', key: 'a' } },
          { rate_limit: { resource: '' } },
        ],
      },
      output,
    }
    const problems = await problemsOf(spec)
    expect(problems.map(({ path, message }) => [path.slice(2).join('.'), message])).toEqual([
      ['0.dedupe.cache', 'expected the label of an entry of cache_resources, got string ""'],
      ['1.cache.resource', 'expected the label of an entry of cache_resources, got string ""'],
      [
        '2.rate_limit.resource',
        'expected the label of an entry of rate_limit_resources, got string ""',
      ],
    ])
  })

  test('a mapping that names files needs them, and is judged when it is built', async () => {
    const mapping = 'import "./maps.blobl"\nroot = this.apply("clean")'
    const spec = { input, pipeline: { processors: [{ mapping }] }, output }
    const { needs, problems } = await inspectPipeline(spec)
    const path = ['pipeline', 'processors', 0, 'mapping']
    expect({ needs, problems }).toEqual({
      needs: [{ kind: 'file', name: './maps.blobl', path }],
      problems: [],
    })
    const bytes = Buffer.from('map clean { root.clean = this }')
    const files = { read: () => ({ path: '/maps.blobl', bytes }) }
    await buildPipeline(spec, { ...testEnvironment(), files })
    await expect(buildPipeline(spec, testEnvironment())).rejects.toThrow(/cannot be read here/)
  })

  test('reports every problem at once, each at its own place', async () => {
    const problems = await problemsOf({
      input: { stream: { nme: 'orders', start: 'earlist', shards: ['x'] } },
      pipeline: { procesors: [], processors: [{ mapping: 'root = ' }, { catch: [{ lgo: {} }] }] },
      output: { stream: { name: 'clean', key: '${! this. }' } },
      buffr: {},
    })
    expect(problems.map(({ path, at, code }) => [path.join('.'), at, code])).toEqual([
      ['buffr', 'key', 'ComponentConfigInvalid'],
      ['pipeline.procesors', 'key', 'ComponentConfigInvalid'],
      ['input.stream.nme', 'key', 'ComponentConfigInvalid'],
      ['input.stream.start', 'value', 'ComponentConfigInvalid'],
      ['input.stream.shards.0', 'value', 'ComponentConfigInvalid'],
      ['input.stream', 'key', 'ComponentConfigInvalid'],
      ['pipeline.processors.0.mapping', 'value', 'BloblangInvalid'],
      ['pipeline.processors.1.catch.0.lgo', 'key', 'ComponentUnknown'],
      ['output.stream.key', 'value', 'BloblangInvalid'],
    ])
  })

  test('suggests the value of a choice that was nearly written', async () => {
    const problems = await problemsOf({
      input: { stream: { name: 'a', start: 'earlist' } },
      output,
    })
    expect(problems[0]).toMatchObject({
      hint: 'Did you mean "earliest"?',
      message:
        'expected "earliest" or "latest" or a time such as 2026-01-31T08:00:00Z, got string "earlist"',
    })
  })

  test('says where in a mapping the mistake is', async () => {
    const mapping = 'root.a = this.a\nroot.b = this.b.upercase()'
    const [problem] = await problemsOf({ input, pipeline: { processors: [{ mapping }] }, output })
    expect(problem).toMatchObject({ code: 'BloblangInvalid', within: { line: 2 } })
    expect(problem?.hint).toContain('uppercase')
  })

  test('a missing field is reported at the key of the object that lacks it', async () => {
    const [problem] = await problemsOf({ input: { stream: {} }, output })
    expect(problem).toMatchObject({ path: ['input', 'stream'], at: 'key' })
    expect(problem?.message).toContain('"name"')
  })

  test('two components in one object are one too many', async () => {
    const [problem] = await problemsOf({ input: { stream: { name: 'a' }, stdin: {} }, output })
    expect(problem?.message).toBe('expected one input, got stream and stdin')
  })

  test('null stands for a component with nothing but defaults', async () => {
    expect(await problemsOf({ input, output: { drop: null } })).toEqual([])
  })

  test('a deeply nested or odd config is a problem, never a crash', async () => {
    let processor: unknown = { mapping: 'root = this' }
    for (let depth = 0; depth < 200; depth++) processor = { catch: [processor] }
    const odd: unknown[] = [null, 7, 'x', [], { input: 3 }, { input: [] }, { output: null }]
    for (const spec of [...odd, { input, pipeline: { processors: [processor] }, output }]) {
      expect((await problemsOf(spec)).length).toBeGreaterThan(0)
    }
    expect(await problemsOf({ pipeline: null, buffer: null, input, output })).toEqual([])
  })

  test('why a pipeline is only at-least-once', async () => {
    const verdict = async (spec: unknown): Promise<string | undefined> =>
      (await inspectPipeline(spec)).atLeastOnceBecause
    expect(await verdict({ input, output: { drop: {} } })).toBeUndefined()
    expect(await verdict({ input: { stdin: {} }, output })).toContain('stdin')
    expect(await verdict({ input, output: { stdout: {} } })).toContain('stdout')
  })

  test('resources stand for what they hold, and lead nowhere but to it', async () => {
    const resources = { processor_resources: [{ label: 'tidy', mapping: 'root = this.' }] }
    const [wrong] = await problemsOf({
      ...resources,
      input,
      pipeline: { processors: [{ resource: 'tidy' }] },
      output,
    })
    expect(wrong?.path).toEqual(['processor_resources', 0, 'mapping'])
    const [unknown] = await problemsOf({
      ...resources,
      input,
      pipeline: { processors: [{ resource: 'tdy' }] },
      output,
    })
    expect(unknown).toMatchObject({ code: 'ComponentUnknown', hint: 'Did you mean "tidy"?' })
    const [loop] = await problemsOf({
      output_resources: [{ label: 'a', resource: 'a' }],
      input,
      output: { resource: 'a' },
    })
    expect(loop?.message).toContain('leads back to itself')
  })

  test('caches and rate limits are checked though nothing names them, and found by their labels', async () => {
    const cache_resources = [{ label: 'seen', memory: { default_ttl: 'soon' } }]
    const [wrong] = await problemsOf({ cache_resources, input, output })
    expect(wrong?.path).toEqual(['cache_resources', 0, 'memory', 'default_ttl'])
    const processors = [{ dedupe: { cache: 'sen', key: 'a' } }]
    const [unknown] = await problemsOf({
      cache_resources: [{ label: 'seen', memory: {} }],
      input,
      pipeline: { processors },
      output,
    })
    expect(unknown).toMatchObject({
      code: 'ComponentUnknown',
      path: ['pipeline', 'processors', 0, 'dedupe', 'cache'],
      hint: 'Did you mean "seen"?',
    })
    const loop = await problemsOf({
      cache_resources: [
        { label: 'a', multilevel: ['b', 'c'] },
        { label: 'b', multilevel: ['a', 'c'] },
        { label: 'c', memory: {} },
      ],
      input,
      output,
    })
    expect(loop.map(({ path }) => path)).toEqual([
      ['cache_resources', 0, 'multilevel', 0],
      ['cache_resources', 1, 'multilevel', 0],
    ])
    expect(loop[0]?.message).toContain('leads back to itself')
  })

  test('environment variables are needs, wherever they stand', async () => {
    const { needs, problems } = await inspectPipeline({
      input: { stream: { name: '${SOURCE}' } },
      output: { stream: { name: 'clean', key: '${! this.id }' } },
    })
    expect(problems).toEqual([])
    expect(needs).toEqual([{ kind: 'env', name: 'SOURCE', path: ['input', 'stream', 'name'] }])
  })
})

describe('buildPipeline', () => {
  test('refuses what inspection would report', async () => {
    const building = buildPipeline({ input: { stream: {} }, output }, testEnvironment())
    await expect(building).rejects.toMatchObject({ code: 'ComponentConfigInvalid' })
  })

  test('names the environment variables that are not set', async () => {
    const spec = { input: { stream: { name: '${SOURCE}' } }, output }
    const building = buildPipeline(spec, testEnvironment())
    await expect(building).rejects.toThrow('required environment variables were not set: [SOURCE]')
    const env = (name: string): string | undefined => (name === 'SOURCE' ? 'orders' : undefined)
    const pipeline = await buildPipeline(spec, testEnvironment({ env }))
    expect(pipeline.state()).toMatchObject({ phase: 'built', connected: false })
  })
})
