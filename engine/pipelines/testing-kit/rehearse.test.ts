import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { HeadgateError } from '../../error.ts'
import { SimulatedClock } from '../../ports/simulated-clock.ts'
import { type Batch, Message } from '../message.ts'
import type { Mocks } from './mocks.ts'
import { type Rehearsal, type RehearsalOptions, rehearse } from './rehearse.ts'

const message = (value: object): Message => Message.fromBytes(Buffer.from(JSON.stringify(value)))
const batch = (...values: readonly object[]): Batch => values.map(message)
const apart = (...values: readonly object[]): readonly Batch[] => values.map((one) => batch(one))

function run(
  spec: object,
  inputs: Mocks['inputs'],
  { mocks, ...options }: Partial<Omit<RehearsalOptions, 'mocks'>> & { mocks?: Partial<Mocks> } = {},
): Promise<Rehearsal> {
  return rehearse(spec, { ...options, mocks: { inputs, ...mocks } })
}

const parsed = (messages: Batch): unknown[] =>
  messages.map((one) => JSON.parse(Buffer.from(one.content()).toString()))

function took({ outputs }: Rehearsal, name: string): unknown[][] {
  const found = outputs.find(({ label, pointer }) => label === name || pointer === name)
  return found?.batches.map(parsed) ?? [['no such output']]
}

const KAFKA = { kafka: { addresses: ['a:9092'], topics: ['orders'], consumer_group: 'g' } }
const HTTP = { http_client: { url: 'http://away.example/orders' } }

