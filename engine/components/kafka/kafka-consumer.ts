/**
 * Reads partitions of Kafka at least once: as a member of a group that shares them, or whichever it was told.
 *
 * 1. `connect` finds the brokers and joins the group; what a lost connection left under way stays under way.
 * 2. Each partition has a lane. The first one that begins at what the group committed, else at the edge that was asked for.
 * 3. When the group changes, lanes that went to another member are lost: their messages still end, and nothing is
 *    committed for them. Those that stayed without a break go on where they are.
 * 4. What is done is committed by and by, when the group is about to change, and at the end.
 */
import type { BaseOptions, Consumer, GroupAssignment, GroupOptions } from '@platformatic/kafka'
import type { HeadgateError } from '../../error.ts'
import type { Clock, Timer } from '../../ports/clock.ts'
import { brokerAway, type Kafka } from './load-kafka.ts'
import { type Lane, PartitionFetch } from './partition-fetch.ts'
import { type LaneLimits, PartitionLane } from './partition-lane.ts'
import type { TopicSelection } from './topic-selection.ts'

export interface ConsumerSettings {
  readonly selection: TopicSelection
  /** Empty: nothing is stored in Kafka. */
  readonly group: string
  readonly instanceId: string
  readonly startFromOldest: boolean
  readonly commitPeriodMs: number
  readonly sessionTimeoutMs: number
  readonly heartbeatMs: number
  readonly rebalanceTimeoutMs: number
  readonly multiHeader: boolean
  readonly limits: LaneLimits
}

type ClientOptions = BaseOptions & GroupOptions

export interface Clients {
  readonly kafka: Kafka
  readonly options: ClientOptions
}

/** Attempts of the group's own requests; joining needs some while others join. */
const GROUP_RETRIES = 5
const GROUP_RETRY_MS = 250
const REQUEST_MS_MAX = 30_000
/** What a graceful end may take once everything was delivered. */
const CLOSE_MS_MAX = 5_000
const EARLIEST = -2n
const LATEST = -1n
/** The generation of a committer that is no member. */
const NO_GENERATION = -1

export class KafkaConsumer {
  readonly #settings: ConsumerSettings
  readonly #clock: Clock
  readonly #changed: () => void
  readonly #lanes = new Map<string, Lane>()
  #fetcher: Consumer | undefined
  #member: Consumer | undefined
  #fetch: PartitionFetch | undefined
  #generation = 0
  #failure: HeadgateError | undefined
  #assigning: Promise<void> = Promise.resolve()
  #committing: Promise<void> | undefined
  #commitTimer: Timer | undefined
  #closed = false

  /** `changed` is called when messages arrived, or the connection failed. */
  constructor(settings: ConsumerSettings, clock: Clock, changed: () => void) {
    this.#settings = settings
    this.#clock = clock
    this.#changed = changed
  }

  get failure(): HeadgateError | undefined {
    return this.#failure
  }

  lanes(): Iterable<Lane> {
    return this.#lanes.values()
  }

