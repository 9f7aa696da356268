import { describe, expect, test } from 'vitest'
import { reached, runToEnd } from '../components/testing.ts'
import { asHeadgateError } from '../error.ts'
import { SimulatedClock } from '../ports/simulated-clock.ts'
import { buildPipeline } from './build-pipeline.ts'
import type { Pipeline } from './pipeline.ts'
import { until } from './stream-testing.ts'
import { TAP_LAST_MS_MAX, type TapEnd, type TapListener, type TapRecord } from './tap.ts'
import { TAPS_MAX, type TapOptions } from './taps.ts'
import { testEnvironment } from './testing.ts'

const FOUR = {
  generate: { interval: '', count: 4, batch_size: 4, mapping: 'root = {"n": counter()}' },
}
const DROP = { drop: {} }
const ALL: TapOptions = { side: 'both', sample: 1, limit: 1_000 }

class Seen implements TapListener {
  readonly records: TapRecord[] = []
  end: TapEnd | undefined

  seen(record: TapRecord): void {
    this.records.push(record)
  }

  ended(why: TapEnd): void {
    this.end = why
  }

  /** `before 1 {"n":1}`, `after 1 gone`, `after ? …` */
  get lines(): readonly string[] {
    return this.records.map(({ side, number, message, failure }) => {
      const text = message === undefined ? 'gone' : message.text()
      const failed = failure === undefined ? '' : ` failed ${failure.path}: ${failure.text}`
      return `${side} ${number ?? '?'} ${text}${failed}`
    })
  }
}

interface Looked {
  readonly seen: Seen
  readonly pipeline: Pipeline
}

/** Everything that is seen there from its first record to its end. */
async function look(
  at: string,
  spec: object,
  options: Partial<TapOptions> = {},
  environment = testEnvironment(),
): Promise<Looked> {
  const pipeline = await buildPipeline({ input: FOUR, output: DROP, ...spec }, environment)
  const seen = new Seen()
  pipeline.tap(at, { ...ALL, ...options }, seen)
  await pipeline.connect()
  await reached(pipeline, 'completed')
  return { seen, pipeline }
}

const through = (...processors: readonly unknown[]): object => ({ pipeline: { processors } })

