/**
 * Gathers messages to windows of time, by the system's clock.
 *
 * A message belongs to the window, or windows, that its timestamp lies in, and is settled when all of them were
 * delivered: nothing is lost by a crash. A window leaves as one batch once the clock passed its end and the lateness that
 * is allowed. What comes after that is dropped, for its window is gone. No window is dropped because an output is slow:
 * the input waits instead. When the pipeline stops, what is in open windows is given back to the input.
 */
import { Type } from '../../../crds/typebox.ts'
import { type Mapping, UNCHANGED } from '../../bloblang/mapping.ts'
import { expectTimestamp } from '../../bloblang/methods/timestamps.ts'
import { HeadgateError } from '../../error.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import {
  type Buffer,
  type BufferDefinition,
  type ConfigFault,
  defineBuffer,
  type InFlightLimits,
  type InputBatch,
} from '../../pipelines/component.ts'
import { parseConnectDuration } from '../../pipelines/connect-duration.ts'
import { durationField, mappingField } from '../../pipelines/fields.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import type { Outcome } from '../../pipelines/transaction.ts'
import type { Timer } from '../../ports/clock.ts'
import { withMetadataSet } from '../metadata-map.ts'
import { Changes } from './changes.ts'
import { type WindowShape, windowEnds, windowEndText } from './window-times.ts'

/** What windows hold at most, and what was delivered of them and not settled; then the input waits. */
export const SYSTEM_WINDOW_LIMITS: InFlightLimits = {
  messagesMax: 1_000_000,
  bytesMax: 524_288_000,
}
/** A message may belong to so many windows. */
export const SYSTEM_WINDOW_OVERLAP_MAX = 1_000
/** The system's clock may be set: it is looked at this often while a window is open. */
const LOOK_MS_MAX = 60_000

interface Config {
  readonly timestamp_mapping: string
  readonly size: string
  readonly slide: string
  readonly offset: string
  readonly allowed_lateness: string
}

export const systemWindow: BufferDefinition = defineBuffer({
  name: 'system_window',
  status: 'stable',
  effects: 'none',
  summary: 'Gathers messages to tumbling or sliding windows of time, by the clock of the system.',
  description: `Each window leaves as one batch, so that what follows can group and count it. Metadata: \`window_end_timestamp\`,
RFC 3339. Windows are aligned to midnight UTC. A message is acknowledged when all of its windows were delivered; one
whose windows are over is dropped, and a line of the log tells how many were. A message whose timestamp cannot be told is
flagged as failed and belongs to the window of its arrival. At most ${SYSTEM_WINDOW_LIMITS.messagesMax} messages or
${SYSTEM_WINDOW_LIMITS.bytesMax} bytes are held; then the input waits. When the pipeline stops, an open window goes back
to the input, whose source gives it again after the next start.`,
  config: Type.Object({
    timestamp_mapping: mappingField({
      default: 'root = now()',
      description:
        'The time of a message: a timestamp, seconds since 1970, or RFC 3339 text. By default its arrival.',
      examples: ['root = this.created_at'],
    }),
    size: durationField({ description: 'How long a window is.', examples: ['30s', '10m'] }),
    slide: durationField({
      default: '',
      description:
        'From the beginning of a window to that of the next, below the size: then windows overlap.',
    }),
    offset: Type.String({
      default: '',
      description:
        'How much later than aligned windows begin, or earlier with a minus; below the size and the slide.',
      examples: ['30m', '-6h'],
    }),
    allowed_lateness: durationField({
      default: '',
      description: 'How long a window waits after its end for messages that are late.',
    }),
  }),
  keepsTransaction: false,
  check: faultsOf,
  examples: [
    { title: 'Every ten seconds', config: { size: '10s' } },
    {
      title: 'The last hour, every quarter of an hour, by the time of the event',
      config: {
        timestamp_mapping: 'root = this.created_at',
        size: '1h',
        slide: '15m',
        allowed_lateness: '1m',
      },
    },
  ],
  build: (config, context) => new SystemWindow(config, context),
})

