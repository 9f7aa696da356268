import { expect, inject, it } from 'vitest'
import { started } from '../../engine/components/testing.ts'
import { testEnvironment } from '../../engine/pipelines/testing.ts'
import { until } from '../harness/headgate-process.ts'
import { committedOffsets, createTopic, produce, produceTexts } from './kafka-client.ts'

const { open } = inject('kafka')

it('gives key, headers and place of each message as metadata', async () => {
  await createTopic(open, 'metadata')
  await produce(open, [
    {
      topic: 'metadata',
      partition: 0,
      key: Buffer.from('k'),
      value: Buffer.from('v'),
      headers: new Map([
        [Buffer.from('colour'), Buffer.from('red')],
        [Buffer.from('colour'), Buffer.from('blue')],
      ]),
      timestamp: 1_700_000_000_123n,
    },
  ])
  const environment = testEnvironment()
  const pipeline = await started(
    {
      input: { kafka: { addresses: [open], topics: ['metadata'] } },
      pipeline: { processors: [{ mapping: 'root = @' }] },
      output: { stdout: {} },
    },
    environment,
  )
  await until('the message', () => environment.stdout.text.includes('\n') || undefined)
  await pipeline.stop(5_000)
  expect(JSON.parse(environment.stdout.text)).toEqual({
    colour: 'blue',
    kafka_key: 'k',
    kafka_topic: 'metadata',
    kafka_partition: 0,
    kafka_offset: 0,
    kafka_lag: 0,
    kafka_timestamp_ms: 1_700_000_000_123,
    kafka_timestamp_unix: 1_700_000_000,
    kafka_tombstone_message: false,
  })
})

it('commits when it stops, and the next member of the group goes on from there', async () => {
  await createTopic(open, 'resumed')
  await produceTexts(open, 'resumed', ['a', 'b', 'c'])
  const spec = {
    input: { kafka: { addresses: [open], topics: ['resumed'], consumer_group: 'resumed' } },
    output: { stdout: {} },
  }
  const first = testEnvironment()
  const pipeline = await started(spec, first)
  await until('three messages', () => first.stdout.text === 'a\nb\nc\n' || undefined)
  await pipeline.stop(5_000)
  expect(await committedOffsets(open, 'resumed', 'resumed')).toEqual([3])
  await produceTexts(open, 'resumed', ['d'])
  const second = testEnvironment()
  const next = await started(spec, second)
  await until('the fourth', () => second.stdout.text === 'd\n' || undefined)
  await next.stop(5_000)
})

it('begins at what comes where it is told to, and gives all values of a header', async () => {
  await createTopic(open, 'latest')
  await produceTexts(open, 'latest', ['before'])
  const environment = testEnvironment()
  const pipeline = await started(
    {
      input: {
        kafka: {
          addresses: [open],
          topics: ['latest'],
          start_from_oldest: false,
          multi_header: true,
        },
      },
      pipeline: { processors: [{ mapping: 'root = [content().string(), @colour, @kafka_key]' }] },
      output: { stdout: {} },
    },
    environment,
  )
  await produce(open, [
    {
      topic: 'latest',
      partition: 0,
      value: Buffer.from('after'),
      headers: new Map([
        [Buffer.from('colour'), Buffer.from('red')],
        [Buffer.from('colour'), Buffer.from('blue')],
      ]),
    },
  ])
  await until('the message', () => environment.stdout.text.includes('\n') || undefined)
  await pipeline.stop(5_000)
  expect(environment.stdout.text).toBe('["after",["red","blue"],""]\n')
})

it('tells a tombstone from an empty message', async () => {
  await createTopic(open, 'tombs')
  await produce(open, [
    { topic: 'tombs', partition: 0, key: Buffer.from('gone') } as never,
    { topic: 'tombs', partition: 0, key: Buffer.from('here'), value: Buffer.alloc(0) },
  ])
  const environment = testEnvironment()
  const pipeline = await started(
    {
      input: { kafka: { addresses: [open], topics: ['tombs'] } },
      pipeline: {
        processors: [{ mapping: 'root = [@kafka_key, @kafka_tombstone_message, @kafka_lag]' }],
      },
      output: { stdout: {} },
    },
    environment,
  )
  await until('both', () => environment.stdout.text.split('\n').length > 2 || undefined)
  await pipeline.stop(5_000)
  expect(environment.stdout.text).toBe('["gone",true,1]\n["here",false,0]\n')
})
