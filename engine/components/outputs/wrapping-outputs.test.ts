import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { HeadgateError } from '../../error.ts'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import { testEnvironment } from '../../pipelines/testing.ts'
import { BatchError } from '../../pipelines/transaction.ts'
import { reached, runToEnd, started } from '../testing.ts'
import { BROKER_COPIES_MAX, broker } from './broker.ts'
import { dropOn } from './drop-on.ts'
import { fallback } from './fallback.ts'
import { rejectErrored } from './reject-errored.ts'
import { retry } from './retry.ts'
import { switchOutput } from './switch.ts'
import { batchOf, builtForTest, ToldOutput, texts } from './told-output.ts'

const away = new HeadgateError('OutputFailed', 'away')
const refuse = (): never => {
  throw away
}
/** Refuses the messages of these texts, and delivers the others. */
const refuseOnly =
  (...contents: string[]) =>
  (batch: Batch): void => {
    const failed = batch.filter((_, index) => contents.includes(texts(batch)[index] ?? ''))
    if (failed.length > 0) throw new BatchError(new Map(failed.map((message) => [message, away])))
  }
const hang = (): Promise<void> => new Promise(() => {})

async function rejected(write: void | Promise<void>): Promise<unknown> {
  try {
    await write
  } catch (thrown) {
    return thrown instanceof BatchError ? texts([...thrown.failed.keys()]) : thrown
  }
  return 'delivered'
}

/** Whether a promise is settled once everything at hand has run. */
async function settled(promise: void | Promise<void>): Promise<boolean> {
  let done = false
  const finish = (): void => {
    done = true
  }
  Promise.resolve(promise).then(finish, finish)
  for (let turn = 0; turn < 5; turn++) await setImmediate()
  return done
}

test.each([
  ['broker', broker, (output: ToldOutput) => ({ outputs: [output] })],
  ['drop_on', dropOn, (output: ToldOutput) => ({ output })],
  ['fallback', fallback, (output: ToldOutput) => [output]],
  ['reject_errored', rejectErrored, (output: ToldOutput) => output],
  ['retry', retry, (output: ToldOutput) => ({ output })],
  ['switch', switchOutput, (output: ToldOutput) => ({ cases: [{ output }] })],
] as const)(
  '%s opens, tells and closes what it wraps, and delivers only when that did',
  async (_, definition, config) => {
    const pending = Promise.withResolvers<void>()
    const child = new ToldOutput(() => pending.promise)
    const { output, delivery, stop } = await builtForTest(definition, config(child))
    await output.connect(stop.signal)
    for (const order of ['flush', 'drain', 'abandon'] as const) output.relay?.(order)
    const written = output.write(batchOf('a', 'b'), delivery)
    expect(await settled(written)).toBe(false)
    pending.resolve()
    await written
    await output.close()
    expect(child).toMatchObject({
      connects: 1,
      closes: 1,
      written: [['a', 'b']],
      orders: ['flush', 'drain', 'abandon'],
    })
  },
)

describe('the retry output', () => {
  test('sends again what was not delivered, and nothing else, until it is', async () => {
    const child = new ToldOutput((batch, attempt) =>
      attempt < 4 ? refuseOnly('b')(batch) : undefined,
    )
    const { output, delivery, clock, reports } = await builtForTest(retry, { output: child })
    const written = output.write(batchOf('a', 'b'), delivery)
    await setImmediate()
    await clock.advance(499)
    expect(child.written).toEqual([['a', 'b']])
    await clock.advance(1)
    await clock.advance(750 + 1_125)
    await written
    expect(child.written).toEqual([['a', 'b'], ['b'], ['b'], ['b']])
    expect(reports).toEqual(['away', 'away', 'away', 'over'])
  })

  test('gives up after its tries, and names what is left', async () => {
    const child = new ToldOutput(refuseOnly('b'))
    const config = { max_retries: 2, output: child }
    const { output, delivery, clock } = await builtForTest(retry, config)
    const written = rejected(output.write(batchOf('a', 'b'), delivery))
    await setImmediate()
    await clock.advance(10_000)
    expect(await written).toEqual(['b'])
    expect(child.written).toHaveLength(3)
  })

  test('starts no try after its time', async () => {
    const child = new ToldOutput(refuse)
    const config = { backoff: { max_elapsed_time: '1s' }, output: child }
    const { output, delivery, clock } = await builtForTest(retry, config)
    const written = rejected(output.write(batchOf('a'), delivery))
    await setImmediate()
    await clock.advance(10_000)
    expect(await written).toBe(away)
    expect(child.written).toHaveLength(2)
  })

  test('stops waiting when the messages are not wanted any more', async () => {
    const child = new ToldOutput(refuse)
    const { output, delivery, stop } = await builtForTest(retry, { output: child })
    const written = rejected(output.write(batchOf('a'), delivery))
    await setImmediate()
    stop.abort()
    expect(await written).toMatchObject({ code: 'OutputFailed' })
  })
})

