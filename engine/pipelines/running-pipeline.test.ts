import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { HeadgateError } from '../error.ts'
import { Chain } from './chain.ts'
import type { Delivery, Input, InputBatch, Output, Processor } from './component.ts'
import { Health } from './health.ts'
import { type Batch, Message } from './message.ts'
import type { OutputStageOptions } from './output-stage.ts'
import { RunningPipeline } from './running-pipeline.ts'
import { SharedResources } from './shared-resources.ts'
import { Taps } from './taps.ts'
import { placeOf, testEnvironment } from './testing.ts'
import { BatchError, type Outcome } from './transaction.ts'

const text = (message: Message): string => Buffer.from(message.content()).toString()
const message = (content: string): Message => Message.fromBytes(Buffer.from(content))

class ListInput implements Input {
  readonly outcomes: (Outcome | 'pending')[] = []
  readonly #batches: string[][]
  closed = 0
  endless: boolean

  constructor(batches: string[][], { endless = false } = {}) {
    this.#batches = [...batches]
    this.endless = endless
  }

  async connect(): Promise<void> {}

  read(signal: AbortSignal): InputBatch | undefined | Promise<InputBatch | undefined> {
    const next = this.#batches.shift()
    if (next !== undefined) {
      const place = this.outcomes.push('pending') - 1
      return {
        messages: next.map(message),
        settle: (outcome) => {
          expect(this.outcomes[place]).toBe('pending')
          this.outcomes[place] = outcome
        },
      }
    }
    if (!this.endless) return undefined
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(undefined))
    })
  }

  async close(): Promise<void> {
    this.closed += 1
  }
}

class CollectingOutput implements Output {
  readonly written: string[][] = []
  readonly #fail: (batch: Batch, attempt: number) => Error | undefined | Promise<void>
  attempts = 0
  connects = 0
  closed = 0

  constructor(
    fail: (batch: Batch, attempt: number) => Error | undefined | Promise<void> = () => undefined,
  ) {
    this.#fail = fail
  }

  async connect(): Promise<void> {
    this.connects += 1
  }

  write(batch: Batch, _: Delivery): void | Promise<void> {
    this.attempts += 1
    const failure = this.#fail(batch, this.attempts)
    const write = (): void => {
      this.written.push(batch.map(text))
    }
    if (failure instanceof Promise) return failure.then(write)
    if (failure instanceof BatchError) {
      this.written.push(batch.filter((one) => !failure.failed.has(one)).map(text))
    }
    if (failure !== undefined) throw failure
    write()
  }

  async close(): Promise<void> {
    this.closed += 1
  }
}

interface Options {
  readonly nack?: 'replay' | 'source'
  readonly processors?: readonly Processor[]
  readonly stage?: Partial<OutputStageOptions>
}

function pipelineOf(input: Input, output: Output, options: Options = {}): RunningPipeline {
  const health = new Health(testEnvironment().logger, 'p')
  return new RunningPipeline({
    environment: testEnvironment(),
    health,
    force: new AbortController(),
    input: {
      input,
      nack: options.nack ?? 'replay',
      transactional: false,
      processors: new Chain([]),
      place: placeOf('input list'),
    },
    buffer: undefined,
    shared: new SharedResources(),
    taps: new Taps({ ...testEnvironment(), mask: (text) => text }),
    chain: new Chain(
      (options.processors ?? []).map((processor) => ({
        processor,
        failure: (thrown) => ({
          text: String(thrown),
          sourceName: 'p',
          sourceLabel: '',
          sourcePath: 'root',
        }),
      })),
    ),
    output: {
      output,
      place: placeOf('output collect'),
      processors: undefined,
      batching: undefined,
      maxInFlight: 1,
      ...options.stage,
    },
  })
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate()
}

async function runToEnd(pipeline: RunningPipeline): Promise<void> {
  await pipeline.connect()
  await until(() => pipeline.state().phase === 'completed')
}

const away = (): HeadgateError => new HeadgateError('OutputFailed', 'it said no')