describe('what is seen at a processor', () => {
  test('is each record before it and after it, with the number of the same record', async () => {
    const mapping = { label: 'double', mapping: 'root.n = this.n * 2' }
    const { seen } = await look('double', through(mapping))
    expect(seen.lines).toEqual([
      'before 1 {"n":1}',
      'before 2 {"n":2}',
      'before 3 {"n":3}',
      'before 4 {"n":4}',
      'after 1 {"n":2}',
      'after 2 {"n":4}',
      'after 3 {"n":6}',
      'after 4 {"n":8}',
    ])
    expect(seen.records.map(({ batch, index }) => [batch, index]).slice(4)).toEqual([
      [1, 0],
      [1, 1],
      [1, 2],
      [1, 3],
    ])
    expect(seen.end).toBe('closed')
  })

  test.each([
    ['mutation', { mutation: 'root.n = 10\nroot.m = 1' }],
    ['jq', { jq: { query: '.n = 10 | .m = 1' } }],
    [
      'javascript',
      {
        javascript: {
          code: 'const v = benthos.v0_msg_as_structured(); v.n = 10; v.m = 1; benthos.v0_msg_set_structured(v)',
        },
      },
    ],
    [
      'branch',
      {
        branch: { processors: [{ mapping: 'root = 1' }], result_map: 'root.n = 10\nroot.m = this' },
      },
    ],
    ['for_each', { for_each: [{ mutation: 'root.n = 10\nroot.m = 1' }] }],
  ])('is before it what it was before %s, whenever one looks', async (_, processor) => {
    const { seen } = await look('pipeline.processors.0', through(processor), { limit: 1 })
    const [before, after] = seen.records.map(({ message }) => JSON.parse(message?.text() ?? ''))
    expect([before, after]).toEqual([{ n: 1 }, { m: 1, n: 10 }])
  })

  test('says of what was filtered that nothing came of it', async () => {
    const filter = { mapping: 'root = if this.n % 2 == 0 { deleted() }' }
    const { seen } = await look('pipeline.processors.0', through(filter), { side: 'after' })
    expect(seen.lines).toEqual([
      'after 1 {"n":1}',
      'after 3 {"n":3}',
      'after 2 gone',
      'after 4 gone',
    ])
  })

  test('shows all that one record was split into with its number', async () => {
    const list = { mapping: 'root = [this.n, this.n * 10]' }
    const { seen } = await look(
      'apart',
      through(list, { label: 'apart', unarchive: { format: 'json_array' } }),
      {
        side: 'after',
      },
    )
    expect(seen.lines.slice(0, 4)).toEqual(['after 1 1', 'after 1 10', 'after 2 2', 'after 2 20'])
  })

  test('gives no number to what was made of several, and calls none of them gone', async () => {
    const { seen } = await look('one', through({ label: 'one', archive: { format: 'lines' } }), {
      side: 'after',
    })
    expect(seen.lines).toEqual(['after ? {"n":1}\n{"n":2}\n{"n":3}\n{"n":4}'])
  })

  test('numbers what shares an origin by its place, where everything kept its own', async () => {
    const processors = [
      { mapping: 'root = [this.n, this.n * 10]' },
      { unarchive: { format: 'json_array' } },
      { label: 'add', mapping: 'root = this + 1' },
    ]
    const input = { generate: { interval: '', count: 1, mapping: 'root.n = 1' } }
    const { seen } = await look('add', { input, ...through(...processors) })
    expect(seen.lines).toEqual(['before 1 1', 'before 2 10', 'after 1 2', 'after 2 11'])
  })

  test('tells no number where several share an origin and some are gone', async () => {
    const processors = [
      { mapping: 'root = [this.n, this.n * 10]' },
      { unarchive: { format: 'json_array' } },
      { label: 'big', mapping: 'root = if this < 10 { deleted() }' },
    ]
    const input = { generate: { interval: '', count: 1, mapping: 'root.n = 1' } }
    const { seen } = await look('big', { input, ...through(...processors) })
    expect(seen.lines).toEqual(['before 1 1', 'before 2 10', 'after ? 10'])
  })

  test('tells why a record failed, and where', async () => {
    const mapping = {
      label: 'fails',
      mapping: 'root = if this.n == 2 { throw("two is too many") }',
    }
    const { seen } = await look('fails', through(mapping), { side: 'after' })
    const [, second] = seen.records.toSorted(
      (one, other) => (one.number ?? 0) - (other.number ?? 0),
    )
    expect(second?.failure).toMatchObject({ path: 'root.pipeline.processors.0', label: 'fails' })
    expect(second?.failure?.text).toContain('two is too many')
    expect(seen.records.filter(({ failure }) => failure !== undefined)).toHaveLength(1)
  })

  test('shows no value of an environment variable in a failure', async () => {
    const environment = testEnvironment({
      env: (name) => (name === 'TOKEN' ? 'hunter22' : undefined),
    })
    const mapping = { label: 'fails', mapping: 'root = throw("no ${TOKEN} here")' }
    const { seen } = await look('fails', through(mapping), { side: 'after' }, environment)
    expect(seen.lines.join()).toContain('no *** here')
    expect(seen.lines.join()).not.toContain('hunter22')
  })
})

describe('processors within others', () => {
  const double = { label: 'inner', mapping: 'root.n = this.n * 2' }

  test.each([
    ['branch', { branch: { processors: [double], result_map: 'root.twice = this.n' } }],
    ['switch', { switch: [{ check: 'this.n < 3', processors: [] }, { processors: [double] }] }],
    ['try', { try: [double] }],
    ['for_each', { for_each: [double] }],
    ['group_by', { group_by: [{ check: 'this.n > 2', processors: [double] }] }],
    ['while', { while: { check: 'this.n < 4', processors: [double] } }],
    ['parallel', { parallel: { processors: [double] } }],
    ['retry', { retry: { processors: [double] } }],
  ])('are seen in %s', async (_, processor) => {
    const { seen } = await look('inner', through(processor))
    const before = seen.records.filter(({ side }) => side === 'before')
    const after = seen.records.filter(({ side }) => side === 'after')
    expect(before.length).toBeGreaterThan(0)
    expect(after).toHaveLength(before.length)
    for (const { number, message } of before) {
      const n = Number(message?.text().slice(5, -1))
      expect(after.find((one) => one.number === number)?.message?.text()).toBe(`{"n":${n * 2}}`)
    }
  })

  test('are seen in catch with what failed', async () => {
    const fails = { mapping: 'root = throw("no")' }
    const { seen } = await look('inner', through(fails, { catch: [double] }), { limit: 1 })
    expect(seen.lines[0]).toMatch(/^before 1 \{"n":1\} failed root.pipeline.processors.0: .*no$/)
    expect(seen.lines[1]).toMatch(/^after 1 \{"n":2\} failed/)
  })

  test('and beside inputs and outputs are seen', async () => {
    const spec = {
      input: { ...FOUR, processors: [double] },
      output: { drop: {}, processors: [{ label: 'out', mapping: 'root = this.n' }] },
    }
    const inner = await look('inner', spec, { side: 'after' })
    expect(inner.seen.lines[3]).toBe('after 4 {"n":8}')
    const out = await look('out', spec, { side: 'after' })
    expect(out.seen.lines[3]).toBe('after 4 8')
  })
})

