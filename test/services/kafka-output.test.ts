import { expect, inject, it } from 'vitest'
import { murmur2Partition } from '../../engine/components/kafka/partitioners.ts'
import {
  createStream,
  produce as feed,
  runToEnd,
  started,
} from '../../engine/components/testing.ts'
import { testEnvironment } from '../../engine/pipelines/testing.ts'
import { until } from '../harness/headgate-process.ts'
import { SASL_PASSWORD, SASL_USER } from './kafka-broker.ts'
import { consume, createTopic } from './kafka-client.ts'

const { open, sasl, tls, certificate } = inject('kafka')

let generators = 0

/** So many messages `{"i": n}`, from 0 on, with a key in their metadata. */
const numbers = (count: number, batchSize = 1) => ({
  generate: {
    count,
    batch_size: batchSize,
    interval: '',
    mapping: `let i = count("numbers-${generators++}") - 1\nroot.i = $i\nmeta key = "k%d".format($i % 5)`,
  },
})

it('writes key, content and headers', async () => {
  await createTopic(open, 'written')
  await runToEnd(
    {
      input: {
        generate: {
          count: 1,
          interval: '',
          mapping: 'root = {"a": 1}\nmeta colour = "red"\nmeta secret_word = "x"',
        },
      },
      output: {
        kafka: {
          addresses: [open],
          topic: 'written',
          key: '${! json("a") }',
          static_headers: { from: 'here' },
          metadata: { exclude_prefixes: ['secret_'] },
        },
      },
    },
    testEnvironment(),
  )
  expect(await consume(open, 'written', 1)).toEqual([
    {
      partition: 0,
      offset: 0,
      key: '1',
      value: '{"a":1}',
      headers: [
        ['from', 'here'],
        ['colour', 'red'],
      ],
    },
  ])
})

it.each(['none', 'snappy', 'lz4', 'gzip', 'zstd'])(
  'keeps the messages of a key together and in order with compression %s',
  async (compression) => {
    const topic = `in-order-${compression}`
    await createTopic(open, topic, 3)
    await runToEnd(
      {
        input: numbers(100, 7),
        output: {
          kafka: {
            addresses: [open],
            topic,
            key: '${! @key }',
            partitioner: 'murmur2_hash',
            compression,
            max_in_flight: 1,
          },
        },
      },
      testEnvironment(),
    )
    const read = await consume(open, topic, 100)
    for (const { key = '', partition } of read)
      expect(partition).toBe(murmur2Partition(Buffer.from(key), 3))
    const ofKey = read.filter(({ key }) => key === 'k2').map(({ value }) => JSON.parse(value).i)
    expect(ofKey).toEqual(ofKey.toSorted((one, other) => one - other))
    expect(ofKey).toHaveLength(20)
  },
)

it('sends a batch above the bound of the broker in parts', async () => {
  await createTopic(open, 'large')
  await runToEnd(
    {
      input: {
        generate: {
          count: 40,
          batch_size: 40,
          interval: '',
          mapping: 'root = "x".repeat(100000)',
        },
      },
      output: { kafka: { addresses: [open], topic: 'large', idempotent_write: true } },
    },
    testEnvironment(),
  )
  expect(await consume(open, 'large', 40)).toHaveLength(40)
})

it('rejects just the messages that cannot be sent', async () => {
  await createTopic(open, 'some')
  const environment = testEnvironment()
  await runToEnd(
    {
      input: {
        generate: {
          count: 4,
          batch_size: 4,
          interval: '',
          mapping: 'root = "x".repeat([1, 2, 2000, 4].index(count("some") - 1))',
        },
      },
      output: {
        fallback: [
          { kafka: { addresses: [open], topic: 'some', max_msg_bytes: 500 } },
          { stdout: {}, processors: [{ mapping: 'root = @fallback_error' }] },
        ],
      },
    },
    environment,
  )
  expect((await consume(open, 'some', 3)).map(({ value }) => value)).toEqual(['x', 'xx', 'xxxx'])
  expect(environment.stdout.text).toBe(
    'expected a message of at most 500 bytes (max_msg_bytes), got 2032\n',
  )
})

it('writes to the partition that it is told, and to no other', async () => {
  await createTopic(open, 'manual', 2)
  const environment = testEnvironment()
  await runToEnd(
    {
      input: numbers(3),
      output: {
        fallback: [
          {
            kafka: {
              addresses: [open],
              topic: 'manual',
              partitioner: 'manual',
              partition: '${! json("i") }',
            },
          },
          { stdout: {} },
        ],
      },
    },
    environment,
  )
  const read = await consume(open, 'manual', 2)
  expect(new Set(read.map(({ partition, value }) => `${partition} ${value}`))).toEqual(
    new Set(['0 {"i":0}', '1 {"i":1}']),
  )
  expect(environment.stdout.text).toBe('{"i":2}\n')
})

