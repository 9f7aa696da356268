/**
 * Keeps the lanes of a Kafka input filled: one fetch at a time with each broker, for the partitions that want more.
 *
 * A partition whose messages are not taken is not fetched, so that it neither fills the memory nor holds up the others.
 * A failure ends it; whoever uses it connects anew.
 */
import type { Consumer, RecordsBatch } from '@platformatic/kafka'
import { Message } from '../../pipelines/message.ts'
import { KafkaMetadata } from './kafka-metadata.ts'
import { brokerAway, type Kafka, leavesOf } from './load-kafka.ts'
import type { Fetched, PartitionLane } from './partition-lane.ts'

type FetchResponse = Awaited<ReturnType<Consumer['fetch']>>
export type Lane = PartitionLane<Message>

/** How long a broker may wait for something to give. */
const FETCH_WAIT_MS_MAX = 250
const PARTITION_BYTES_MAX: number = 1024 * 1024
const FETCH_BYTES_MAX: number = 16 * PARTITION_BYTES_MAX

export interface FetchOptions {
  readonly kafka: Kafka
  /** For fetches alone: they block a connection. */
  readonly client: Consumer
  readonly lanes: () => Iterable<Lane>
  readonly topics: readonly string[]
  readonly multiHeader: boolean
  /** Where to go on when an offset is no more there. */
  readonly edge: (lane: Lane) => Promise<bigint>
  readonly arrived: () => void
  readonly failed: (error: Error) => void
}

interface Metadata {
  readonly topics: Map<string, { id: string; partitions: { leader: number }[] }>
}

export class PartitionFetch {
  readonly #options: FetchOptions
  readonly #busy = new Set<number>()
  #looking = false
  #again = false
  #ended = false

  constructor(options: FetchOptions) {
    this.#options = options
  }

  /** Something was taken, or the lanes are others: look for what to fetch. */
  look(): void {
    if (this.#looking) this.#again = true
    if (this.#looking || this.#ended) return
    this.#looking = true
    this.#begin().then(
      () => {
        this.#looking = false
        if (!this.#again) return
        this.#again = false
        this.look()
      },
      (thrown) => this.#fail(thrown),
    )
  }

  end(): void {
    this.#ended = true
  }

  async #begin(): Promise<void> {
    const { client, topics } = this.#options
    const metadata = await client.metadata({ topics: [...topics] })
    const wanted = new Map<number, Lane[]>()
    for (const lane of this.#options.lanes()) {
      const leader = metadata.topics.get(lane.topic)?.partitions[lane.partition]?.leader
      if (leader === undefined || !lane.wantsMore || this.#busy.has(leader)) continue
      const lanes = wanted.get(leader)
      if (lanes === undefined) wanted.set(leader, [lane])
      else lanes.push(lane)
    }
    if (this.#ended) return
    for (const [node, lanes] of wanted) {
      this.#busy.add(node)
      this.#fetch(node, lanes, metadata).then(
        () => {
          this.#busy.delete(node)
          this.look()
        },
        (thrown) => this.#fail(thrown),
      )
    }
  }

  async #fetch(node: number, lanes: readonly Lane[], metadata: Metadata): Promise<void> {
    const byPlace = new Map<string, Lane>()
    const topics = new Map<string, { topicId: string; partitions: FetchPartition[] }>()
    for (const lane of lanes) {
      const topicId = metadata.topics.get(lane.topic)?.id ?? ''
      byPlace.set(placeOf(topicId, lane.partition), lane)
      const topic = topics.get(topicId) ?? { topicId, partitions: [] }
      topics.set(topicId, topic)
      topic.partitions.push(toFetch(lane))
    }
    const response = await this.#options.client
      .fetch({
        node,
        maxWaitTime: FETCH_WAIT_MS_MAX,
        minBytes: 1,
        maxBytes: FETCH_BYTES_MAX,
        topics: [...topics.values()],
      })
      .catch((thrown) => partlyGood(thrown))
    if (this.#ended) return
    await this.#take(response, byPlace)
    this.#options.arrived()
  }

  async #take(response: FetchResponse, byPlace: ReadonlyMap<string, Lane>): Promise<void> {
    const { protocolErrors } = this.#options.kafka
    for (const { topicId, partitions } of response.responses) {
      for (const { partitionIndex, errorCode, records, highWatermark } of partitions) {
        const lane = byPlace.get(placeOf(topicId, partitionIndex))
        if (lane === undefined || lane.lost) continue
        if (errorCode === protocolErrors['OFFSET_OUT_OF_RANGE']?.code)
          lane.put([], await this.#options.edge(lane))
        else if (errorCode === 0)
          takeRecords(lane, records ?? [], highWatermark, this.#options.multiHeader)
      }
    }
  }

  #fail(thrown: unknown): void {
    if (this.#ended) return
    this.#ended = true
    this.#options.failed(brokerAway(thrown))
  }
}

interface FetchPartition {
  readonly partition: number
  readonly fetchOffset: bigint
  readonly partitionMaxBytes: number
  readonly currentLeaderEpoch: number
  readonly lastFetchedEpoch: number
}

function toFetch(lane: Lane): FetchPartition {
  return {
    partition: lane.partition,
    fetchOffset: lane.fetchOffset,
    partitionMaxBytes: PARTITION_BYTES_MAX,
    currentLeaderEpoch: -1,
    lastFetchedEpoch: -1,
  }
}

function placeOf(topicId: string, partition: number): string {
  return `${topicId} ${partition}`
}

/**
 * An answer in which some partitions failed is an error of the client's that carries the answer. Where all that failed
 * is that offsets are gone, what is good in it is used.
 */
function partlyGood(thrown: unknown): FetchResponse {
  const { response } = thrown as { readonly response?: FetchResponse }
  const passing = leavesOf(thrown).every(
    (error) => (error as { readonly apiId?: string }).apiId === 'OFFSET_OUT_OF_RANGE',
  )
  if (response === undefined || response.errorCode !== 0 || !passing) throw thrown
  return response
}

const CONTROL_BATCH = 0b100000
const EMPTY = new Uint8Array()

function takeRecords(
  lane: Lane,
  batches: readonly RecordsBatch[],
  highWatermark: bigint,
  multiHeader: boolean,
): void {
  const from = lane.fetchOffset
  const fetched: Fetched<Message>[] = []
  let next = from
  for (const batch of batches) {
    const { firstOffset, firstTimestamp } = batch
    next = firstOffset + BigInt(batch.lastOffsetDelta) + 1n
    if ((batch.attributes & CONTROL_BATCH) !== 0) continue
    for (const record of batch.records) {
      const offset = firstOffset + BigInt(record.offsetDelta)
      // A batch is given whole, from wherever in it the fetch began.
      if (offset < from) continue
      const place = {
        topic: lane.topic,
        partition: lane.partition,
        offset,
        timestampMs: firstTimestamp + record.timestampDelta,
        lag: Math.max(0, Number(highWatermark - offset) - 1),
      }
      const metadata = new KafkaMetadata(place, record, multiHeader)
      fetched.push({ offset, message: Message.fromBytes(record.value ?? EMPTY, metadata) })
    }
  }
  lane.put(fetched, next)
}