describe('inputs and outputs', () => {
  test('an input is seen after it, within others too', async () => {
    const input = { broker: { inputs: [{ label: 'numbers', ...FOUR }] } }
    const { seen } = await look('numbers', { input })
    expect(seen.lines).toEqual([
      'after 1 {"n":1}',
      'after 2 {"n":2}',
      'after 3 {"n":3}',
      'after 4 {"n":4}',
    ])
    expect((await look('input', { input })).seen.lines).toHaveLength(4)
  })

  test('an output is seen before it, with its own processors behind, within others too', async () => {
    const processors = [{ mapping: 'root.n = this.n * 10' }]
    const output = { broker: { outputs: [{ label: 'out', drop: {}, processors }, DROP] } }
    const { seen } = await look('out', { output })
    expect(seen.lines[3]).toBe('before 4 {"n":40}')
    expect(seen.lines).toHaveLength(4)
  })

  test('what an output refused is seen after it, with the reason', async () => {
    const rejects = { label: 'no', reject: 'not today' }
    const { seen } = await look('no', { output: { fallback: [rejects, DROP] } })
    expect(seen.lines.slice(0, 4)).toEqual([1, 2, 3, 4].map((n) => `before ${n} {"n":${n}}`))
    expect(seen.lines.slice(4)).toEqual(
      [1, 2, 3, 4].map((n) => `after ${n} {"n":${n}} failed root.output.fallback.0: not today`),
    )
  })

  test('what a strict pipeline refuses is seen there like what failed', async () => {
    const fails = { mapping: 'root = if this.n == 2 { throw("no") } else { this }' }
    const refuses = { label: 'out', drop: {} }
    const spec = {
      error_handling: { strict: true },
      output: { fallback: [refuses, DROP] },
      ...through(fails),
    }
    const { seen } = await look('out', spec)
    const lines = seen.lines.map((line) => line.replace(/failed root.*: /, ''))
    expect(lines).toEqual([
      'before 1 {"n":2} no',
      'before 2 {"n":1}',
      'before 3 {"n":3}',
      'before 4 {"n":4}',
      'after 1 {"n":2} no',
    ])
  })

  test('nothing comes before an input', async () => {
    const pipeline = await buildPipeline({ input: FOUR, output: DROP }, testEnvironment())
    const looking = (): Disposable => pipeline.tap('input', { ...ALL, side: 'before' }, new Seen())
    expect(looking).toThrow('expected the side after at the input root.input, got before')
  })
})