describe('a rehearsal', () => {
  test('gives records in the place of an input, and remembers what an output was given', async () => {
    const spec = {
      input: KAFKA,
      pipeline: { processors: [{ mapping: 'root.id = this.id * 2' }] },
      output: HTTP,
    }
    const done = await run(spec, apart({ id: 1 }, { id: 2 }))
    expect(took(done, '/output')).toEqual([[{ id: 2 }], [{ id: 4 }]])
    expect([done.heldUpBecause, done.rejected, done.failures]).toEqual([undefined, [], []])
  })

  test('runs switches, brokers, fallbacks and batching as they are', async () => {
    const paid = { label: 'paid', ...HTTP }
    const spec = {
      input: KAFKA,
      output: {
        switch: {
          cases: [
            { check: 'this.paid', output: { fallback: [{ reject: 'away' }, paid] } },
            { output: { http_client: { ...HTTP.http_client, batching: { count: 2 } } } },
          ],
        },
      },
    }
    const given = apart({ id: 1, paid: true }, { id: 2 }, { id: 3 }, { id: 4 })
    const done = await run(spec, given)
    expect(took(done, 'paid')).toEqual([[{ id: 1, paid: true }]])
    // The last one had to wait for a fuller batch until there was no more.
    expect(took(done, '/output/switch/cases/1/output')).toEqual([
      [{ id: 2 }, { id: 3 }],
      [{ id: 4 }],
    ])
  })

  test('passes time by itself, and only that of its own clock', async () => {
    const clock = new SimulatedClock()
    const spec = {
      input: KAFKA,
      pipeline: { processors: [{ sleep: { duration: '1m' } }, { mapping: 'root.at = now()' }] },
      output: HTTP,
    }
    const done = await run(spec, apart({ id: 1 }), { clock })
    expect(took(done, '/output')).toEqual([[{ at: '2026-01-01T00:01:00Z' }]])
    expect(clock.monotonicMs()).toBe(60_000)
  })

  test('tries again as the config says, while the test makes an output fail', async () => {
    let writes = 0
    const fails = (): void => {
      writes += 1
      if (writes < 3) throw new HeadgateError('OutputFailed', 'full')
    }
    const spec = { input: KAFKA, output: { retry: { output: { label: 'away', ...HTTP } } } }
    const done = await run(spec, apart({ id: 1 }), {
      mocks: { outputs: new Map([['away', fails]]) },
    })
    expect([took(done, 'away'), writes]).toEqual([[[{ id: 1 }]], 3])
  })

  test('tells what nothing took, and why', async () => {
    const spec = {
      input: KAFKA,
      output: {
        switch: {
          cases: [
            { check: 'this.id == 1', output: HTTP },
            { output: { reject: 'not ${! json("id") }' } },
          ],
        },
      },
    }
    const done = await run(spec, apart({ id: 1 }, { id: 2 }))
    expect(done.rejected.map(({ message: one, error }) => [parsed([one]), error.message])).toEqual([
      [[{ id: 2 }], 'not 2'],
    ])
  })

  test('notes each failure of a processor, even one that is caught', async () => {
    const spec = {
      input: KAFKA,
      pipeline: {
        processors: [
          { label: 'doubled', mapping: 'root = this.id.number()' },
          { catch: [{ mapping: 'root = "no number"' }] },
        ],
      },
      output: HTTP,
    }
    const done = await run(spec, apart({ id: 'x' }))
    expect(done.failures).toEqual([
      expect.objectContaining({
        component: 'mapping',
        label: 'doubled',
        pointer: '/pipeline/processors/0',
      }),
    ])
  })

  test('writes to streams of its own, as they are declared and typed', async () => {
    const spec = {
      input: { stream: { name: 'orders' } },
      output: { stream: { name: 'clean', key: '${! json("id") }' } },
    }
    const check = (data: Uint8Array) => (data.length > 10 ? 'it is too long' : undefined)
    const streams = new Map([['clean', { shards: 1, compaction: 'key' as const }]])
    const done = await run(spec, new Map([['orders', apart({ id: 1 }, { id: 123456 })]]), {
      checks: { clean: check },
      streams,
    })
    expect(done.streams.get('clean')?.map(({ key }) => Buffer.from(key ?? []).toString())).toEqual([
      '1',
    ])
    expect(done.rejected.map(({ error }) => error.message)).toEqual([
      'stream clean: it is too long',
    ])
    expect(done.atLeastOnceBecause).toBe(undefined)
  })

  test('gives each of several inputs its own, and refuses a list that could be for any', async () => {
    const spec = {
      input: { broker: { inputs: [{ label: 'new', ...KAFKA }, { stream: { name: 'old' } }] } },
      output: HTTP,
    }
    const inputs = new Map([
      ['new', apart({ id: 1 })],
      ['old', apart({ id: 2 })],
    ])
    const done = await run(spec, inputs)
    expect(took(done, '/output').flat()).toHaveLength(2)
    await expect(run(spec, apart({ id: 1 }))).rejects.toThrow(/of each input by its name.*new and/)
  })

  test('refuses what would reach out, by name, and says how to mock it', async () => {
    const spec = {
      input: KAFKA,
      pipeline: { processors: [{ label: 'enrich', http: { url: 'http://away.example' } }] },
      output: HTTP,
    }
    const refused = await run(spec, apart({ id: 1 })).catch((thrown: HeadgateError) => thrown)
    expect(refused).toMatchObject({
      message: 'the processor http at /pipeline/processors/0 would reach out of the test',
      hint: 'Mock it: mocks: {enrich: {mapping: …}}.',
    })
    const enrich = async (one: Message) => one.withValue({ country: 'de' })
    const done = await run(spec, apart({ id: 1 }), {
      mocks: { processors: new Map([['enrich', enrich]]) },
    })
    expect(took(done, '/output')).toEqual([[{ country: 'de' }]])
  })

  test('keeps the order of records, however long a mock takes for one', async () => {
    const spec = {
      input: KAFKA,
      pipeline: { processors: [{ label: 'enrich', http: { url: 'http://away.example' } }] },
      output: { label: 'away', ...HTTP },
    }
    const longForTheFirst = async ({ id }: { id: number }): Promise<void> => {
      for (let turns = 0; id === 1 && turns < 50; turns++) await setImmediate()
    }
    const document = (one: Message | undefined) => one?.document() as { id: number }
    const enrich = async (one: Message) => {
      await longForTheFirst(document(one))
      return one
    }
    const away = ([one]: Batch) => longForTheFirst(document(one))
    const given = apart({ id: 1 }, { id: 2 }, { id: 3 })
    const inOrder = [[{ id: 1 }], [{ id: 2 }], [{ id: 3 }]]
    const processors = new Map([['enrich', enrich]])
    expect(took(await run(spec, given, { mocks: { processors } }), 'away')).toEqual(inOrder)
    const outputs = new Map([['away', away]])
    const { pipeline: _, ...direct } = spec
    expect(took(await run(direct, given, { mocks: { outputs } }), 'away')).toEqual(inOrder)
  })

  test('refuses a mock of what is not there, and says what was meant', async () => {
    const mocks = { outputs: new Map([['warehous', () => {}]]) }
    const spec = { input: KAFKA, output: { label: 'warehouse', ...HTTP } }
    await expect(run(spec, [], { mocks })).rejects.toMatchObject({
      hint: 'Did you mean warehouse?',
    })
  })

  test('ends what goes on for ever, and tells what held it up', async () => {
    const fails = (): void => {
      throw new HeadgateError('OutputFailed', 'full')
    }
    const spec = {
      input: KAFKA,
      output: { retry: { max_retries: 0, output: { label: 'away', ...HTTP } } },
    }
    const done = await run(spec, apart({ id: 1 }), {
      mocks: { outputs: new Map([['away', fails]]) },
    })
    expect(done.heldUpBecause).toContain('full')
    expect(done.rejected).toHaveLength(1)
  })
})
