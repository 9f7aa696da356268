/**
 * Makes messages with a mapping, at an interval or as fast as they are taken.
 *
 * Batches keep to the beat that the first one set; a beat that was missed is not made up for.
 */
import { Type } from '../../../crds/typebox.ts'
import { FILTERED, type Mapping, UNCHANGED } from '../../bloblang/mapping.ts'
import { HeadgateError } from '../../error.ts'
import {
  defineInput,
  type Input,
  type InputBatch,
  type InputDefinition,
} from '../../pipelines/component.ts'
import { mappingField } from '../../pipelines/fields.ts'
import { Message } from '../../pipelines/message.ts'
import type { Clock } from '../../ports/clock.ts'
import { autoReplayField, type Replaying, replaying } from '../auto-replay.ts'
import { type Beat, beatOf, intervalFaults } from './interval.ts'

export const GENERATE_BATCH_SIZE_MAX = 65_536

export const generate: InputDefinition = defineInput({
  name: 'generate',
  status: 'stable',
  effects: 'none',
  summary: 'Makes messages with a Bloblang mapping.',
  description: `A schedule has five fields (minute, hour, day of the month, month, day of the week), or six with seconds in front, or
is one of \`@hourly\`, \`@daily\`, \`@midnight\`, \`@weekly\`, \`@monthly\`, \`@yearly\` and \`@annually\`. It is in UTC unless
\`TZ=Zone\` stands before it. Where both days are given, either is enough.

A beat that was missed, because the pipeline was held up, is not made up for.`,
  config: Type.Object({
    mapping: mappingField({
      description: 'Makes one message; `deleted()` makes none, and does not count.',
      examples: ['root.id = uuid_v4()'],
    }),
    interval: Type.String({
      default: '1s',
      description:
        'When batches come: a duration (the first comes at once), `@every` and a duration (the first comes after it), or a schedule of cron. Empty for no wait.',
      examples: ['5s', '@every 1h30m', '0,30 * * * *', 'TZ=Europe/London 0 9 * * 1-5', '@daily'],
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
    auto_replay_nacks: autoReplayField,
  }),
  nack: 'replay',
  check: ({ interval }) =>
    interval.includes('${')
      ? []
      : intervalFaults(interval).map((fault) => ({ path: ['interval'], ...fault })),
  examples: [
    {
      title: 'Three messages, at once',
      config: { mapping: 'root.n = 1', interval: '', count: 3 },
      then: [{ n: 1 }, { n: 1 }, { n: 1 }],
    },
    {
      title: 'Every morning of a working day',
      config: { mapping: 'root.day = now()', interval: 'TZ=Europe/London 0 9 * * 1-5' },
    },
    {
      title: 'A batch a minute',
      config: { mapping: 'root.n = 1', interval: '1m', batch_size: 10 },
    },
  ],
  build: ({ mapping, interval, count, batch_size, auto_replay_nacks }, context) => {
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
      replaying: replaying(auto_replay_nacks),
    })
  },
})

interface GenerateOptions {
  readonly mapping: Mapping
  readonly beat: Beat
  readonly count: number
  readonly batchSize: number
  readonly clock: Clock
  readonly replaying: Replaying
}

/** A schedule is never overslept by more, whatever becomes of the wall clock. */
const LOOK_MS = 60_000

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
    const { beat } = this.#options
    if (beat.kind === 'none') return this.#make() ?? this.#breathe(signal)
    const now = this.#now()
    this.#dueMs ??= beat.kind === 'every' ? now + beat.firstMs : beat.after(now)
    return now < this.#dueMs ? this.#wait(signal) : (this.#due(now) ?? this.#wait(signal))
  }

  async close(): Promise<void> {}

  async #wait(signal: AbortSignal): Promise<InputBatch | undefined> {
    const { clock, beat } = this.#options
    for (;;) {
      const leftMs = Math.max(0, (this.#dueMs ?? 0) - this.#now())
      // Wall time may jump while we sleep, so a schedule is looked at again.
      await clock.sleep(beat.kind === 'schedule' ? Math.min(leftMs, LOOK_MS) : leftMs, signal)
      const now = this.#now()
      const batch = now < (this.#dueMs ?? 0) ? undefined : this.#due(now)
      if (batch !== undefined) return batch
    }
  }

  /** Schedules are of wall time, durations are not. */
  #now(): number {
    const { beat, clock } = this.#options
    return beat.kind === 'schedule' ? clock.wallUs() / 1_000 : clock.monotonicMs()
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
    const { beat } = this.#options
    const due = this.#dueMs ?? now
    if (beat.kind === 'schedule') this.#dueMs = beat.after(Math.max(now, due))
    else if (beat.kind === 'every') {
      this.#dueMs = due + beat.everyMs * (Math.floor((now - due) / beat.everyMs) + 1)
    }
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
    return messages.length === 0 ? undefined : { messages, ...this.#options.replaying }
  }

  #message(): Message | undefined {
    const { root, metadata } = this.#options.mapping.map(EMPTY_BATCH, 0)
    if (root === FILTERED) return undefined
    if (root === UNCHANGED) return Message.fromBytes(new Uint8Array(), metadata)
    return Message.fromValue(root, metadata)
  }
}