/** Undefined for what is empty, wrong (others tell), or not filled in yet. */
function microseconds(text: string): number | undefined {
  const parsed = parseConnectDuration(text)
  return parsed.kind === 'duration' ? Math.round(parsed.ms * 1_000) : undefined
}

/** With a minus before it, too. */
function signedMicroseconds(text: string): number | undefined {
  if (!/^-[^+-]/.test(text)) return microseconds(text)
  const us = microseconds(text.slice(1))
  return us === undefined ? undefined : -us
}

function faultsOf({ size, slide, offset }: Config): readonly ConfigFault[] {
  const [sizeUs, slideUs] = [size, slide].map(microseconds)
  const offsetUs = signedMicroseconds(offset)
  const faults: ConfigFault[] = []
  const fault = (field: string, message: string): void =>
    void faults.push({ path: [field], message })
  if (offset !== '' && offsetUs === undefined && !offset.includes('${')) {
    fault('offset', `expected a duration such as 30m or -6h, got ${JSON.stringify(offset)}`)
  }
  if (size === '' || sizeUs === 0) fault('size', 'expected a size above zero')
  if (sizeUs === undefined || sizeUs === 0) return faults
  if (slideUs !== undefined && (slideUs === 0 || slideUs >= sizeUs)) {
    fault('slide', `expected a slide above zero and below the size, got ${slide}`)
  } else if (slideUs !== undefined && sizeUs / slideUs > SYSTEM_WINDOW_OVERLAP_MAX) {
    fault('slide', `expected at most ${SYSTEM_WINDOW_OVERLAP_MAX} windows at a time`)
  }
  if (offsetUs !== undefined && Math.abs(offsetUs) >= (slideUs ?? sizeUs)) {
    fault('offset', `expected an offset below the size and the slide, got ${offset}`)
  }
  return faults
}

/** A batch that came in, until its fate is known. */
interface Given {
  readonly settle: (outcome: Outcome) => void
  /** Places in windows that are not decided. */
  places: number
  /** Origins of what was given back. */
  readonly rejected: Set<Message>
}

/** Parallel lists: who hears of each message. */
interface Window {
  readonly messages: Message[]
  readonly givers: Given[]
}

export class SystemWindow implements Buffer {
  readonly inFlight: InFlightLimits = SYSTEM_WINDOW_LIMITS
  readonly takesApart = true
  readonly #context: BuildContext
  readonly #mapping: Mapping
  readonly #shape: WindowShape
  readonly #latenessUs: number
  readonly #changes = new Changes()
  /** By their ends. */
  readonly #open = new Map<number, Window>()
  /** In the order in which they ended. */
  readonly #ready: Window[] = []
  #timer: Timer | undefined
  /** The end of the window that the timer waits for. */
  #armedUs = Number.POSITIVE_INFINITY
  #unsettled = 0
  #late = 0
  #stopping = false
  #ended = false

  constructor({ timestamp_mapping, size, slide, offset, ...late }: Config, context: BuildContext) {
    this.#context = context
    this.#mapping = context.mapping(timestamp_mapping)
    const sizeUs = microseconds(size) ?? 1
    const slideUs = microseconds(slide) ?? sizeUs
    this.#shape = { sizeUs, slideUs, offsetUs: signedMicroseconds(offset) ?? 0 }
    this.#latenessUs = microseconds(late.allowed_lateness) ?? 0
  }

  async connect(): Promise<void> {}