  /** Throws NotConnected. May be called again after a failure. */
  async connect({ kafka, options }: Clients): Promise<void> {
    this.#fetch?.end()
    await this.#fetcher?.close().catch(ignore)
    const fetcher = newConsumer(kafka, {
      ...options,
      groupId: this.#settings.group || 'none',
    })
    this.#fetcher = fetcher
    fetcher.on('error', ignore)
    try {
      const topics = this.#topics()
      for (const topic of topics) fetcher.topics.track(topic)
      await fetcher.metadata({ topics: [...topics], autocreateTopics: true, forceUpdate: true })
      this.#fetch = new PartitionFetch({
        kafka,
        client: fetcher,
        topics,
        lanes: () => this.#lanes.values(),
        multiHeader: this.#settings.multiHeader,
        edge: (lane) => this.#edge(lane.topic, lane.partition),
        arrived: this.#changed,
        failed: (error) => this.#fail(error),
      })
      this.#failure = undefined
      await this.#own({ kafka, options })
    } catch (thrown) {
      throw brokerAway(thrown)
    }
    this.#commitTimer ??= this.#clock.schedule(this.#settings.commitPeriodMs, () => this.#tick())
    this.#fetch.look()
  }

  /** Commits what is done and leaves the group, as far as a broker that is silent lets it. */
  async close(): Promise<void> {
    this.#closed = true
    this.#commitTimer?.cancel()
    this.#fetch?.end()
    const { promise: patience, resolve } = Promise.withResolvers<void>()
    const timer = this.#clock.schedule(CLOSE_MS_MAX, resolve)
    await Promise.race([this.#release(), patience])
    timer.cancel()
  }

  async #release(): Promise<void> {
    await this.#assigning.catch(ignore)
    await this.#commit()
    await this.#member?.close(true).catch(ignore)
    await this.#fetcher?.close(true).catch(ignore)
  }

  #topics(): readonly string[] {
    const { topics, partitions } = this.#settings.selection
    return [...topics, ...partitions.keys()]
  }

  /** Finds out which partitions are this one's. */
  async #own(clients: Clients): Promise<void> {
    const { selection, group } = this.#settings
    const shares = selection.topics.length > 0 && group !== ''
    if (shares) return this.#join(clients)
    if (group !== '') this.#member ??= this.#committer(clients)
    if (selection.topics.length === 0) return this.#assign(selection.partitions)
    const metadata = await this.#fetcher?.metadata({ topics: [...selection.topics] })
    const all = selection.topics.map((topic): [string, readonly number[]] => [
      topic,
      Array.from(
        { length: metadata?.topics.get(topic)?.partitionsCount ?? 0 },
        (_, index) => index,
      ),
    ])
    return this.#assign(new Map(all))
  }

  /** It commits for the group without being a member: its partitions are nobody's to share. */
  #committer({ kafka, options }: Clients): Consumer {
    const committer = newConsumer(kafka, { ...options, groupId: this.#settings.group })
    committer.generationId = NO_GENERATION
    committer.memberId = ''
    for (const topic of this.#topics()) committer.topics.track(topic)
    committer.on('error', ignore)
    return committer
  }

  async #join({ kafka, options }: Clients): Promise<void> {
    if (this.#member !== undefined) return this.#rejoin(this.#member)
    const { group, instanceId, sessionTimeoutMs, heartbeatMs, rebalanceTimeoutMs } = this.#settings
    const member = newConsumer(kafka, {
      ...options,
      groupId: group,
      retries: GROUP_RETRIES,
      retryDelay: GROUP_RETRY_MS,
      sessionTimeout: sessionTimeoutMs,
      heartbeatInterval: heartbeatMs,
      rebalanceTimeout: rebalanceTimeoutMs,
      // A broker answers who joins once all others did.
      requestTimeout: rebalanceTimeoutMs + REQUEST_MS_MAX,
      ...(instanceId === '' ? {} : { groupInstanceId: instanceId }),
    })
    this.#member = member
    for (const topic of this.#topics()) member.topics.track(topic)
    member.on('error', (error) => this.#leave(member, error))
    member.on('consumer:heartbeat:stalled', ({ lastError }) =>
      this.#leave(member, lastError ?? new Error('the coordinator of the group is silent')),
    )
    member.on('consumer:group:rebalance', () => void this.#commit())
    member.on('consumer:group:join', () => this.#joined(member))
    try {
      await member.joinGroup({})
      await this.#assigning
    } catch (thrown) {
      await this.#leave(member, thrown)
      throw thrown
    }
  }

  /** It is a member still, or will be again: what an assignment left undone is done now. */
  #rejoin({ assignments }: Consumer): Promise<void> {
    this.#assigning = this.#assigning
      .catch(ignore)
      .then(() => (assignments === null ? undefined : this.#assign(partitionsOf(assignments))))
    return this.#assigning
  }

  #joined(member: Consumer): void {
    if (this.#member !== member) return
    const { generationId, assignments } = member
    const unbroken = generationId === this.#generation + 1
    this.#generation = generationId
    if (!unbroken) this.#lose(() => false)
    this.#assigning = this.#assigning
      .catch(ignore)
      .then(() => this.#assign(partitionsOf(assignments ?? [])))
    this.#assigning.catch((thrown) => this.#fail(thrown))
  }

  /** The membership is over: the next `connect` joins anew. */
  async #leave(member: Consumer, thrown: unknown): Promise<void> {
    if (this.#member !== member) return
    this.#member = undefined
    this.#generation = 0
    this.#lose(() => false)
    this.#fail(thrown)
    await member.close(true).catch(ignore)
  }

  async #assign(assigned: ReadonlyMap<string, readonly number[]>): Promise<void> {
    this.#lose(({ topic, partition }) => assigned.get(topic)?.includes(partition) === true)
    for (const [topic, partitions] of assigned) {
      const fresh = partitions.filter((partition) => !this.#lanes.has(keyOf(topic, partition)))
      if (fresh.length === 0) continue
      const stored = await this.#stored(topic, fresh)
      for (const partition of fresh) {
        const start = stored.get(partition) ?? (await this.#edge(topic, partition))
        this.#lanes.set(keyOf(topic, partition), this.#lane(topic, partition, start))
      }
    }
    this.#fetch?.look()
  }

  #lane(topic: string, partition: number, start: bigint): Lane {
    const { limits } = this.#settings
    return new PartitionLane({
      topic,
      partition,
      start,
      limits,
      wanting: () => this.#fetch?.look(),
    })
  }

  #lose(keeps: (lane: Lane) => boolean): void {
    for (const [key, lane] of this.#lanes) {
      if (keeps(lane)) continue
      lane.lost = true
      this.#lanes.delete(key)
    }
  }

  /** What the group committed, by partition. */
  async #stored(
    topic: string,
    partitions: readonly number[],
  ): Promise<ReadonlyMap<number, bigint>> {
    const stored = new Map<number, bigint>()
    if (this.#member === undefined) return stored
    const offsets = await this.#member.listCommittedOffsets({
      topics: [{ topic, partitions: [...partitions] }],
    })
    for (const partition of partitions) {
      const offset = offsets.get(topic)?.[partition]
      if (offset !== undefined && offset >= 0n) stored.set(partition, offset)
    }
    return stored
  }

  async #edge(topic: string, partition: number): Promise<bigint> {
    const timestamp = this.#settings.startFromOldest ? EARLIEST : LATEST
    const partitions = { [topic]: [partition] }
    const offsets = await this.#fetcher?.listOffsets({ topics: [topic], partitions, timestamp })
    const offset = offsets?.get(topic)?.[partition]
    if (offset === undefined) throw new Error(`topic ${topic} has no partition ${partition}`)
    return offset
  }

  #tick(): void {
    if (this.#closed) return
    void this.#commit().then(() => {
      if (this.#closed) return
      this.#commitTimer = this.#clock.schedule(this.#settings.commitPeriodMs, () => this.#tick())
    })
  }

  /** Never rejects: what is not committed now is later, or is read again. One after the other. */
  async #commit(): Promise<void> {
    while (this.#committing !== undefined) await this.#committing
    const member = this.#member
    const pending = [...this.#lanes.values()].flatMap((lane) => {
      const offset = lane.toCommit
      return offset === undefined ? [] : [{ lane, offset }]
    })
    if (member === undefined || pending.length === 0) return
    const offsets = pending.map(({ lane: { topic, partition }, offset }) => ({
      topic,
      partition,
      offset,
      leaderEpoch: -1,
    }))
    this.#committing = member
      .commit({ offsets })
      .then(() => {
        for (const { lane, offset } of pending) lane.committed = offset
      })
      .catch(ignore)
      .finally(() => {
        this.#committing = undefined
      })
    await this.#committing
  }

  #fail(thrown: unknown): void {
    if (this.#closed) return
    this.#failure ??= brokerAway(thrown)
    this.#changed()
  }
}

function partitionsOf(
  assignments: readonly GroupAssignment[],
): ReadonlyMap<string, readonly number[]> {
  return new Map(assignments.map(({ topic, partitions }) => [topic, partitions]))
}

/** Keys and values as the bytes that they are. */
function newConsumer(
  kafka: Kafka,
  options: ClientOptions & { readonly groupId: string },
): Consumer {
  return new kafka.Consumer<Buffer, Buffer, Buffer, Buffer>(options)
}

function keyOf(topic: string, partition: number): string {
  return `${topic}:${partition}`
}

function ignore(): void {
  // Nobody is left to be told, or it is told elsewhere.
}
