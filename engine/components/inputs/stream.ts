/**
 * Reads a stream as a member of a consumer group: shares its shards with the other members, and resumes at what the
 * group committed, which the runtime writes together with what the batch caused.
 */
import { Type } from '../../../crds/typebox.ts'
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
import {
  HEARTBEAT_MS_DEFAULT,
  HEARTBEAT_SETTLING_MS,
  type Membership,
  SESSION_MS_DEFAULT,
} from '../../streams/groups.ts'
import { SHARDS_MAX } from '../../streams/streams.ts'

/** How long a shard that goes to another member waits for what was read of it; well within the session. */
export const DRAIN_MS_MAX = 3_000

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
      {
        default: 'earliest',
        description:
          'Where a group begins that has committed nothing yet. Shards that are added later are read from their first record.',
      },
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
  #heartbeatMs = HEARTBEAT_MS_DEFAULT
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
      if (!this.#closed) this.#beat()
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
   * Drops the lanes of shards that went, begins lanes for those that came. Only in between do commits begin to name the
   * new generation: a lane that will be another member's must not be committed under a generation that gave it away.
   */
  async #adopt({ generation, shards, settling, resetGeneration }: Membership): Promise<void> {
    this.#heartbeatMs = settling ? HEARTBEAT_SETTLING_MS : HEARTBEAT_MS_DEFAULT
    // Offsets were set by hand: whatever was read or is under way counts no more.
    if (resetGeneration > this.#generation) this.#loseAll()
    const gone = [...this.#lanes.values()].filter(({ shard }) => !shards.includes(shard))
    await this.#drain(gone)
    for (const lane of gone) this.#lose(lane)
    if (shards.some((shard) => !this.#lanes.has(shard))) await this.#hold(shards, generation)
    if (this.#closed) return
    this.#generation = generation
    // What went is let go of by the next heartbeat; somebody waits for it.
    if (gone.length > 0) this.#heartbeatMs = 0
  }

  /** Begins lanes for shards that came. */
  async #hold(shards: readonly number[], generation: number): Promise<void> {
    // Sets are applied in order: after an empty one, commits of former holders are seen or refused.
    await this.#context.environment.engine.log.write({ appends: [] })
    if (this.#closed) return
    const committed = this.#committed()
    const fresh = shards.filter((shard) => !this.#lanes.has(shard))
    const started = await this.#startOffsets(fresh, committed, generation)
    if (this.#closed) return
    this.#generation = generation
    for (const shard of fresh) this.#begin(shard, committed.get(shard) ?? started.get(shard))
  }

  /** What was read of shards that go is committed, if that does not take too long: nobody has to do it again then. */
  async #drain(lanes: readonly StreamLane[]): Promise<void> {
    if (lanes.length === 0) return
    const through = new AbortController()
    const late = this.#context.environment.clock.sleep(DRAIN_MS_MAX, through.signal).catch(() => {})
    await Promise.race([Promise.all(lanes.map((lane) => lane.drain())), late])
    through.abort()
  }

  #committed(): ReadonlyMap<number, number> {
    const { stream, incarnation } = this.#required()
    const offsets = this.#context.environment.engine.groups.offsets(this.#group)
    return new Map(
      offsets
        .filter((offset) => offset.stream === stream && offset.incarnation === incarnation)
        .map(({ shard, next }) => [shard, next]),
    )
  }

  /**
   * Where shards begin of which the group has committed nothing. A start that depends on the moment is committed at
   * once, for all shards together: after a crash it would be another one. So a group that has committed some shards of
   * the stream had begun before the others came: those were added, and are read from their first record.
   */
  async #startOffsets(
    shards: readonly number[],
    committed: ReadonlyMap<number, number>,
    generation: number,
  ): Promise<ReadonlyMap<number, number>> {
    const { start, pinned } = this.#config
    const unread = shards.filter((shard) => !committed.has(shard))
    const hasGrown = committed.size > 0 && pinned === undefined
    if (start.kind === 'earliest' || unread.length === 0 || hasGrown) return new Map()
    const { log } = this.#context.environment.engine
    const { stream, incarnation } = this.#required()
    const positions = await Promise.all(
      unread.map((shard) => log.resolve({ stream, incarnation, shard }, start)),
    )
    const offsets = positions.map(
      ({ shard, sequence: next }): OffsetCommit => ({
        group: this.#group,
        generation,
        stream,
        incarnation,
        shard,
        next,
      }),
    )
    await log.write({ appends: [], offsets })
    return new Map(offsets.map(({ shard, next }) => [shard, next]))
  }

  #begin(shard: number, committed: number | undefined): void {
    const { engine, clock, logger } = this.#context.environment
    const { stream, incarnation } = this.#required()
    const ref = { stream, incarnation, shard }
    const origin = { stream: this.#config.name, incarnation, shard }
    const lane = new StreamLane({ log: engine.log, clock, logger, ref, origin, committed }, this)
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
    this.#heartbeat = this.#context.environment.clock.schedule(this.#heartbeatMs, () => {
      this.refresh().catch((error) => this.failed(error))
    })
  }

  async #refreshOnce(): Promise<void> {
    const { groups } = this.#context.environment.engine
    if (this.#closed) return
    // Also when it fails: what is asked at once is asked once.
    this.#heartbeatMs = HEARTBEAT_MS_DEFAULT
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
