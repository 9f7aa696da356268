import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { HeadgateError } from '../error.ts'
import { testEnvironment } from '../pipelines/testing.ts'
import { type InprocChannel, inprocChannel } from './inproc-hub.ts'
import { batchOf, texts } from './outputs/told-output.ts'
import { consume, createStream, reached, started } from './testing.ts'

const never = new AbortController().signal
const refused = new HeadgateError('OutputFailed', 'refused')

function channelForTest(): InprocChannel {
  return inprocChannel(testEnvironment().engine, 'default', 'a')
}

const numbers = (count: number) => ({
  generate: { mapping: 'root = counter()', interval: '', count },
})

describe('inproc', () => {
  test('carries messages to another pipeline in order, whichever starts first', async () => {
    const { engine } = testEnvironment()
    const [from, to] = [
      testEnvironment({ engine, name: 'from' }),
      testEnvironment({ engine, name: 'to' }),
    ]
    const writer = await started({ input: numbers(200), output: { inproc: 'a' } }, from)
    const reader = await started({ input: { inproc: 'a' }, output: { stdout: {} } }, to)
    await reached(writer, 'completed')
    expect(await reader.stop(10_000)).toBe('drained')
    const expected = Array.from({ length: 200 }, (_, index) => `${index + 1}\n`).join('')
    expect(to.stdout.text).toBe(expected)
    expect(writer.state().counters.outputSent).toBe(200)
  })

  test('is repeated by the input of the writer where the reader rejects', async () => {
    const { engine } = testEnvironment()
    const [from, to] = [
      testEnvironment({ engine, name: 'from' }),
      testEnvironment({ engine, name: 'to' }),
    ]
    const reader = await started(
      {
        input: { inproc: 'a' },
        output: {
          switch: {
            cases: [
              { check: 'count("inproc_attempts") <= 2', output: { reject: 'not yet' } },
              { output: { stdout: {} } },
            ],
          },
        },
      },
      to,
    )
    const writer = await started({ input: numbers(1), output: { inproc: 'a' } }, from)
    await reached(writer, 'completed')
    await reader.stop(10_000)
    expect(to.stdout.text).toBe('1\n')
    expect(writer.state().counters.outputErrors).toBe(2)
  })

  test('has all repeated that was not written, though it was not rejected', async () => {
    const { engine } = testEnvironment()
    await createStream(engine, 'kept')
    const [from, to] = [
      testEnvironment({ engine, name: 'from' }),
      testEnvironment({ engine, name: 'to' }),
    ]
    const twice = '(count("inproc_partly") <= 2) && (this == 2)'
    const output = {
      switch: {
        cases: [
          { check: twice, output: { reject: 'not yet' } },
          { output: { stream: { name: 'kept' } } },
        ],
      },
    }
    const reader = await started({ input: { inproc: 'a' }, output }, to)
    const input = { batched: { child: numbers(3), policy: { count: 3 } } }
    const writer = await started({ input, output: { inproc: 'a' } }, from)
    await reached(writer, 'completed')
    await reader.stop(10_000)
    const records = await consume(engine, 'kept', 3)
    const numbersKept = records.map(({ data }) => Buffer.from(data).toString())
    expect(numbersKept.toSorted()).toEqual(['1', '2', '3'])
  })

  test('holds the writer up while nobody reads', async () => {
    const environment = testEnvironment()
    const writer = await started({ input: numbers(5_000), output: { inproc: 'a' } }, environment)
    for (let turn = 0; turn < 50; turn++) await setImmediate()
    expect(writer.state().counters.outputSent).toBe(0)
    expect(writer.state().counters.inputReceived).toBeLessThan(2_000)
    expect(await writer.stop(10)).toBe('forced')
    expect(inprocChannel(environment.engine, 'default', 'a').take()).toBeUndefined()
  })

  test('parts namespaces', async () => {
    const { engine } = testEnvironment()
    const offered = inprocChannel(engine, 'one', 'a').offer(batchOf('x'), never)
    expect(inprocChannel(engine, 'two', 'a').take()).toBeUndefined()
    inprocChannel(engine, 'one', 'a').take()?.settle(undefined)
    expect(await offered).toBeUndefined()
  })

  test('gives each batch to one of several readers, and its fate back to who offered it', async () => {
    const channel = channelForTest()
    const stop = new AbortController()
    const readers = [channel.wait(stop.signal), channel.wait(stop.signal)]
    const offered = [channel.offer(batchOf('a'), never), channel.offer(batchOf('b'), never)]
    const taken = await Promise.all(readers)
    expect(taken.map((offer) => offer && texts(offer.messages))).toEqual([['a'], ['b']])
    const origins = new Set(taken[1]?.messages)
    taken[1]?.settle({ error: refused, origins })
    taken[0]?.settle(undefined)
    expect(await Promise.all(offered)).toEqual([undefined, { error: refused, origins }])
  })

  test('a reader that stops takes nothing, and an offer that is taken back is not given', async () => {
    const channel = channelForTest()
    const [reader, writer] = [new AbortController(), new AbortController()]
    const read = channel.wait(reader.signal)
    reader.abort()
    const offered = channel.offer(batchOf('a'), writer.signal)
    expect(await read).toBeUndefined()
    writer.abort()
    await expect(offered).rejects.toThrow('stopping')
    expect(channel.take()).toBeUndefined()
  })
})
