import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HeadgateError } from '../../error.ts'
import type { Input, InputBatch, InputDefinition } from '../../pipelines/component.ts'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import { testEnvironment } from '../../pipelines/testing.ts'
import { SimulatedClock } from '../../ports/simulated-clock.ts'
import { consume, createStream, produce, runToEnd, started } from '../testing.ts'
import { batched } from './batched.ts'
import { BROKER_INPUT_COPIES_MAX, brokerInput } from './broker.ts'
import { readUntil } from './read-until.ts'
import { sequence } from './sequence.ts'
import { inputForTest, ToldInput } from './told-input.ts'

const refused = new HeadgateError('OutputFailed', 'refused')
const never = new AbortController().signal

const textsOf = (batch: InputBatch): string[] =>
  batch.messages.map((message) => Buffer.from(message.content()).toString())

const generate = (mapping: string, count: number) => ({
  generate: { mapping, interval: '', count },
})

async function lines(spec: object): Promise<string[]> {
  const environment = testEnvironment()
  await runToEnd({ output: { stdout: {} }, ...spec }, environment)
  return environment.stdout.text.split('\n').filter((line) => line !== '')
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await setImmediate()
}

describe('what nested inputs give', () => {
  const shapes: Record<string, { definition: InputDefinition; config: (all: Input[]) => object }> =
    {
      broker: { definition: brokerInput, config: (inputs) => ({ inputs }) },
      'broker with batching': {
        definition: brokerInput,
        config: (inputs) => ({ inputs, batching: { count: 3 } }),
      },
      sequence: { definition: sequence, config: (inputs) => ({ inputs }) },
      batched: {
        definition: batched,
        config: ([child]) => ({ child, policy: { count: 4 } }),
      },
      read_until: { definition: readUntil, config: ([input]) => ({ input }) },
    }

  test.each(Object.entries(shapes))(
    'through %s: is the union, in each order, and every batch is settled once with its own fate',
    async (_, { definition, config }) => {
      const nack = fc.constantFrom('replay' as const, 'source' as const)
      const batches = fc.array(fc.record({ size: fc.integer({ min: 1, max: 3 }), nack }), {
        maxLength: 6,
      })
      await fc.assert(
        fc.asyncProperty(
          fc.array(batches, { minLength: 1, maxLength: 3 }),
          fc.infiniteStream(fc.boolean()),
          async (given, verdicts) => {
            const single = definition === batched || definition === readUntil
            const mine = single ? given.slice(0, 1) : given
            const inputs = mine.map((list, at) => toldInput(list, at))
            const input = await inputForTest(definition, config(inputs))
            await input.connect(never)
            const seen: string[] = []
            const rejected = new Set<string>()
            const settles: (() => void)[] = []
            for (;;) {
              const batch = await input.read(never)
              if (batch === undefined) break
              seen.push(...textsOf(batch))
              const bad = batch.messages.filter(() => batch.nack === 'source' && next(verdicts))
              for (const message of bad) rejected.add(Buffer.from(message.content()).toString())
              settles.push(() =>
                batch.settle?.(
                  bad.length === 0
                    ? undefined
                    : { error: refused, origins: new Set(bad.map(({ origin }) => origin)) },
                ),
              )
            }
            for (const settle of settles.reverse()) settle()
            await input.close()
            const all = mine.flatMap((list, at) => namesOf(list, at).flat())
            expect(seen.toSorted()).toEqual(all.toSorted())
            for (const [at, list] of mine.entries()) {
              const own = namesOf(list, at)
              const order = new Set(own.flat())
              expect(seen.filter((text) => order.has(text))).toEqual(own.flat())
              const fates = own.map((texts) => texts.filter((text) => rejected.has(text)))
              expect(inputs[at]?.outcomes.map(rejectedTexts)).toEqual(fates)
            }
            expect(inputs.map(({ closes }) => closes)).toEqual(mine.map(() => 1))
          },
        ),
        { numRuns: 60 },
      )
    },
  )

  function toldInput(list: readonly { size: number; nack: 'replay' | 'source' }[], at: number) {
    const input = new ToldInput()
    for (const [index, texts] of namesOf(list, at).entries()) {
      input.give(texts, { nack: list[index]?.nack ?? 'replay' })
    }
    input.end()
    return input
  }

  function namesOf(list: readonly { size: number }[], at: number): string[][] {
    return list.map(({ size }, index) =>
      Array.from({ length: size }, (_, place) => `${at}.${index}.${place}`),
    )
  }

  function rejectedTexts(outcome: ToldInput['outcomes'][number]): string[] | 'open' {
    if (outcome === 'open') return 'open'
    return [...(outcome?.origins ?? [])].map((origin) => Buffer.from(origin.content()).toString())
  }

  function next(verdicts: { next(): { value?: boolean } }): boolean {
    return verdicts.next().value === true
  }
})

