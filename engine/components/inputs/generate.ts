/**
 * Makes messages with a mapping, at an interval or as fast as they are taken.
 *
 * Batches keep to the beat that the first one set; a beat that was missed is not made up for.
 */
import { Type } from '../../../crds/typebox.ts'
import { FILTERED, type Mapping, UNCHANGED } from '../../bloblang/mapping.ts'
import { HeadgateError } from '../../error.ts'
import {
  type ConfigFault,
  defineInput,
  type Input,
  type InputBatch,
  type InputDefinition,
} from '../../pipelines/component.ts'
import { parseConnectDuration } from '../../pipelines/connect-duration.ts'
import { mappingField } from '../../pipelines/fields.ts'
import { Message } from '../../pipelines/message.ts'
import type { Clock } from '../../ports/clock.ts'

export const GENERATE_BATCH_SIZE_MAX = 65_536

export const generate: InputDefinition = defineInput({
  name: 'generate',
  status: 'stable',
  effects: 'none',
  summary: 'Makes messages with a Bloblang mapping.',
  config: Type.Object({
    mapping: mappingField({
      description: 'Makes one message; `deleted()` makes none, and does not count.',
      examples: ['root.id = uuid_v4()'],
    }),
    interval: Type.String({
      default: '1s',
      description:
        'Time between two batches: a duration (the first comes at once), or `@every` and a duration (the first comes after it). Empty for no wait.',
    }),
    count: Type.Integer({
      default: 0,
      minimum: 0,
      description: 'How many messages; 0 for no end.',
    }),
    batch_size: Type.Integer({
      default: 1,
      minimum: 1,
      maximum: GENERATE_BATCH_SIZE_MAX,
      description: 'Messages at a time.',
    }),
  }),
  nack: 'replay',
  check: ({ interval }) => intervalFaults(interval),
  examples: [
    {
      title: 'Three messages, at once',
      config: { mapping: 'root.n = 1', interval: '', count: 3 },
      then: [{ n: 1 }, { n: 1 }, { n: 1 }],
    },
    {
      title: 'A batch a minute',
      config: { mapping: 'root.n = 1', interval: '1m', batch_size: 10 },
    },
  ],
  build: ({ mapping, interval, count, batch_size }, context) => {
    const beat = beatOf(interval)
    if (beat === undefined) {
      throw new HeadgateError('ComponentConfigInvalid', intervalFaults(interval)[0]?.message ?? '')
    }
    return new GenerateInput({
      mapping: context.mapping(mapping),
      beat,
      count: count === 0 ? Number.POSITIVE_INFINITY : count,
      batchSize: batch_size,
      clock: context.environment.clock,
    })
  },
})

interface Beat {
  readonly everyMs: number
  readonly firstMs: number
}

interface GenerateOptions {
  readonly mapping: Mapping
  readonly beat: Beat
  readonly count: number
  readonly batchSize: number
  readonly clock: Clock
}

const EMPTY = Message.fromBytes(new Uint8Array())
const EMPTY_BATCH = [EMPTY]

class GenerateInput implements Input {
  readonly #options: GenerateOptions
  #left: number
  #dueMs: number | undefined

  constructor(options: GenerateOptions) {
    this.#options = options
    this.#left = options.count
  }

  async connect(): Promise<void> {}

  read(signal: AbortSignal): InputBatch | undefined | Promise<InputBatch | undefined> {
    if (this.#left <= 0) return undefined
    const { beat, clock } = this.#options
    if (beat.everyMs === 0) return this.#make() ?? this.#breathe(signal)
    const now = clock.monotonicMs()
    this.#dueMs ??= now + beat.firstMs
    return now < this.#dueMs ? this.#wait(signal) : (this.#due(now) ?? this.#wait(signal))
  }

  async close(): Promise<void> {}

  async #wait(signal: AbortSignal): Promise<InputBatch | undefined> {
    const { clock } = this.#options
    for (;;) {
      await clock.sleep(Math.max(0, (this.#dueMs ?? 0) - clock.monotonicMs()), signal)
      const now = clock.monotonicMs()
      const batch = now < (this.#dueMs ?? 0) ? undefined : this.#due(now)
      if (batch !== undefined) return batch
    }
  }

  /** Without an interval and without a message: others get their turn, and a stop is heard. */
  async #breathe(signal: AbortSignal): Promise<InputBatch | undefined> {
    for (;;) {
      await this.#options.clock.sleep(0, signal)
      const batch = this.#make()
      if (batch !== undefined) return batch
    }
  }

  #due(now: number): InputBatch | undefined {
    const { everyMs } = this.#options.beat
    const due = this.#dueMs ?? now
    this.#dueMs = due + everyMs * (Math.floor((now - due) / everyMs) + 1)
    return this.#make()
  }

  /** Undefined when the mapping deleted every message. */
  #make(): InputBatch | undefined {
    const messages: Message[] = []
    for (let made = 0; made < this.#options.batchSize && messages.length < this.#left; made++) {
      const message = this.#message()
      if (message !== undefined) messages.push(message)
    }
    this.#left -= messages.length
    return messages.length === 0 ? undefined : { messages }
  }

  #message(): Message | undefined {
    const { root, metadata } = this.#options.mapping.map(EMPTY_BATCH, 0)
    if (root === FILTERED) return undefined
    if (root === UNCHANGED) return Message.fromBytes(new Uint8Array(), metadata)
    return Message.fromValue(root, metadata)
  }
}

const EVERY_PREFIX = '@every '

function beatOf(interval: string): Beat | undefined {
  const later = interval.startsWith(EVERY_PREFIX)
  const text = later ? interval.slice(EVERY_PREFIX.length).trim() : interval
  const parsed = parseConnectDuration(text)
  if (parsed.kind === 'none' && !later) return { everyMs: 0, firstMs: 0 }
  if (parsed.kind !== 'duration' || (later && parsed.ms === 0)) return undefined
  return { everyMs: parsed.ms, firstMs: later ? parsed.ms : 0 }
}

function intervalFaults(interval: string): readonly ConfigFault[] {
  if (interval.includes('${') || beatOf(interval) !== undefined) return []
  const cron = interval.startsWith('@') || /\S\s+\S/.test(interval)
  const message = cron
    ? `cron schedules are not available yet, got ${JSON.stringify(interval)}`
    : `expected a duration such as 5s, got ${JSON.stringify(interval)}`
  return [{ path: ['interval'], message, hint: 'write a duration, such as 30s or @every 30s' }]
}