describe('the broker output', () => {
  const pair = async (pattern: string, one: ToldOutput, other: ToldOutput) =>
    builtForTest(broker, { pattern, outputs: [one, other] })

  test.each(['fan_out', 'fan_out_sequential'])(
    '%s gives all to all, and repeats only at who rejects',
    async (pattern) => {
      const good = new ToldOutput()
      const poor = new ToldOutput((_, attempt) => (attempt === 1 ? refuse() : undefined))
      const { output, delivery, clock } = await pair(pattern, poor, good)
      const written = output.write(batchOf('a'), delivery)
      expect(await settled(written)).toBe(false)
      expect(good.written).toEqual(pattern === 'fan_out' ? [['a']] : [])
      await clock.advance(500)
      await written
      expect([poor.written, good.written]).toEqual([[['a'], ['a']], [['a']]])
    },
  )

  test.each(['fan_out_fail_fast', 'fan_out_sequential_fail_fast'])(
    '%s repeats nothing, and rejects what one did',
    async (pattern) => {
      const poor = new ToldOutput(refuseOnly('b'))
      const good = new ToldOutput()
      const { output, delivery } = await pair(pattern, poor, good)
      expect(await rejected(output.write(batchOf('a', 'b'), delivery))).toEqual(['b'])
      expect(good.written).toHaveLength(pattern === 'fan_out_fail_fast' ? 1 : 0)
    },
  )

  test('fan_out is not delivered while one of them hangs', async () => {
    const { output, delivery } = await pair('fan_out', new ToldOutput(hang), new ToldOutput())
    expect(await settled(output.write(batchOf('a'), delivery))).toBe(false)
  })

  test('round_robin takes turns, and tells of a rejection', async () => {
    const [one, other] = [new ToldOutput(), new ToldOutput(refuse)]
    const { output, delivery } = await pair('round_robin', one, other)
    const outcomes = []
    for (const text of ['a', 'b', 'c']) {
      outcomes.push(await rejected(output.write(batchOf(text), delivery)))
    }
    expect(outcomes).toEqual(['delivered', away, 'delivered'])
    expect([one.written, other.written]).toEqual([[['a'], ['c']], [['b']]])
  })

  test('greedy passes by an output that is busy', async () => {
    const [busy, free] = [new ToldOutput(hang), new ToldOutput()]
    const { output, delivery } = await pair('greedy', busy, free)
    void output.write(batchOf('a'), delivery)
    for (const text of ['b', 'c']) await output.write(batchOf(text), delivery)
    expect([busy.written, free.written]).toEqual([[['a']], [['b'], ['c']]])
  })

  test('has as many copies of each output as it is told', async () => {
    const child = new ToldOutput()
    const config = { copies: 3, outputs: [child] }
    const { output, delivery } = await builtForTest(broker, config)
    await output.write(batchOf('a'), delivery)
    expect(child.written).toHaveLength(3)
    const problems = async (copies: number) =>
      (
        await inspectPipeline({
          input: { stdin: {} },
          output: { broker: { copies, outputs: [{ drop: {} }] } },
        })
      ).problems
    expect(await problems(BROKER_COPIES_MAX)).toEqual([])
    expect(await problems(BROKER_COPIES_MAX + 1)).toHaveLength(1)
  })
})

test('the fallback output hands on what was not delivered, and says why', async () => {
  const [first, second] = [new ToldOutput(refuseOnly('b', 'c')), new ToldOutput(refuseOnly('c'))]
  const last = new ToldOutput(refuseOnly('d'))
  const { output, delivery } = await builtForTest(fallback, [first, second, last])
  await output.write(batchOf('a', 'b', 'c'), delivery)
  expect([second.written, last.written]).toEqual([[['b', 'c']], [['c']]])
  expect(last.batches[0]?.[0]?.metadata('fallback_error')).toBe('away')
  const all = new ToldOutput(refuse)
  const none = await builtForTest(fallback, [all, new ToldOutput(refuseOnly('b'))])
  const batch = batchOf('a', 'b')
  const error = await Promise.resolve(none.output.write(batch, none.delivery)).catch((e) => e)
  const failed: Message[] = [...(error as BatchError).failed.keys()]
  // Whoever repeats it finds the message of the input.
  expect(failed.map((message) => message.origin)).toEqual([batch[1]])
})