it('makes a topic as it is told', async () => {
  await runToEnd(
    {
      input: numbers(6),
      output: {
        kafka: {
          addresses: [open],
          topic: 'made',
          partitioner: 'round_robin',
          max_in_flight: 1,
          custom_topic_creation: { enabled: true, partitions: 3, replication_factor: 1 },
        },
      },
    },
    testEnvironment(),
  )
  const read = await consume(open, 'made', 6)
  expect(read.map(({ partition }) => partition).toSorted()).toEqual([0, 0, 1, 1, 2, 2])
})

it.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])(
  'says who it is with %s',
  async (mechanism) => {
    const topic = `secured-${mechanism}`
    await createTopic(open, topic)
    const login = { mechanism, user: SASL_USER, password: SASL_PASSWORD }
    const kafka = { addresses: [sasl], sasl: login }
    await runToEnd({ input: numbers(1), output: { kafka: { ...kafka, topic } } }, testEnvironment())
    const environment = testEnvironment()
    const pipeline = await started(
      { input: { kafka: { ...kafka, topics: [topic] } }, output: { stdout: {} } },
      environment,
    )
    await until('the message', () => environment.stdout.text === '{"i":0}\n' || undefined)
    await pipeline.stop(5_000)
  },
)

it('says who it is with a token that a cache holds', async () => {
  await createTopic(open, 'token')
  const seconds = Math.floor((performance.timeOrigin + performance.now()) / 1000)
  const part = (content: object): string =>
    Buffer.from(JSON.stringify(content)).toString('base64url')
  const token = `${part({ alg: 'none' })}.${part({ sub: SASL_USER, iat: seconds - 60, exp: seconds + 600 })}.`
  const login = { mechanism: 'OAUTHBEARER', token_cache: 'tokens', token_key: 'kafka' }
  await runToEnd(
    {
      input: numbers(1),
      output: { kafka: { addresses: [sasl], sasl: login, topic: 'token' } },
      cache_resources: [{ label: 'tokens', memory: { init_values: { kafka: token } } }],
    },
    testEnvironment(),
  )
  expect(await consume(open, 'token', 1)).toHaveLength(1)
})

it('speaks TLS, and to no broker whose certificate it does not trust', async () => {
  await createTopic(open, 'secured')
  const trusting = { enabled: true, root_cas: certificate }
  const kafka = { addresses: [tls], topic: 'secured' }
  await runToEnd(
    { input: numbers(1), output: { kafka: { ...kafka, tls: trusting } } },
    testEnvironment(),
  )
  expect(await consume(open, 'secured', 1)).toHaveLength(1)
  const pipeline = await started(
    { input: numbers(1), output: { kafka: { ...kafka, tls: { enabled: true } } } },
    testEnvironment(),
  )
  await until('the failure', () => pipeline.state().message)
  expect(pipeline.state().connected).toBe(false)
  await pipeline.stop(0)
})

it('is not connected with a wrong password, and never says it', async () => {
  const login = { mechanism: 'SCRAM-SHA-256', user: SASL_USER, password: 'weir-and-sluice' }
  const pipeline = await started(
    {
      input: numbers(1),
      output: { kafka: { addresses: [sasl], sasl: login, topic: 'never' } },
    },
    testEnvironment(),
  )
  const message = await until('the failure', () => pipeline.state().message)
  expect(pipeline.state().connected).toBe(false)
  expect(message).not.toContain('weir-and-sluice')
  await pipeline.stop(0)
})

it('takes everything of a stream of ours over to a topic', async () => {
  await createTopic(open, 'from-stream')
  const environment = testEnvironment()
  await createStream(environment.engine, 'orders')
  const records = Array.from({ length: 500 }, (_, index) => ({
    data: Buffer.from(JSON.stringify({ index })),
  }))
  await feed(environment.engine, 'orders', records)
  const pipeline = await started(
    {
      input: { stream: { name: 'orders' } },
      output: { kafka: { addresses: [open], topic: 'from-stream', batching: { count: 50 } } },
    },
    environment,
  )
  const read = await consume(open, 'from-stream', 500)
  expect(new Set(read.map(({ value }) => JSON.parse(value).index)).size).toBe(500)
  await pipeline.stop(5_000)
})
