/**
 * Writes messages to topics of Kafka, and counts each as delivered once the broker has it.
 *
 * What the broker refuses is tried again as `max_retries` and `backoff` say, only the messages that it refused unless
 * `retry_as_batch` is set; then it is rejected, and the pipeline repeats it.
 */
import { type Static, type TObject, Type } from '../../../crds/typebox.ts'
import type { Interpolation } from '../../bloblang/mapping.ts'
import { HeadgateError } from '../../error.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import {
  type ConfigFault,
  type Delivery,
  defineOutput,
  type Output,
  type OutputDefinition,
} from '../../pipelines/component.ts'
import { durationField, interpolatedField } from '../../pipelines/fields.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import { BatchError } from '../../pipelines/transaction.ts'
import { unsupportedField } from '../../pipelines/unsupported-field.ts'
import { brokerFaults, brokerFields, clientOptions } from '../kafka/broker-fields.ts'
import {
  bytesOf,
  KafkaProducer,
  type ProducedRecord,
  type ProducerSettings,
} from '../kafka/kafka-producer.ts'
import { brokerAway, loadKafka } from '../kafka/load-kafka.ts'
import { PARTITIONERS, type Partitioner, partitionerOf } from '../kafka/partitioners.ts'
import { recordHeaders } from '../kafka/record-headers.ts'
import { tlsNeeds } from '../tls-fields.ts'
import { undelivered } from './undelivered.ts'
import { type Patience, writeUntilDelivered } from './write-until-delivered.ts'

const COMPRESSIONS = ['none', 'snappy', 'lz4', 'gzip', 'zstd'] as const
const BROKER_DEFAULT = -1

const fields = {
  ...brokerFields,
  topic: interpolatedField({ description: 'The topic.', examples: ['orders'] }),
  key: interpolatedField({ default: '', description: 'The key; empty for none.' }),
  partitioner: Type.Union(
    PARTITIONERS.map((name) => Type.Literal(name)),
    {
      default: 'fnv1a_hash',
      description:
        'How the partition is chosen: by the key, as Sarama or as Java clients do it, and at random without one; or without regard to it.',
    },
  ),
  partition: interpolatedField({
    default: '',
    description: 'The partition, with the partitioner `manual`.',
  }),
  custom_topic_creation: Type.Object(
    {
      enabled: Type.Boolean({ default: false, description: 'Whether missing topics are made.' }),
      partitions: Type.Integer({
        default: BROKER_DEFAULT,
        minimum: BROKER_DEFAULT,
        description: 'Their partitions; -1 for as many as the broker gives.',
      }),
      replication_factor: Type.Integer({
        default: BROKER_DEFAULT,
        minimum: BROKER_DEFAULT,
        description: 'Copies of each; -1 for as many as the broker makes.',
      }),
    },
    { default: {}, description: 'Topics that are not there yet.' },
  ),
  compression: Type.Union(
    COMPRESSIONS.map((name) => Type.Literal(name)),
    { default: 'none', description: 'How batches are compressed.' },
  ),
  static_headers: Type.Record(Type.String(), Type.String(), {
    default: {},
    description: 'Headers of every message, besides its metadata.',
  }),
  metadata: Type.Object(
    {
      exclude_prefixes: Type.Array(Type.String(), {
        default: [],
        description: 'Beginnings of names that become no headers.',
      }),
    },
    { default: {}, description: 'Metadata becomes headers.' },
  ),
  inject_tracing_map: unsupportedField(
    '',
    'a trace goes on in the headers `traceparent` and `tracestate`',
  ),
  idempotent_write: Type.Boolean({
    default: false,
    description: 'Lets the broker drop what it has already; it then waits for all replicas.',
  }),
  ack_replicas: Type.Boolean({
    default: false,
    description: 'Waits for all replicas that are in sync, not for the leader alone.',
  }),
  max_msg_bytes: Type.Integer({
    default: 1_000_000,
    minimum: 1,
    description: 'What a message, and a batch to one partition, may hold.',
  }),
  timeout: durationField({ default: '5s', description: 'How long the broker may take.' }),
  retry_as_batch: Type.Boolean({
    default: false,
    description: 'Sends a whole batch again when any message of it failed; it keeps the order.',
  }),
  max_retries: Type.Integer({
    default: 0,
    minimum: 0,
    description: 'Tries after the first; 0 for no such limit.',
  }),
  backoff: Type.Object(
    {
      initial_interval: durationField({ default: '3s', description: 'The first wait.' }),
      max_interval: durationField({ default: '10s', description: 'The longest wait.' }),
      max_elapsed_time: durationField({
        default: '30s',
        description: 'After how long no more is tried; empty or 0s for never.',
      }),
    },
    { default: {}, description: 'How long to wait between tries.' },
  ),
}
const config: TObject<typeof fields> = Type.Object(fields)
type Config = Static<typeof config>