test.each([
  ['fallback', fallback, (first: ToldOutput, next: ToldOutput): unknown => [first, next]],
  ['drop_on', dropOn, (output: ToldOutput): unknown => ({ error: true, output })],
] as const)('%s rejects what a stop leaves undelivered', async (_, definition, config) => {
  const pending = Promise.withResolvers<void>()
  const [first, next] = [new ToldOutput(() => pending.promise), new ToldOutput()]
  const { output, delivery } = await builtForTest(definition, config(first, next))
  const written = rejected(output.write(batchOf('a'), delivery))
  output.relay?.('abandon')
  pending.reject(away)
  expect(await written).toBe(away)
  expect(next.written).toEqual([])
})

test('the reject_errored output rejects what failed, and delivers the rest', async () => {
  const child = new ToldOutput()
  const { output, delivery } = await builtForTest(rejectErrored, child)
  const failure = { text: 'no', sourceName: '', sourceLabel: '', sourcePath: '' }
  const [a, b] = batchOf('a', 'b') as [Message, Message]
  expect(await rejected(output.write([a, b.withFailure(failure)], delivery))).toEqual(['b'])
  expect(child.written).toEqual([['a']])
  expect(() => output.write([b.withFailure(failure)], delivery)).toThrow('failed: no')
})

describe('the drop_on output', () => {
  const outcome = async (config: object, tell: (batch: Batch) => void) => {
    const child = new ToldOutput(tell)
    const { output, delivery, stop } = await builtForTest(dropOn, { ...config, output: child })
    const now = await rejected(output.write(batchOf('a', 'b'), delivery))
    stop.abort()
    return { now, stopped: await rejected(output.write(batchOf('a', 'b'), delivery)) }
  }

  test('drops what is rejected, but not what is cut off by a stop', async () => {
    expect(await outcome({ error: true }, refuse)).toEqual({ now: 'delivered', stopped: away })
  })

  test('drops only what its patterns match', async () => {
    expect((await outcome({ error_patterns: ['^aw.y$'] }, refuse)).now).toBe('delivered')
    expect((await outcome({ error_patterns: ['gone'] }, refuseOnly('b'))).now).toEqual(['b'])
    expect((await outcome({}, refuseOnly('b'))).now).toEqual(['b'])
  })

  test('rejects what takes too long, and what comes until that ended', async () => {
    const pending = Promise.withResolvers<void>()
    const child = new ToldOutput((_, attempt) => (attempt === 1 ? pending.promise : undefined))
    const config = { back_pressure: '10s', error_patterns: ['gone'], output: child }
    const { output, delivery, clock } = await builtForTest(dropOn, config)
    const written = rejected(output.write(batchOf('a'), delivery))
    await clock.advance(9_999)
    expect(await settled(written as Promise<void>)).toBe(false)
    await clock.advance(1)
    expect(await written).toEqual(['a'])
    expect(await rejected(output.write(batchOf('b'), delivery))).toEqual(['b'])
    expect(child.written).toEqual([['a']])
    pending.resolve()
    await setImmediate()
    expect(await rejected(output.write(batchOf('c'), delivery))).toBe('delivered')
    expect(child.written).toEqual([['a'], ['c']])
  })

  test('drops what takes too long where errors are dropped', async () => {
    const config = { back_pressure: '10s', error: true, output: new ToldOutput(hang) }
    const { output, delivery, clock } = await builtForTest(dropOn, config)
    const written = rejected(output.write(batchOf('a'), delivery))
    await clock.advance(10_000)
    expect(await written).toBe('delivered')
    expect(await rejected(output.write(batchOf('b'), delivery))).toBe('delivered')
  })

  test('refuses a pattern that is none, and a duration that is none', async () => {
    const problems = async (config: object) =>
      (
        await inspectPipeline({
          input: { stdin: {} },
          output: { drop_on: { ...config, output: { drop: {} } } },
        })
      ).problems.map(({ path, message }) => `${path.join('.')}: ${message}`)
    expect(await problems({ error_patterns: ['ok', '('] })).toEqual([
      expect.stringContaining('output.drop_on.error_patterns.1: expected a regular expression'),
    ])
    expect(await problems({ back_pressure: 'soon' })).toEqual([
      expect.stringContaining('output.drop_on.back_pressure: expected a duration'),
    ])
  })
})