  put(batch: Batch, settle: (outcome: Outcome) => void): void {
    const given: Given = { settle, places: 1, rejected: new Set() }
    const nowUs = this.#context.environment.clock.wallUs()
    for (let index = 0; index < batch.length; index++) {
      const message = batch[index]
      if (message === undefined) continue
      if (this.#stopping) given.rejected.add(message.origin)
      else this.#place(this.#timed(message, batch, index, nowUs), given, nowUs)
    }
    this.#decide(given)
  }

  giveBack(): void {
    this.#stopping = true
    const open = [...this.#open.values()]
    this.#open.clear()
    for (const { messages, givers } of open) {
      messages.forEach((message, index) => {
        const given = givers[index]
        given?.rejected.add(message.origin)
        if (given !== undefined) this.#decide(given)
      })
    }
  }

  end(): void {
    this.#ended = true
    this.#changes.tell()
  }

  async read(signal: AbortSignal): Promise<InputBatch | undefined> {
    for (;;) {
      const window = this.#ready.shift()
      if (window !== undefined) return this.#handed(window)
      if (this.#ended && this.#unsettled === 0) return undefined
      await this.#changes.next(signal)
    }
  }

  async close(): Promise<void> {
    this.#timer?.cancel()
    this.#open.clear()
    this.#ready.length = 0
    this.#unsettled = 0
    this.#ended = true
    this.#changes.tell()
  }

  #handed({ messages, givers }: Window): InputBatch {
    this.#unsettled += 1
    const settle = (): void => {
      this.#unsettled -= 1
      for (const given of givers) this.#decide(given)
      this.#changes.tell()
    }
    return { messages, nack: 'replay', settle }
  }

  #timed(message: Message, batch: Batch, index: number, nowUs: number): Timed {
    try {
      const { root } = this.#mapping.map(batch, index)
      const value = root === UNCHANGED ? null : root
      const time = expectTimestamp(value as Parameters<typeof expectTimestamp>[0])
      return { message, atUs: Number(time.epochNs / 1_000n) }
    } catch (thrown) {
      return { message: message.withFailure(this.#context.failure(thrown)), atUs: nowUs }
    }
  }

  #place({ message, atUs }: Timed, given: Given, nowUs: number): void {
    let placed = false
    for (const endUs of windowEnds(atUs, this.#shape)) {
      if (endUs + this.#latenessUs <= nowUs) continue
      let window = this.#open.get(endUs)
      if (window === undefined) {
        window = { messages: [], givers: [] }
        this.#open.set(endUs, window)
        this.#arm(endUs)
      }
      window.messages.push(
        withMetadataSet(message, [['window_end_timestamp', windowEndText(endUs)]]),
      )
      window.givers.push(given)
      given.places += 1
      placed = true
    }
    if (!placed) this.#late += 1
  }

  /** One place is decided; with the last of them the batch is. */
  #decide(given: Given): void {
    given.places -= 1
    if (given.places > 0) return
    const { rejected, settle } = given
    if (rejected.size === 0) {
      settle(undefined)
      return
    }
    const error = new HeadgateError('StopTimedOut', 'the pipeline stopped before the window ended')
    settle({ error, origins: rejected })
  }

  /** For a window's end, unless it is armed for an earlier one. */
  #arm(endUs: number): void {
    if (endUs >= this.#armedUs) return
    this.#timer?.cancel()
    this.#armedUs = endUs
    const { clock } = this.#context.environment
    const waitMs = Math.ceil((endUs + this.#latenessUs - clock.wallUs()) / 1_000)
    this.#timer = clock.schedule(Math.min(Math.max(waitMs, 0), LOOK_MS_MAX), () => this.#look())
  }

  #look(): void {
    this.#armedUs = Number.POSITIVE_INFINITY
    const { clock, logger } = this.#context.environment
    const nowUs = clock.wallUs()
    const over = [...this.#open].filter(([endUs]) => endUs + this.#latenessUs <= nowUs)
    for (const [endUs, window] of over.sort(([one], [other]) => one - other)) {
      this.#open.delete(endUs)
      this.#ready.push(window)
    }
    if (this.#late > 0) {
      logger.warn('messages came after their windows and were dropped', { count: this.#late })
      this.#late = 0
    }
    if (over.length > 0) this.#changes.tell()
    for (const endUs of this.#open.keys()) this.#arm(endUs)
  }
}

interface Timed {
  readonly message: Message
  readonly atUs: number
}
