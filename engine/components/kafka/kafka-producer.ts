/**
 * Writes records to Kafka and says which of them did not arrive, and why. It repeats nothing by itself.
 *
 * What goes to one partition at once is one batch to the broker, which has a bound on its size, so that more is sent in
 * turn, in order. One request is under way at a time, and takes with it what gathered during the last one: so small writes
 * make large requests, and nothing overtakes.
 */
import type { Admin, BaseOptions, MessageToProduce, Producer } from '@platformatic/kafka'
import { HeadgateError } from '../../error.ts'
import type { Clock } from '../../ports/clock.ts'
import { brokerAway, type Kafka, leavesOf } from './load-kafka.ts'

export interface ProducerSettings {
  readonly acks: 'all' | 'leader'
  readonly idempotent: boolean
  readonly compression: 'none' | 'snappy' | 'lz4' | 'gzip' | 'zstd'
  readonly timeoutMs: number
  readonly bytesMax: number
  /** Makes topics that are not there; without it the broker does as it is set. */
  readonly creation: { readonly partitions: number; readonly replicas: number } | undefined
}

export interface ProducedRecord {
  readonly topic: string
  readonly partition: number
  readonly key: Buffer | undefined
  readonly value: Buffer
  readonly headers: Map<Buffer, Buffer>
  readonly bytes: number
}

export type Failures = ReadonlyMap<ProducedRecord, HeadgateError>

/** A topic that the broker makes on demand is not there at once. */
const TOPIC_RETRIES = 5
const TOPIC_RETRY_MS = 200
/** A new topic has its leaders a moment later, and a leader that moves is known soon. */
const MOVE_RETRIES = 10
const MOVE_RETRY_MS = 50
/** The socket waits a little longer than the broker does. */
const ANSWER_GRACE_MS = 2_000
const RECORD_OVERHEAD_BYTES = 32

export class KafkaProducer {
  readonly #kafka: Kafka
  readonly #options: BaseOptions
  readonly #settings: ProducerSettings
  readonly #producer: Producer
  readonly #clock: Clock
  #admin: Admin | undefined
  #gathered: ProducedRecord[] = []
  /** The request that will take what is gathered. */
  #next: Promise<Failures> | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(kafka: Kafka, options: BaseOptions, settings: ProducerSettings, clock: Clock) {
    this.#clock = clock
    this.#kafka = kafka
    this.#options = options
    this.#settings = settings
    this.#producer = new kafka.Producer<Buffer, Buffer, Buffer, Buffer>({
      ...options,
      retryDelay: TOPIC_RETRY_MS,
      timeout: settings.timeoutMs,
      requestTimeout: settings.timeoutMs + ANSWER_GRACE_MS,
      idempotent: settings.idempotent,
    })
  }

  /** Throws NotConnected. */
  async reach(): Promise<void> {
    await this.#producer.metadata({ topics: [], forceUpdate: true }).catch((thrown) => {
      throw brokerAway(thrown)
    })
  }

  /** How many partitions a topic has, which it may have to be made for. */
  async partitionCount(topic: string): Promise<number> {
    try {
      return await this.#count(topic, this.#settings.creation === undefined)
    } catch (thrown) {
      if (this.#settings.creation === undefined) throw thrown
    }
    await this.#create(topic, this.#settings.creation)
    return this.#count(topic, true)
  }

  /** Those that did not arrive. What is sent meanwhile goes together, in order, as soon as the last request ended. */
  async send(records: readonly ProducedRecord[]): Promise<Failures> {
    for (const record of records) this.#gathered.push(record)
    this.#next ??= this.#afterTurn()
    const failed = await this.#next
    return failed.size === 0
      ? failed
      : new Map(
          records.flatMap((record) => {
            const error = failed.get(record)
            return error === undefined ? [] : [[record, error] as const]
          }),
        )
  }

  async close(): Promise<void> {
    await this.#producer.close().catch(() => {})
    await this.#admin?.close().catch(() => {})
  }

  async #count(topic: string, autocreateTopics: boolean): Promise<number> {
    const options = { topics: [topic], autocreateTopics, retries: TOPIC_RETRIES }
    const metadata = await this.#producer.metadata(autocreateTopics ? options : { topics: [topic] })
    const count = metadata.topics.get(topic)?.partitionsCount
    if (count === undefined || count === 0) throw new Error(`topic ${topic} has no partitions`)
    return count
  }

  async #create(
    topic: string,
    { partitions, replicas }: NonNullable<ProducerSettings['creation']>,
  ): Promise<void> {
    this.#admin ??= new this.#kafka.Admin(this.#options)
    await this.#admin.createTopics({ topics: [topic], partitions, replicas }).catch((thrown) => {
      const [only] = leavesOf(thrown)
      // Somebody else was first.
      if ((only as { apiId?: string } | undefined)?.apiId !== 'TOPIC_ALREADY_EXISTS') throw thrown
    })
  }

  #afterTurn(): Promise<Failures> {
    const sent = this.#turn.then(() => {
      const records = this.#gathered
      this.#gathered = []
      this.#next = undefined
      return this.#sendAll(records)
    })
    this.#turn = sent
    return sent
  }

  async #sendAll(records: readonly ProducedRecord[]): Promise<Failures> {
    const failed = new Map<ProducedRecord, HeadgateError>()
    for (const round of roundsOf(records, this.#settings.bytesMax)) {
      await this.#sendUntilFound(round, failed)
    }
    return failed
  }

  /**
   * Sends again at once, to wherever it is now, what came to a broker that does not lead its partition: the client would
   * do so with all records of the request, those that arrived too.
   */
  async #sendUntilFound(
    round: readonly ProducedRecord[],
    failed: Map<ProducedRecord, HeadgateError>,
  ): Promise<void> {
    let left = round
    for (let tries = 0; ; tries++) {
      try {
        return await this.#sendRound(left)
      } catch (thrown) {
        const arrived = arrivedOf(thrown)
        left = left.filter(({ topic, partition }) => !arrived.has(placeOf(topic, partition)))
        if (tries >= MOVE_RETRIES || !isMoved(thrown)) {
          const { message } = brokerAway(thrown)
          const error = new HeadgateError('OutputFailed', message, { cause: thrown })
          for (const record of left) failed.set(record, error)
          return
        }
      }
      this.#producer.clearMetadata()
      await this.#clock.sleep(MOVE_RETRY_MS)
    }
  }

  async #sendRound(round: readonly ProducedRecord[]): Promise<void> {
    const { acks, compression, idempotent } = this.#settings
    const { ALL, LEADER } = this.#kafka.ProduceAcks
    await this.#producer.send({
      messages: round.map(toMessage),
      acks: acks === 'all' ? ALL : LEADER,
      compression,
      idempotent,
      repeatOnStaleMetadata: false,
    })
  }
}