describe('the broker input', () => {
  test('replays what an output refused once, through the processors of the nested input', async () => {
    const nested = {
      ...generate('root = "n%v".format(counter())', 2),
      processors: [{ mapping: 'root = content().string().uppercase()' }],
    }
    const failing = { fallback: [{ reject: 'no' }, { stdout: {} }] }
    expect(await lines({ input: { broker: { inputs: [nested] } }, output: failing })).toEqual([
      'N1',
      'N2',
    ])
  })

  test('counts what each of its inputs gave', async () => {
    const inputs = [generate('root = 1', 3), { label: 'two', ...generate('root = 2', 1) }]
    const pipeline = await runToEnd(
      { input: { broker: { inputs } }, output: { drop: {} } },
      testEnvironment(),
    )
    const received = pipeline.series().filter(({ name }) => name === 'input_received')
    const counts = received.map(({ labels, value }) => [labels['path'], labels['label'], value])
    expect(counts).toEqual(
      expect.arrayContaining([
        ['root.input.broker.inputs.0', '', 3],
        ['root.input.broker.inputs.1', 'two', 1],
      ]),
    )
  })

  test('holds no input up for another, and takes one batch of each ahead at most', async () => {
    const [quick, slow] = [new ToldInput(), new ToldInput()]
    for (let index = 0; index < 10; index++) quick.give([String(index)])
    const input = await inputForTest(brokerInput, { inputs: [slow, quick] })
    await input.connect(never)
    for (const text of ['0', '1', '2']) {
      const batch = await input.read(never)
      expect(batch && textsOf(batch)).toEqual([text])
    }
    await turns()
    expect(quick.reads).toBeLessThanOrEqual(4)
    expect(slow.reads).toBe(1)
  })

  test('gives what was read before a stop', async () => {
    const [one, two] = [new ToldInput(), new ToldInput()]
    const input = await inputForTest(brokerInput, { inputs: [one, two] })
    const stop = new AbortController()
    const first = input.read(stop.signal)
    one.give(['a'])
    two.give(['b'])
    const given = [await first]
    await turns()
    stop.abort()
    for (let batch = await input.read(stop.signal); batch !== undefined; ) {
      given.push(batch)
      batch = await input.read(stop.signal)
    }
    expect(given.map((batch) => batch && textsOf(batch)[0])).toEqual(['a', 'b'])
  })

  test('keeps streams exactly-once, and says why batching does not', async () => {
    const inputs = [{ stream: { name: 'one' } }, { stream: { name: 'two' } }]
    const output = { stream: { name: 'out' } }
    const because = async (broker: object) =>
      (await inspectPipeline({ input: { broker }, output })).atLeastOnceBecause
    expect(await because({ inputs })).toBeUndefined()
    expect(await because({ inputs, batching: {} })).toBeUndefined()
    expect(await because({ inputs: [...inputs, { stdin: {} }] })).toContain('input stdin')
    expect(await because({ inputs, batching: { count: 2 } })).toContain('after the delivery')
  })

  test.each([{}, { batching: { count: 2, period: '10ms' } }])(
    'commits the positions of streams that it joined, %j',
    async (more) => {
      const environment = testEnvironment()
      const { engine } = environment
      for (const name of ['one', 'two', 'out']) await createStream(engine, name)
      for (const name of ['one', 'two']) {
        await produce(
          engine,
          name,
          [1, 2, 3].map((n) => ({ data: Buffer.from(`${name}${n}`) })),
        )
      }
      const inputs = [{ stream: { name: 'one' } }, { stream: { name: 'two' } }]
      const spec = {
        input: { broker: { inputs, ...more } },
        output: { stream: { name: 'out' } },
      }
      const pipeline = await started(spec, environment)
      const records = await consume(engine, 'out', 6)
      expect(await pipeline.stop(10_000)).toBe('drained')
      const texts = records.map(({ data }) => Buffer.from(data).toString())
      expect(texts.toSorted()).toEqual(['one1', 'one2', 'one3', 'two1', 'two2', 'two3'])
      const offsets = engine.groups.offsets('pipeline.test')
      expect(offsets.map(({ stream, next }) => [stream, next]).toSorted()).toEqual([
        ['default/one', 4],
        ['default/two', 4],
      ])
    },
  )

  test('inspects what it holds, and counts its copies', async () => {
    const spec = (broker: object) => ({ input: { broker }, output: { drop: {} } })
    const { problems, streams } = await inspectPipeline(
      spec({ inputs: [{ strem: {} }, { stream: { name: 'one' } }] }),
    )
    expect(problems[0]).toMatchObject({ path: ['input', 'broker', 'inputs', 0, 'strem'] })
    expect(streams).toMatchObject([{ stream: 'one', access: 'read' }])
    const copies = async (count: number) =>
      (await inspectPipeline(spec({ copies: count, inputs: [{ stdin: {} }] }))).problems.length
    expect(await copies(BROKER_INPUT_COPIES_MAX)).toBe(0)
    expect(await copies(BROKER_INPUT_COPIES_MAX + 1)).toBe(1)
    const [none] = (await inspectPipeline(spec({ inputs: [] }))).problems
    expect(none?.message).toContain('at least 1 input')
  })
})