describe('which records are seen', () => {
  const many = (count: number): object => ({
    input: { generate: { interval: '', count, batch_size: 10, mapping: 'root.n = counter()' } },
    ...through({ label: 'p', mapping: 'root.n = this.n' }),
  })

  test('no more than the limit, and each of them after, too', async () => {
    const { seen } = await look('p', many(1_000), { limit: 3 })
    expect(seen.lines).toHaveLength(6)
    expect(seen.end).toBe('limit')
  })

  test('no more than the limit, where nothing comes of what hangs', async () => {
    const clock = new SimulatedClock()
    const hangs = { label: 'hangs', sleep: { duration: '1h' } }
    const spec = { input: FOUR, output: DROP, ...through(hangs) }
    const pipeline = await buildPipeline(spec, testEnvironment({ clock }))
    const seen = new Seen()
    pipeline.tap('hangs', { ...ALL, limit: 2 }, seen)
    await pipeline.connect()
    await until(() => seen.records.length === 2)
    expect(seen.end).toBeUndefined()
    await clock.advance(TAP_LAST_MS_MAX)
    expect(seen.end).toBe('limit')
    await pipeline.stop(0)
  })

  test('of the share that was asked for, spread over all', async () => {
    const { seen } = await look('p', many(10_000), { sample: 0.1, limit: 10_000, side: 'before' })
    expect(seen.records.length).toBeGreaterThan(800)
    expect(seen.records.length).toBeLessThan(1_200)
    const last = seen.records.at(-1)?.number ?? 0
    expect(last).toBeGreaterThan(9_000)
    for (const { number, message } of seen.records)
      expect(message?.document()).toEqual({ n: number })
  })

  test('those before that a filter wants, and what came of them', async () => {
    const filters = through({ label: 'p', mapping: 'root = if this.n > 2 { deleted() }' })
    const { seen } = await look('p', filters, { filter: 'this.n == 2 || this.n == 3' })
    expect(seen.lines).toEqual([
      'before 2 {"n":2}',
      'before 3 {"n":3}',
      'after 2 {"n":2}',
      'after 3 gone',
    ])
  })

  test('those after that a filter wants, where only after is looked at', async () => {
    const adds = through({ label: 'p', mapping: 'root.m = this.n * 10' })
    const { seen } = await look('p', adds, { side: 'after', filter: 'this.m >= 30', limit: 1 })
    expect(seen.lines).toEqual(['after 3 {"m":30}'])
    expect(seen.end).toBe('limit')
  })

  test('none that a filter fails on', async () => {
    const { seen } = await look('p', many(100), { filter: 'this.missing.uppercase() == "A"' })
    expect(seen.lines).toEqual([])
  })

  test('a filter reads no environment variables', async () => {
    const environment = testEnvironment({ env: () => 'secret' })
    const { seen } = await look(
      'p',
      many(100),
      { filter: 'env("ANY") == null', limit: 1 },
      environment,
    )
    expect(seen.records).toHaveLength(2)
  })

  test('a filter that does not parse is refused', async () => {
    const pipeline = await buildPipeline({ input: FOUR, output: DROP }, testEnvironment())
    expect(() => pipeline.tap('input', { ...ALL, filter: 'this.' }, new Seen())).toThrow(/line 1/)
  })
})

describe('a place', () => {
  test('is each component of the config, in its order, by label and path', async () => {
    const spec = {
      input: { label: 'in', ...FOUR },
      ...through({ label: 'outer', try: [{ mapping: 'root = this' }] }),
      output: { label: 'out', ...DROP },
    }
    const pipeline = await buildPipeline(spec, testEnvironment())
    expect(pipeline.tapPlaces()).toEqual([
      { role: 'input', component: 'generate', label: 'in', path: 'root.input' },
      { role: 'processor', component: 'try', label: 'outer', path: 'root.pipeline.processors.0' },
      {
        role: 'processor',
        component: 'mapping',
        label: '',
        path: 'root.pipeline.processors.0.try.0',
      },
      { role: 'output', component: 'drop', label: 'out', path: 'root.output' },
    ])
  })

  test('that is not there is answered with those that are, and the nearest', async () => {
    const spec = {
      input: FOUR,
      output: DROP,
      ...through({ label: 'clean', mapping: 'root = this' }),
    }
    const pipeline = await buildPipeline(spec, testEnvironment())
    const looking = (): Disposable => pipeline.tap('claen', ALL, new Seen())
    expect(looking).toThrow('expected the label or path of a component, got "claen"')
    expect(looking).toThrow(
      expect.objectContaining({
        code: 'NotFound',
        hint: 'Did you mean "clean"? There are input, clean, output.',
      }),
    )
  })
})

test('of many places some are named, and the others counted', async () => {
  const labelled = (count: number): object =>
    through(
      ...Array.from({ length: count }, (_, at) => ({ label: `p${at}`, mapping: 'root = this' })),
    )
  const hintOf = async (count: number): Promise<string | undefined> => {
    const spec = { input: FOUR, output: DROP, ...labelled(count) }
    const pipeline = await buildPipeline(spec, testEnvironment())
    try {
      pipeline.tap('elsewhere', ALL, new Seen())
    } catch (error) {
      return asHeadgateError(error).hint
    }
    return undefined
  }
  expect(await hintOf(18)).toMatch(/p17, output\.$/)
  expect(await hintOf(19)).toMatch(/p18, and 1 more\.$/)
})