function isMoved(thrown: unknown): boolean {
  return leavesOf(thrown).every(
    (error) => (error as { readonly hasStaleMetadata?: boolean }).hasStaleMetadata === true,
  )
}

export function bytesOf(record: Pick<ProducedRecord, 'key' | 'value' | 'headers'>): number {
  let bytes = RECORD_OVERHEAD_BYTES + record.value.length + (record.key?.length ?? 0)
  for (const [name, value] of record.headers) bytes += name.length + value.length
  return bytes
}

/** In order, with no partition above the bound in one round, unless a single record is. */
function roundsOf(
  records: readonly ProducedRecord[],
  bytesMax: number,
): readonly (readonly ProducedRecord[])[] {
  const rounds: ProducedRecord[][] = []
  const states = new Map<string, { round: number; bytes: number }>()
  for (const record of records) {
    const place = placeOf(record.topic, record.partition)
    const state = states.get(place) ?? { round: 0, bytes: 0 }
    states.set(place, state)
    if (state.bytes > 0 && state.bytes + record.bytes > bytesMax) {
      state.round += 1
      state.bytes = 0
    }
    state.bytes += record.bytes
    const round = rounds[state.round] ?? []
    rounds[state.round] = round
    round.push(record)
  }
  return rounds
}

function placeOf(topic: string, partition: number): string {
  return `${topic}:${partition}`
}

function toMessage({
  topic,
  partition,
  key,
  value,
  headers,
}: ProducedRecord): MessageToProduce<Buffer, Buffer, Buffer, Buffer> {
  return { topic, partition, value, headers, ...(key === undefined ? {} : { key }) }
}

interface ProduceAnswer {
  readonly responses?: readonly {
    readonly name: string
    readonly partitionResponses: readonly { readonly index: number; readonly errorCode: number }[]
  }[]
}

/** The partitions that took theirs, though the request as a whole failed: the client hides them in its error. */
function arrivedOf(thrown: unknown): ReadonlySet<string> {
  const arrived = new Set<string>()
  const visit = (error: unknown): void => {
    const { response, produced, errors } = error as {
      readonly response?: ProduceAnswer
      readonly produced?: { readonly offsets?: readonly { topic: string; partition: number }[] }
      readonly errors?: readonly unknown[]
    }
    for (const { topic, partition } of produced?.offsets ?? [])
      arrived.add(placeOf(topic, partition))
    for (const { name, partitionResponses } of response?.responses ?? [])
      for (const { index, errorCode } of partitionResponses)
        if (errorCode === 0) arrived.add(placeOf(name, index))
    for (const inner of errors ?? []) visit(inner)
  }
  visit(thrown)
  return arrived
}