describe('the batched input', () => {
  test('lets a batch go after a period, and counts what made it leave', async () => {
    const clock = new SimulatedClock()
    const child = new ToldInput()
    const environment = testEnvironment({ clock })
    const input = await inputForTest(batched, { child, policy: { period: '5s' } }, environment)
    const read = input.read(never)
    child.give(['a'])
    await turns()
    clock.advance(5_000)
    const batch = await read
    expect(batch && textsOf(batch)).toEqual(['a'])
  })

  test('runs the processors of its policy on whole batches', async () => {
    const child = generate('root = counter()', 5)
    const policy = {
      count: 2,
      processors: [
        { archive: { format: 'lines' } },
        { mapping: 'root = content().string().replace_all("\\n", "+")' },
      ],
    }
    expect(await lines({ input: { batched: { child, policy } } })).toEqual(['1+2', '3+4', '5'])
  })

  test('asks for a policy that ends a batch', async () => {
    const spec = { input: { batched: { child: { stdin: {} }, policy: {} } }, output: { drop: {} } }
    expect((await inspectPipeline(spec)).problems[0]).toMatchObject({
      path: ['input', 'batched', 'policy'],
    })
  })
})

describe('the read_until input', () => {
  test('marks the last message, and gives none after it', async () => {
    const input = {
      read_until: { input: generate('root.n = counter()', 9), check: 'this.n == 2' },
    }
    const processors = [{ mapping: 'root = [this.n, @benthos_read_until]' }]
    expect(await lines({ input, pipeline: { processors } })).toEqual(['[1,null]', '[2,"final"]'])
  })

  test('ends in the middle of lines that came together', async () => {
    const environment = testEnvironment()
    environment.stdin.end('a\nb\nc\nd\n')
    const input = { read_until: { input: { stdin: {} }, check: 'content() == "b"' } }
    await runToEnd({ input, output: { stdout: {} } }, environment)
    expect(environment.stdout.text).toBe('a\nb\n')
  })

  test('ends when nothing came for a while', async () => {
    const clock = new SimulatedClock()
    const child = new ToldInput()
    const environment = testEnvironment({ clock })
    const input = await inputForTest(readUntil, { input: child, idle_timeout: '10s' }, environment)
    const first = input.read(never)
    await turns()
    clock.advance(9_000)
    child.give(['a'])
    const given = await first
    expect(given && textsOf(given)).toEqual(['a'])
    const second = input.read(never)
    await turns()
    clock.advance(9_999)
    await turns()
    clock.advance(1)
    expect(await second).toBeUndefined()
  })

  test('begins anew where the other input ends too early', async () => {
    const input = {
      read_until: {
        input: generate('root.n = count("read_until_restarts")', 2),
        check: 'this.n == 5',
        restart_input: true,
      },
    }
    expect(await lines({ input })).toEqual([1, 2, 3, 4, 5].map((n) => `{"n":${n}}`))
  })
})