export const kafka: OutputDefinition = defineOutput({
  name: 'kafka',
  status: 'stable',
  effects: 'write',
  summary: 'Writes messages to topics of Kafka.',
  description: `Needs the package \`@platformatic/kafka\`. Brokers that are away are tried again for ever.

For a strict order, set \`max_in_flight: 1\`, \`retry_as_batch: true\` and \`backoff.max_elapsed_time: ""\`.`,
  config,
  delivery: 'sends',
  maxInFlight: 64,
  batching: true,
  check: (options) => [...brokerFaults(options), ...ownFaults(options)],
  needs: ({ tls }) => tlsNeeds(tls),
  examples: [
    { title: 'Write to a topic', config: { addresses: ['localhost:9092'], topic: 'orders' } },
    {
      title: 'Keep the messages of a customer in order',
      config: {
        addresses: ['localhost:9092'],
        topic: 'orders',
        key: '${! json("customer") }',
        partitioner: 'murmur2_hash',
        max_in_flight: 1,
        retry_as_batch: true,
      },
    },
  ],
  build: (options, context) => new KafkaOutput(options, context),
})

function ownFaults({ partitioner, partition, custom_topic_creation: made }: Config): ConfigFault[] {
  const faults: ConfigFault[] = []
  if ((partitioner === 'manual') !== (partition !== '')) {
    const got = partition === '' ? 'none' : `one with ${partitioner}`
    const message = `expected a partition with the partitioner manual, got ${got}`
    faults.push({ path: ['partition'], message })
  }
  for (const name of ['partitions', 'replication_factor'] as const)
    if (made[name] === 0)
      faults.push({
        path: ['custom_topic_creation', name],
        message: 'expected -1 or at least 1, got 0',
      })
  return faults
}

class KafkaOutput implements Output {
  readonly #config: Config
  readonly #context: BuildContext
  readonly #topic: Interpolation
  readonly #key: Interpolation
  readonly #partition: Interpolation
  readonly #partitioner: Partitioner | undefined
  readonly #staticHeaders: readonly (readonly [Buffer, Buffer])[]
  readonly #patience: Patience
  #producer: KafkaProducer | undefined

