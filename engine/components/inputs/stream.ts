/**
 * Reads a stream as a member of a consumer group: shares its shards with the other members, and resumes at what the
 * group committed, which the runtime writes together with what the batch caused.
 */
import { Type } from 'typebox'
import { HeadgateError } from '../../error.ts'
import type { OffsetCommit, Where } from '../../log/log.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import {
  defineInput,
  type Input,
  type InputBatch,
  type InputDefinition,
} from '../../pipelines/component.ts'
import { engineGroup, groupFaults } from '../../pipelines/group-name.ts'
import type { StreamTarget } from '../../pipelines/pipeline.ts'
import { isStreamGone, type LaneOwner, StreamLane } from '../../pipelines/stream-lane.ts'
import type { Timer } from '../../ports/clock.ts'
import { HEARTBEAT_MS_DEFAULT, type Membership, SESSION_MS_DEFAULT } from '../../streams/groups.ts'
import { SHARDS_MAX } from '../../streams/streams.ts'

const TIME_PATTERN =
  '^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2}))?$'

export const streamInput: InputDefinition = defineInput({
  name: 'stream',
  status: 'stable',
  effects: 'read',
  summary: 'Reads the records of a stream, and resumes where its group stands.',
  description: `Metadata: \`headgate_stream\`, \`headgate_shard\`, \`headgate_sequence\`, \`headgate_arrival\`,
\`headgate_key\` where there is one, and each header of the record by its name.

While there is no stream of that name, the input waits for it.`,
  config: Type.Object({
    name: Type.String({
      minLength: 1,
      description: 'Name of the stream, in the namespace of the pipeline.',
    }),
    group: Type.String({
      default: '',
      description:
        'Consumer group of the namespace whose members share the shards; the pipeline has its own unless you name one.',
    }),
    start: Type.Union(
      [
        Type.Literal('earliest'),
        Type.Literal('latest'),
        Type.String({ pattern: TIME_PATTERN, title: 'a time such as 2026-01-31T08:00:00Z' }),
      ],
      { default: 'earliest', description: 'Where a group begins that has committed nothing yet.' },
    ),
    shards: Type.Optional(
      Type.Array(Type.Integer({ minimum: 0, maximum: SHARDS_MAX - 1 }), {
        minItems: 1,
        maxItems: SHARDS_MAX,
        description: 'Just these shards, whoever else is in the group.',
      }),
    ),
  }),
  nack: 'replay',
  transactional: true,
  streams: (config) => [config.name],
  check: ({ group }) => groupFaults(group),
  examples: [
    { title: 'Everything there is', config: { name: 'orders' } },
    { title: 'What comes from now on', config: { name: 'orders', start: 'latest' } },
    {
      title: 'Two shards from a time on',
      config: { name: 'orders', start: '2026-01-31T08:00:00Z', shards: [0, 1] },
    },
  ],
  build: (config, context) =>
    new StreamInput(
      {
        name: config.name,
        group: config.group,
        start: toWhere(config.start),
        pinned: config.shards,
      },
      context,
    ),
})

interface StreamInputConfig {
  readonly name: string
  readonly group: string
  readonly start: Where
  readonly pinned: readonly number[] | undefined
}

class StreamInput implements Input, LaneOwner {
  readonly #config: StreamInputConfig
  readonly #context: BuildContext
  readonly #group: string
  readonly #member: string
  readonly #lanes = new Map<number, StreamLane>()
  readonly #ready: StreamLane[] = []
  #target: StreamTarget | undefined
  #generation = 0
  #heartbeat: Timer | undefined
  #refreshing: Promise<void> | undefined
  /** The last change of what is held; the next one waits for it. */
  #changing: Promise<void> = Promise.resolve()
  #error: HeadgateError | undefined
  #wake: (() => void) | undefined
  #closed = false

  constructor(config: StreamInputConfig, context: BuildContext) {
    const { namespace, name, group, random } = context.environment
    this.#config = config
    this.#context = context
    this.#group = engineGroup(namespace, config.group === '' ? group : config.group)
    // Unique, so that a former self that is not quite gone is fenced like any other member.
    this.#member = `${namespace}/${name}/${random.uuid()}`
  }