describe('those who look', () => {
  test('are so many at once, and no more', async () => {
    const pipeline = await buildPipeline({ input: FOUR, output: DROP }, testEnvironment())
    const taps = Array.from({ length: TAPS_MAX }, () => pipeline.tap('input', ALL, new Seen()))
    const another = (): Disposable => pipeline.tap('input', ALL, new Seen())
    expect(another).toThrow(expect.objectContaining({ code: 'TapsTooMany' }))
    taps[0]?.[Symbol.dispose]()
    expect(another).not.toThrow()
  })

  test('see the same records side by side', async () => {
    const pipeline = await buildPipeline({ input: FOUR, output: DROP }, testEnvironment())
    const [one, other] = [new Seen(), new Seen()]
    pipeline.tap('input', { ...ALL, limit: 2 }, one)
    pipeline.tap('input', ALL, other)
    await pipeline.connect()
    await reached(pipeline, 'completed')
    expect([one.records.length, one.end]).toEqual([2, 'limit'])
    expect([other.records.length, other.end]).toEqual([4, 'closed'])
  })

  test('hear nothing after they left', async () => {
    const pipeline = await buildPipeline({ input: FOUR, output: DROP }, testEnvironment())
    const seen = new Seen()
    pipeline.tap('input', ALL, seen)[Symbol.dispose]()
    await pipeline.connect()
    await reached(pipeline, 'completed')
    expect([seen.records, seen.end]).toEqual([[], undefined])
  })

  test('change nothing of what is delivered', async () => {
    const spec = { output: { stdout: {} }, ...through({ mapping: 'root.n = this.n * 2' }) }
    const [looked, alone] = [testEnvironment(), testEnvironment()]
    await look('pipeline.processors.0', spec, {}, looked)
    await runToEnd({ input: FOUR, ...spec }, alone)
    expect(looked.stdout.text).toBe(alone.stdout.text)
  })
})

test('what runs in workers is seen here while somebody looks, and nothing is lost by that', async () => {
  const environment = testEnvironment()
  const input = {
    generate: { interval: '', count: 5_000, batch_size: 10, mapping: 'root.n = counter()' },
  }
  const processors = [{ label: 'double', mapping: 'root = this.n * 2' }]
  const spec = { input, pipeline: { threads: 2, processors }, output: { stdout: {} } }
  const pipeline = await buildPipeline(spec, environment)
  await pipeline.connect()
  const seen = new Seen()
  await until(() => pipeline.state().counters.outputSent > 0)
  pipeline.tap('double', { ...ALL, limit: 3 }, seen)
  await reached(pipeline, 'completed')
  expect(seen.lines.filter((line) => line.startsWith('after'))).toHaveLength(3)
  expect(seen.end).toBe('limit')
  const numbers = environment.stdout.text.trim().split('\n').map(Number)
  expect(new Set(numbers).size).toBe(5_000)
})

test('the order of a key is kept where a tap comes and goes', async () => {
  const environment = testEnvironment()
  const input = {
    generate: { interval: '', count: 20_000, batch_size: 10, mapping: 'root.n = counter()' },
  }
  const processors = [{ label: 'key', mapping: 'root.n = this.n\nroot.k = this.n % 7' }]
  const pipeline = await buildPipeline(
    { input, pipeline: { threads: 2, shard_by: 'this.n % 7', processors }, output: { stdout: {} } },
    environment,
  )
  await pipeline.connect()
  while (pipeline.state().phase === 'running') {
    const sent = pipeline.state().counters.outputSent
    const tap = pipeline.tap('key', { ...ALL, limit: 10_000 }, new Seen())
    await until(
      () => pipeline.state().counters.outputSent > sent || pipeline.state().phase !== 'running',
    )
    tap[Symbol.dispose]()
    await until(
      () =>
        pipeline.state().counters.outputSent > sent + 200 || pipeline.state().phase !== 'running',
    )
  }
  const last = new Map<number, number>()
  for (const line of environment.stdout.text.trim().split('\n')) {
    const { n, k } = JSON.parse(line) as { n: number; k: number }
    expect(n).toBeGreaterThan(last.get(k) ?? 0)
    last.set(k, n)
  }
  expect(last.size).toBe(7)
})