  constructor(options: Config, context: BuildContext) {
    this.#config = options
    this.#context = context
    this.#topic = context.interpolation(options.topic)
    this.#key = context.interpolation(options.key)
    this.#partition = context.interpolation(options.partition)
    this.#partitioner =
      options.partitioner === 'manual'
        ? undefined
        : partitionerOf(options.partitioner, context.environment.random)
    this.#staticHeaders = Object.entries(options.static_headers).map(([name, value]) => [
      Buffer.from(name),
      Buffer.from(value),
    ])
    this.#patience = patienceOf(options, context)
  }

  async connect(): Promise<void> {
    const kafka = await loadKafka()
    const options = await clientOptions(this.#config, this.#context)
    await this.#producer?.close()
    const { clock } = this.#context.environment
    const settings = settingsOf(this.#config, this.#context)
    this.#producer = new KafkaProducer(kafka, options, settings, clock)
    await this.#producer.reach()
  }

  async write(batch: Batch, delivery: Delivery): Promise<void> {
    const hopeless = new Map<Message, HeadgateError>()
    const { clock } = this.#context.environment
    const sending = {
      connect: () => this.connect(),
      close: () => this.close(),
      write: (left: Batch) => this.#send(this.#config.retry_as_batch ? batch : left, hopeless),
    }
    try {
      await writeUntilDelivered(sending, batch, delivery, { patience: this.#patience, clock })
    } catch (thrown) {
      const error = thrown instanceof HeadgateError ? thrown : brokerAway(thrown)
      for (const message of undelivered(error, batch))
        hopeless.set(message, (error instanceof BatchError && error.failed.get(message)) || error)
    }
    if (hopeless.size > 0) throw new BatchError(hopeless)
  }

  async close(): Promise<void> {
    await this.#producer?.close()
  }

  /** One try. Messages that no try can help go to `hopeless`, and are not tried again. */
  async #send(batch: Batch, hopeless: Map<Message, HeadgateError>): Promise<void> {
    const producer = this.#producer
    if (producer === undefined) throw new HeadgateError('NotConnected', 'Kafka: not connected')
    const failed = new Map<Message, HeadgateError>()
    const counts = new Map<string, number | HeadgateError>()
    const records = new Map<ProducedRecord, Message>()
    for (const [index, message] of batch.entries()) {
      if (hopeless.has(message)) continue
      try {
        const topic = this.#topic.text(batch, index)
        if (topic === '') throw refused('expected a topic, got an empty text')
        const count = counts.get(topic) ?? (await countOf(producer, topic))
        counts.set(topic, count)
        if (count instanceof HeadgateError) failed.set(message, count)
        else records.set(this.#record(batch, index, { topic, count }), message)
      } catch (thrown) {
        hopeless.set(message, thrown instanceof HeadgateError ? thrown : refused(String(thrown)))
      }
    }
    for (const [record, error] of await producer.send([...records.keys()])) {
      const message = records.get(record)
      if (message !== undefined) failed.set(message, error)
    }
    if (failed.size > 0) throw new BatchError(failed)
  }

  #record(
    batch: Batch,
    index: number,
    { topic, count }: { readonly topic: string; readonly count: number },
  ): ProducedRecord {
    const message = batch[index]
    const text = this.#key.text(batch, index)
    const key = text === '' ? undefined : Buffer.from(text)
    const partition =
      this.#partitioner?.(topic, key, count) ??
      manualPartition(this.#partition.text(batch, index), { topic, count })
    const content = message?.content() ?? new Uint8Array()
    const value = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
    const record = { topic, partition, key, value, headers: this.#headers(message) }
    const bytes = bytesOf(record)
    const { max_msg_bytes: bytesMax } = this.#config
    if (bytes > bytesMax)
      throw refused(`expected a message of at most ${bytesMax} bytes (max_msg_bytes), got ${bytes}`)
    return { ...record, bytes }
  }

  #headers(message: Message | undefined): Map<Buffer, Buffer> {
    const { exclude_prefixes: excluded } = this.#config.metadata
    const trace = message === undefined ? undefined : this.#context.trace(message)
    return recordHeaders(message, { fixed: this.#staticHeaders, excluded, trace })
  }
}

async function countOf(producer: KafkaProducer, topic: string): Promise<number | HeadgateError> {
  try {
    return await producer.partitionCount(topic)
  } catch (thrown) {
    const { message } = brokerAway(thrown)
    return new HeadgateError('OutputFailed', message, { cause: thrown })
  }
}

function manualPartition(
  text: string,
  { topic, count }: { readonly topic: string; readonly count: number },
): number {
  const partition = /^[0-9]{1,9}$/.test(text.trim()) ? Number(text) : count
  if (partition < count) return partition
  throw refused(
    `expected a partition of topic ${topic} from 0 to ${count - 1}, got ${JSON.stringify(text)}`,
  )
}

function refused(message: string): HeadgateError {
  return new HeadgateError('OutputFailed', message)
}

function settingsOf(options: Config, context: BuildContext): ProducerSettings {
  const { custom_topic_creation: made, idempotent_write: idempotent } = options
  return {
    acks: options.ack_replicas || idempotent ? 'all' : 'leader',
    idempotent,
    compression: options.compression,
    timeoutMs: context.durationMs(options.timeout) ?? 5_000,
    bytesMax: options.max_msg_bytes,
    creation: made.enabled
      ? { partitions: made.partitions, replicas: made.replication_factor }
      : undefined,
  }
}

function patienceOf({ backoff, max_retries: retries }: Config, context: BuildContext): Patience {
  return {
    firstMs: context.durationMs(backoff.initial_interval) ?? 0,
    longestMs: context.durationMs(backoff.max_interval) ?? 0,
    retriesMax: retries === 0 ? Number.POSITIVE_INFINITY : retries,
    elapsedMsMax: context.durationMs(backoff.max_elapsed_time) || Number.POSITIVE_INFINITY,
  }
}