describe('the switch output', () => {
  const cases = (one: ToldOutput, other: ToldOutput, continues = false) => [
    { check: 'content() == "a"', output: one, continue: continues },
    { check: 'content() != "z"', output: other },
  ]

  test('sends each message to the first case that it fits, or to more', async () => {
    const [one, other] = [new ToldOutput(), new ToldOutput()]
    const first = await builtForTest(switchOutput, { cases: cases(one, other) })
    await first.output.write(batchOf('a', 'b', 'z'), first.delivery)
    const both = await builtForTest(switchOutput, { cases: cases(one, other, true) })
    await both.output.write(batchOf('a', 'b'), both.delivery)
    expect(one.written).toEqual([['a'], ['a']])
    expect(other.written).toEqual([['b'], ['a', 'b']])
  })

  test('rejects what an output did, and strictly what fits no case', async () => {
    const [one, other] = [new ToldOutput(refuse), new ToldOutput()]
    const config = { cases: cases(one, other), strict_mode: true }
    const { output, delivery } = await builtForTest(switchOutput, config)
    expect(await rejected(output.write(batchOf('a', 'b', 'z'), delivery))).toEqual(['a', 'z'])
  })

  test('takes a check that fails for false', async () => {
    const [one, other] = [new ToldOutput(), new ToldOutput()]
    const config = { cases: [{ check: 'this.a > 1', output: one }, { output: other }] }
    const { output, delivery } = await builtForTest(switchOutput, config)
    await output.write(batchOf('no document'), delivery)
    expect([one.written, other.written]).toEqual([[], [['no document']]])
  })

  test('repeats where it is told to, but not at a case that always rejects', async () => {
    const one = new ToldOutput((_, attempt) => (attempt === 1 ? refuse() : undefined))
    const config = { retry_until_success: true, cases: [{ output: one }] }
    const { output, delivery, clock } = await builtForTest(switchOutput, config)
    const written = output.write(batchOf('a'), delivery)
    await setImmediate()
    await clock.advance(500)
    await written
    expect(one.written).toHaveLength(2)
    const endless = { retry_until_success: true, cases: [{ output: { reject: 'no' } }] }
    const { problems } = await inspectPipeline({
      input: { stdin: {} },
      output: { switch: endless },
    })
    expect(problems.map(({ message }) => message)).toEqual([
      'expected retry_until_success: false beside a case that rejects, got true',
    ])
  })
})

describe('in a pipeline', () => {
  const numbers = (count: number) => ({
    generate: { mapping: 'root.n = counter()', interval: '', count },
  })

  test('what a wrapped output holds back for a fuller batch leaves at the end', async () => {
    const environment = testEnvironment()
    const stdout = { stdout: { batching: { count: 10 } } }
    await runToEnd({ input: numbers(3), output: { broker: { outputs: [stdout] } } }, environment)
    expect(environment.stdout.text).toBe('{"n":1}\n{"n":2}\n{"n":3}\n')
  })

  test('wrapped outputs keep the order of what they write', async () => {
    const environment = testEnvironment()
    const output = { switch: { cases: [{ output: { fallback: [{ stdout: {} }] } }] } }
    await runToEnd({ input: numbers(500), output }, environment)
    const expected = Array.from({ length: 500 }, (_, index) => `{"n":${index + 1}}\n`)
    expect(environment.stdout.text).toBe(expected.join(''))
  })

  test('what failed at a processor goes to the output for that, and is delivered', async () => {
    const environment = testEnvironment()
    const check = 'root = if this.n % 2 == 0 { throw("even") }'
    await runToEnd(
      {
        input: numbers(4),
        pipeline: { threads: 1, processors: [{ mapping: check }] },
        output: {
          fallback: [
            { reject_errored: { drop: {} } },
            { stdout: {}, processors: [{ mapping: 'root = @fallback_error' }] },
          ],
        },
      },
      environment,
    )
    expect(environment.stdout.text.match(/even/g)).toHaveLength(2)
  })

  test('a stop waits for no wrapped output that rejects for ever', async () => {
    const output = { broker: { outputs: [{ reject: 'never' }, { drop: {} }] } }
    const pipeline = await started({ input: numbers(1), output }, testEnvironment())
    while (pipeline.state().counters.outputErrors < 1) await setImmediate()
    await pipeline.stop(1)
    await reached(pipeline, 'stopped')
  })
})