describe('a running pipeline', () => {
  test('delivers a finite input in order, settles each batch once and completes', async () => {
    const input = new ListInput([['a', 'b'], ['c']])
    const output = new CollectingOutput()
    const pipeline = pipelineOf(input, output)
    expect(pipeline.state().phase).toBe('built')
    await runToEnd(pipeline)
    expect(output.written).toEqual([['a', 'b'], ['c']])
    expect(input.outcomes).toEqual([undefined, undefined])
    expect([input.closed, output.closed]).toEqual([1, 1])
    expect(pipeline.state().counters).toMatchObject({ inputReceived: 3, outputSent: 3 })
  })

  test('acknowledges what was filtered', async () => {
    const input = new ListInput([['a'], ['b']])
    const output = new CollectingOutput()
    const drop: Processor = {
      process: (batch) => (text(batch[0] as Message) === 'a' ? [] : [batch]),
    }
    await runToEnd(pipelineOf(input, output, { processors: [drop] }))
    expect(output.written).toEqual([['b']])
    expect(input.outcomes).toEqual([undefined, undefined])
  })

  test('flags the messages of a processor that throws, and sends them on unchanged', async () => {
    const input = new ListInput([['a', 'b']])
    const failures: (string | undefined)[] = []
    const output = new CollectingOutput((batch) => {
      failures.push(...batch.map((one) => one.failure()?.text))
      return undefined
    })
    const broken: Processor = {
      process: () => {
        throw new Error('broken')
      },
    }
    await runToEnd(pipelineOf(input, output, { processors: [broken] }))
    expect(output.written).toEqual([['a', 'b']])
    expect(failures).toEqual(['Error: broken', 'Error: broken'])
  })

  test('sends again only the messages that a batch error names, until they are delivered', async () => {
    const input = new ListInput([['a', 'b', 'c']])
    const output = new CollectingOutput((batch, attempt) => {
      const bad = batch.filter((one) => text(one) === 'b')
      return attempt < 4 && bad.length > 0
        ? new BatchError(new Map(bad.map((one) => [one, away()])))
        : undefined
    })
    await runToEnd(pipelineOf(input, output))
    expect(output.written.flat().toSorted()).toEqual(['a', 'b', 'c'])
    expect(input.outcomes).toEqual([undefined])
  })

  test('a parted batch resolves when all parts did, and replays the rejected part alone', async () => {
    const input = new ListInput([['a', 'b']])
    const part: Processor = { process: (batch) => batch.map((one) => [one]) }
    const derive: Processor = {
      process: (batch) => [
        batch.map((one) => one.withContent(Buffer.from(text(one).toUpperCase()))),
      ],
    }
    const output = new CollectingOutput((batch, attempt) =>
      attempt <= 2 && text(batch[0] as Message) === 'B' ? away() : undefined,
    )
    await runToEnd(pipelineOf(input, output, { processors: [derive, part] }))
    expect(output.written).toEqual([['A'], ['B']])
    expect(output.attempts).toBe(3)
    expect(input.outcomes).toEqual([undefined])
  })

  test('shows why messages are rejected while they are, and forgets it afterwards', async () => {
    const gate = { open: false }
    const input = new ListInput([['a']])
    const output = new CollectingOutput(() => (gate.open ? undefined : away()))
    const pipeline = pipelineOf(input, output)
    await pipeline.connect()
    await until(() => output.attempts >= 3)
    expect(pipeline.state().message).toContain('it said no')
    gate.open = true
    await until(() => pipeline.state().phase === 'completed')
    expect(pipeline.state().message).toBeUndefined()
    expect(output.written).toEqual([['a']])
  })

  test('hands a rejection to a source that answers for its own messages', async () => {
    const input = new ListInput([['a'], ['b']])
    const output = new CollectingOutput((batch) =>
      text(batch[0] as Message) === 'a' ? away() : undefined,
    )
    await runToEnd(pipelineOf(input, output, { nack: 'source' }))
    expect(input.outcomes[0]).toMatchObject({ error: { code: 'OutputFailed' } })
    expect(input.outcomes[1]).toBeUndefined()
    expect(output.attempts).toBe(2)
  })

  test('connects an output again when a write lost it, and writes that batch again', async () => {
    const input = new ListInput([['a'], ['b']])
    const output = new CollectingOutput((_, attempt) =>
      attempt === 1 ? new HeadgateError('NotConnected', 'gone') : undefined,
    )
    await runToEnd(pipelineOf(input, output))
    expect(output.connects).toBe(2)
    expect(output.written.flat().toSorted()).toEqual(['a', 'b'])
  })

  test('rejects connect on a local failure, and closes what it had', async () => {
    const input = new ListInput([])
    input.connect = async () => {
      throw new HeadgateError('ResourceBusy', 'the port is taken')
    }
    const output = new CollectingOutput()
    const pipeline = pipelineOf(input, output)
    await expect(pipeline.connect()).rejects.toMatchObject({ code: 'ResourceBusy' })
    expect(pipeline.state()).toMatchObject({ phase: 'failed', message: 'the port is taken' })
    expect(output.closed).toBe(1)
  })

  test('a remote side that is away is no failure: it is connected later', async () => {
    const input = new ListInput([['a']])
    const output = new CollectingOutput()
    let away = true
    output.connect = async () => {
      if (away) throw new HeadgateError('NotConnected', 'no route')
    }
    const pipeline = pipelineOf(input, output)
    await pipeline.connect()
    expect(pipeline.state()).toMatchObject({ phase: 'running', connected: false })
    expect(pipeline.state().message).toContain('no route')
    away = false
    await until(() => pipeline.state().phase === 'completed')
    expect(output.written).toEqual([['a']])
  })
})