describe('the sequence input', () => {
  test('misses no connection of an input whose turn has not come', async () => {
    const inputs = [{ inproc: 'first' }, { inproc: 'second' }]
    const spec = { input: { sequence: { inputs } }, output: { drop: {} } }
    const pipeline = await started(spec, testEnvironment())
    expect(pipeline.connections().filter(({ connected }) => !connected)).toEqual([])
    await pipeline.stop(1_000)
  })

  test('opens an input when the one before it ended, and closes that', async () => {
    const [one, two] = [new ToldInput(), new ToldInput()]
    const input = await inputForTest(sequence, { inputs: [one, two] })
    await input.connect(never)
    one.give(['a'])
    const first = await input.read(never)
    expect([one.connects, two.connects]).toEqual([1, 0])
    one.end()
    two.give(['b'])
    await input.read(never)
    expect([one.closes, two.connects]).toEqual([0, 1])
    first?.settle?.(undefined)
    await turns()
    expect(one.closes).toBe(1)
    await input.close()
    expect([one.closes, two.closes]).toEqual([1, 1])
  })

  const people = generate('root = {"id": ["a","b"].index(counter() - 1), "x": {"p": 1}}', 2)
  const pets = generate(
    'root = {"id": ["b","c","b"].index(counter() - 1), "x": {"q": counter()}}',
    3,
  )
  const joined = (join: object) =>
    lines({
      input: { sequence: { sharded_join: { id_path: 'id', ...join }, inputs: [people, pets] } },
    })

  test.each([
    [
      'full-outer',
      1,
      ['{"id":"a","x":{"p":1}}', '{"id":"b","x":{"p":1,"q":[1,3]}}', '{"id":"c","x":{"q":2}}'],
    ],
    [
      'full-outer',
      3,
      ['{"id":"a","x":{"p":1}}', '{"id":"b","x":{"p":1,"q":[1,3]}}', '{"id":"c","x":{"q":2}}'],
    ],
    [
      'outer',
      1,
      ['{"id":"b","x":{"p":1,"q":1}}', '{"id":"b","x":{"p":1,"q":3}}', '{"id":"c","x":{"q":2}}'],
    ],
  ])('joins %s in %i iterations', async (type, iterations, expected) => {
    expect((await joined({ type, iterations })).toSorted()).toEqual(expected)
  })

  test('keeps or replaces what several documents have', async () => {
    const b = async (merge_strategy: string) =>
      (await joined({ type: 'full-outer', merge_strategy })).find((line) => line.includes('"b"'))
    expect(await b('replace')).toBe('{"id":"b","x":{"p":1,"q":3}}')
    expect(await b('keep')).toBe('{"id":"b","x":{"p":1,"q":1}}')
  })

  test('acknowledges what went into a join once all of it is delivered', async () => {
    const [one, two] = [new ToldInput(), new ToldInput()]
    one.give(['{"id":"a"}'])
    two.give(['{"id":"a","n":1}'])
    one.end()
    two.end()
    const join = { type: 'full-outer', id_path: 'id' }
    const input = await inputForTest(sequence, { sharded_join: join, inputs: [one, two] })
    const batch = await input.read(never)
    expect(batch && textsOf(batch)).toEqual(['{"id":"a","n":1}'])
    expect([...one.outcomes, ...two.outcomes]).toEqual(['open', 'open'])
    batch?.settle?.(undefined)
    expect([...one.outcomes, ...two.outcomes]).toEqual([undefined, undefined])
  })
})