  async connect(): Promise<void> {
    const { namespace, streams } = this.#context.environment
    const { name } = this.#config
    this.#loseAll()
    this.#error = undefined
    const target = streams.resolve(namespace, name)
    if (target === undefined) {
      throw new HeadgateError('NotConnected', `stream ${name} does not exist yet`)
    }
    await this.#inTurn(() => {
      this.#target = target
      return this.#join()
    })
    if (!this.#closed) this.#beat()
  }

  read(signal: AbortSignal): InputBatch | undefined | Promise<InputBatch | undefined> {
    return this.#take() ?? this.#wait(signal)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#heartbeat?.cancel()
    this.#loseAll()
    this.#wake?.()
    // A join that is under way would come after the leave, and hold shards that nobody reads.
    await this.#changing
    if (this.#target === undefined) return
    await this.#context.environment.engine.groups.leave(this.#group, this.#member).catch(() => {})
  }

  ready(lane: StreamLane): void {
    this.#ready.push(lane)
    this.#wake?.()
  }

  failed(error: HeadgateError): void {
    this.#error = isStreamGone(error)
      ? new HeadgateError('NotConnected', `stream ${this.#config.name} is gone`, { cause: error })
      : error
    this.#wake?.()
  }

  offsetOf(lane: StreamLane, next: number): OffsetCommit {
    const { stream, incarnation } = this.#required()
    const [group, generation] = [this.#group, this.#generation]
    return { group, generation, stream, incarnation, shard: lane.shard, next }
  }

  refresh(): Promise<void> {
    this.#refreshing ??= this.#inTurn(() => this.#refreshOnce()).finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  /** Joins and heartbeats change what is held across waits: two at once would mix up what they saw. */
  #inTurn(change: () => Promise<void>): Promise<void> {
    const changed = this.#changing.then(change)
    this.#changing = changed.catch(() => {})
    return changed
  }

  #take(): InputBatch | undefined {
    for (;;) {
      const lane = this.#ready.shift()
      if (lane === undefined) return undefined
      const batch = lane.take()
      // To the end of the queue: shards take turns.
      if (lane.hasMore) this.#ready.push(lane)
      if (batch !== undefined) return batch
    }
  }

  async #wait(signal: AbortSignal): Promise<InputBatch | undefined> {
    for (;;) {
      signal.throwIfAborted()
      const error = this.#error
      this.#error = undefined
      if (error !== undefined) throw error
      const batch = this.#take()
      if (batch !== undefined || this.#closed) return batch
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
      this.#wake = undefined
    }
  }

  /** Takes shards anew: what this member held before is lost. */
  async #join(): Promise<void> {
    this.#loseAll()
    if (this.#closed) return
    const { stream, incarnation } = this.#required()
    const { engine } = this.#context.environment
    const membership = await engine.groups.join({
      group: this.#group,
      member: this.#member,
      stream,
      incarnation,
      ...(this.#config.pinned === undefined ? {} : { pinned: this.#config.pinned }),
      sessionMs: SESSION_MS_DEFAULT,
    })
    await this.#adopt(membership)
  }

  /**
   * Drops the lanes of shards that went, begins lanes for those that came. Only then commits name the new generation:
   * a lane that is another member's meanwhile must not be committed under the generation that gave it away.
   */
  async #adopt(membership: Membership): Promise<void> {
    const { engine } = this.#context.environment
    const { stream, incarnation } = this.#required()
    if (membership.generation === this.#generation && this.#lanes.size > 0) return
    // Sets are applied in order: after an empty one, commits of former generations are seen or refused.
    await engine.log.write({ appends: [] })
    if (this.#closed) return
    const committed = new Map(
      engine.groups
        .offsets(this.#group)
        .filter((offset) => offset.stream === stream && offset.incarnation === incarnation)
        .map(({ shard, next }) => [shard, next]),
    )
    for (const lane of [...this.#lanes.values()]) {
      const kept = membership.shards.includes(lane.shard)
      // Somebody else held it between two heartbeats and went on from where we were.
      if (!kept || lane.committed !== committed.get(lane.shard)) this.#lose(lane)
    }
    this.#generation = membership.generation
    for (const shard of membership.shards) {
      if (!this.#lanes.has(shard)) this.#begin(shard, committed.get(shard))
    }
  }

  #begin(shard: number, committed: number | undefined): void {
    const { engine, clock, logger } = this.#context.environment
    const { stream, incarnation } = this.#required()
    const lane = new StreamLane(
      {
        log: engine.log,
        clock,
        logger,
        ref: { stream, incarnation, shard },
        origin: { stream: this.#config.name, incarnation, shard },
        committed,
        start: this.#config.start,
      },
      this,
    )
    this.#lanes.set(shard, lane)
    void lane.run()
  }

  #lose(lane: StreamLane): void {
    this.#lanes.delete(lane.shard)
    lane.lose()
  }

  #loseAll(): void {
    for (const lane of [...this.#lanes.values()]) this.#lose(lane)
    this.#ready.length = 0
  }

  #beat(): void {
    this.#heartbeat?.cancel()
    this.#heartbeat = this.#context.environment.clock.schedule(HEARTBEAT_MS_DEFAULT, () => {
      this.refresh()
        .catch((error) => this.failed(error))
        .finally(() => {
          if (!this.#closed) this.#beat()
        })
    })
  }

  async #refreshOnce(): Promise<void> {
    const { groups } = this.#context.environment.engine
    if (this.#closed) return
    try {
      await this.#adopt(await groups.heartbeat(this.#group, this.#member))
    } catch (thrown) {
      if (!(thrown instanceof HeadgateError)) throw thrown
      if (thrown.code === 'GenerationStale') await this.#join()
      else throw thrown
    }
  }

  #required(): StreamTarget {
    if (this.#target === undefined) throw new Error('a stream input is read before it is connected')
    return this.#target
  }
}

function toWhere(start: string): Where {
  if (start === 'earliest' || start === 'latest') return { kind: start }
  const ms = Date.parse(start)
  if (Number.isNaN(ms)) {
    throw new HeadgateError('ComponentConfigInvalid', `expected a time, got ${start}`)
  }
  return { kind: 'time', arrivalUs: ms * 1000 }
}
