/** A message that was made of several, and what becomes of them when it is rejected. */
import { describe, expect, test } from 'vitest'
import { memory } from '../components/buffers/memory.ts'
import { archive } from '../components/processors/archive.ts'
import { HeadgateError } from '../error.ts'
import { interpolationOf, OFFLINE } from './bloblang-fields.ts'
import type { BuildContext } from './build-context.ts'
import { Chain } from './chain.ts'
import type { Input, InputBatch, Output } from './component.ts'
import { Health } from './health.ts'
import { type Batch, Message } from './message.ts'
import type { OutputStageOptions } from './output-stage.ts'
import { RunningPipeline } from './running-pipeline.ts'
import { SharedResources } from './shared-resources.ts'
import { until } from './stream-testing.ts'
import { Taps } from './taps.ts'
import { placeOf, testEnvironment } from './testing.ts'

const context = { interpolation: (text) => interpolationOf(text, OFFLINE) } as BuildContext

async function archiving(): Promise<Chain> {
  const processor = await archive.build({ format: 'lines', path: '' } as never, context)
  return new Chain([{ processor, failure: () => expect.unreachable() }])
}

/** Three batches of two, into an output that refuses the first write; resolves with all that it was given. */
async function written(parts: {
  readonly buffered?: boolean
  readonly chain?: Chain
  readonly batching?: OutputStageOptions['batching']
}): Promise<readonly string[]> {
  const batches: InputBatch[] = ['ab', 'cd', 'ef'].map((texts) => ({
    messages: [...texts].map((text) => Message.fromBytes(Buffer.from(text))),
  }))
  const input: Input = {
    connect: async () => {},
    read: () => batches.shift(),
    close: async () => {},
  }
  const given: string[] = []
  const output: Output = {
    connect: async () => {},
    write: (batch: Batch) => {
      given.push(batch.map((one) => Buffer.from(one.content()).toString()).join('|'))
      if (given.length === 1) throw new HeadgateError('OutputFailed', 'not now')
    },
    close: async () => {},
  }
  const environment = testEnvironment()
  const pipeline = new RunningPipeline({
    environment,
    health: new Health(environment.logger, 'p'),
    force: new AbortController(),
    input: {
      input,
      nack: 'replay',
      transactional: false,
      processors: new Chain([]),
      place: placeOf('list'),
    },
    buffer:
      parts.buffered === true
        ? {
            buffer: (await memory.build({ limit: 1000 } as never, context)) as never,
            place: placeOf('buffer memory'),
            keepsTransaction: false,
          }
        : undefined,
    shared: new SharedResources(),
    taps: new Taps({ ...environment, mask: (text) => text }),
    chain: parts.chain ?? new Chain([]),
    output: {
      output,
      place: placeOf('o'),
      processors: undefined,
      batching: parts.batching,
      maxInFlight: 1,
    },
  })
  await pipeline.connect()
  await until(() => pipeline.state().phase === 'completed')
  return given
}

describe('all messages of an archive come again when it is rejected', () => {
  test('from the input', async () => {
    const chain = await archiving()
    const given = await written({ chain })
    expect(given.toSorted()).toEqual(['a\nb', 'a\nb', 'c\nd', 'e\nf'])
  })

  test('from a memory buffer', async () => {
    const given = await written({ chain: await archiving(), buffered: true })
    expect(given.toSorted()).toEqual(['a\nb', 'a\nb', 'c\nd', 'e\nf'])
  })

  test('from an output that gathers batches and archives them', async () => {
    const triggers = { countMax: 4, bytesMax: undefined, periodMs: undefined, check: undefined }
    const given = await written({ batching: { triggers, processors: await archiving() } })
    const delivered = given.slice(1).join('\n').split('\n')
    expect(given[0]).toBe('a\nb\nc\nd')
    expect(delivered.toSorted()).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  })
})