describe('stopping', () => {
  test('waits for what is under way, and ends drained', async () => {
    const input = new ListInput([['a'], ['b']], { endless: true })
    let release = (): void => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const output = new CollectingOutput(() => gate)
    const pipeline = pipelineOf(input, output)
    await pipeline.connect()
    await until(() => output.attempts === 1)
    const stopped = pipeline.stop(60_000)
    expect(pipeline.state().phase).toBe('stopping')
    release()
    expect(await stopped).toBe('drained')
    expect(pipeline.state().phase).toBe('stopped')
    expect(input.outcomes.every((outcome) => outcome === undefined)).toBe(true)
    expect(await pipeline.stop(1)).toBe('drained')
  })

  test('closes by force when the deadline passes, and tells sources that were waiting', async () => {
    const input = new ListInput([['a']], { endless: true })
    const output = new CollectingOutput(() => new Promise<void>(() => {}))
    const pipeline = pipelineOf(input, output, { nack: 'source' })
    await pipeline.connect()
    await until(() => output.attempts === 1)
    expect(await pipeline.stop(10)).toBe('forced')
    expect(pipeline.state().phase).toBe('stopped')
    expect(input.outcomes[0]).toMatchObject({ error: { code: 'StopTimedOut' } })
    expect([input.closed, output.closed]).toEqual([1, 1])
  })

  test('does not wait the whole deadline for what is held up, even if that begins while it stops', async () => {
    const input = new ListInput([['a']], { endless: true })
    const answer = Promise.withResolvers<void>()
    const output = new CollectingOutput((_batch, attempt) => {
      return attempt === 1 ? answer.promise : away()
    })
    const pipeline = pipelineOf(input, output)
    await pipeline.connect()
    await until(() => output.attempts === 1)
    const stopped = pipeline.stop(3_600_000)
    answer.reject(away())
    expect(await stopped).toBe('forced')
    expect(pipeline.state().phase).toBe('stopped')
  })

  test('that is called off while it connects has not failed', async () => {
    const pipeline = pipelineOf(new ListInput([]), new CollectingOutput())
    await expect(pipeline.connect(AbortSignal.abort())).rejects.toThrow()
    expect(pipeline.state()).toMatchObject({ phase: 'stopped', message: undefined })
  })

  test('flushes what was held back for a fuller batch', async () => {
    const input = new ListInput([['a'], ['b']], { endless: true })
    const output = new CollectingOutput()
    const batching = {
      triggers: { countMax: 10, bytesMax: undefined, periodMs: undefined, check: undefined },
      processors: new Chain([]),
    }
    const pipeline = pipelineOf(input, output, { stage: { batching } })
    await pipeline.connect()
    await until(() => input.outcomes.length === 2)
    expect(output.written).toEqual([])
    expect(await pipeline.stop(60_000)).toBe('drained')
    expect(output.written).toEqual([['a', 'b']])
    expect(input.outcomes).toEqual([undefined, undefined])
  })

  test('a pipeline that was never connected stops at once', async () => {
    const pipeline = pipelineOf(new ListInput([['a']]), new CollectingOutput())
    expect(await pipeline.stop(1_000)).toBe('drained')
    expect(pipeline.state().phase).toBe('stopped')
  })
})

describe('fairness and bounds', () => {
  test('an input that never waits leaves other tasks their turn', async () => {
    const endless: Input = {
      connect: async () => {},
      read: (signal) => (signal.aborted ? undefined : { messages: [message('x')] }),
      close: async () => {},
    }
    const output: Output = { connect: async () => {}, write: () => {}, close: async () => {} }
    const pipeline = pipelineOf(endless, output)
    await pipeline.connect()
    let turns = 0
    while (turns < 20) {
      await setImmediate()
      turns += 1
    }
    expect(pipeline.state().counters.outputSent).toBeGreaterThan(0)
    expect(await pipeline.stop(60_000)).toBe('drained')
  })

  test('reads no further than an output that is busy allows', async () => {
    const input = new ListInput([['a'], ['b'], ['c'], ['d'], ['e']], { endless: true })
    const output = new CollectingOutput(() => new Promise<void>(() => {}))
    const pipeline = pipelineOf(input, output, { stage: { maxInFlight: 2 } })
    await pipeline.connect()
    await until(() => output.attempts === 2)
    for (let turn = 0; turn < 20; turn++) await setImmediate()
    expect(output.attempts).toBe(2)
    expect(input.outcomes.length).toBe(3)
    await pipeline.stop(1)
  })

  test('nothing is lost or doubled by an output that fails half of the time', async () => {
    const batches = Array.from({ length: 200 }, (_, index) => [`${index}a`, `${index}b`])
    const input = new ListInput(batches)
    const output = new CollectingOutput((batch, attempt) => {
      if (attempt % 3 === 0) return away()
      if (attempt % 3 === 1 && batch.length > 1) {
        return new BatchError(new Map([[batch[1] as Message, away()]]))
      }
      return undefined
    })
    await runToEnd(pipelineOf(input, output))
    expect(output.written.flat().toSorted()).toEqual(batches.flat().toSorted())
    expect(input.outcomes.every((outcome) => outcome === undefined)).toBe(true)
  })
})
