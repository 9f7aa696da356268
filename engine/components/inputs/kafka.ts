/**
 * Reads topics of Kafka, at least once.
 *
 * An offset is committed once everything before it was delivered; what was under way when a process died comes again.
 */
import { type Static, type TObject, Type } from '../../../crds/typebox.ts'
import { HeadgateError } from '../../error.ts'
import {
  type BatchPolicyConfig,
  type BatchTriggers,
  batchPolicySchema,
} from '../../pipelines/batch-policy.ts'
import type { BuildContext, ProcessorChain } from '../../pipelines/build-context.ts'
import {
  defineInput,
  type Input,
  type InputBatch,
  type InputDefinition,
} from '../../pipelines/component.ts'
import { durationField } from '../../pipelines/fields.ts'
import { unlessAborted } from '../../pipelines/unless-aborted.ts'
import { unsupportedField } from '../../pipelines/unsupported-field.ts'
import { Wake } from '../../pipelines/wake.ts'
import { autoReplayField, type Replaying, replaying } from '../auto-replay.ts'
import { brokerFaults, brokerFields, clientOptions } from '../kafka/broker-fields.ts'
import { type ConsumerSettings, KafkaConsumer } from '../kafka/kafka-consumer.ts'
import { LaneBatches } from '../kafka/lane-batches.ts'
import { loadKafka } from '../kafka/load-kafka.ts'
import { parseTopicSelection } from '../kafka/topic-selection.ts'
import { tlsNeeds } from '../tls-fields.ts'

const fields = {
  ...brokerFields,
  topics: Type.Array(Type.String(), {
    minItems: 1,
    description:
      'Topics, or partitions of topics: `orders`, `orders:0`, `orders:0-5`; one text may hold several, with commas between them.',
    examples: [['orders'], ['orders:0-5', 'returns:0']],
  }),
  consumer_group: Type.String({
    default: '',
    description:
      'The group whose members share the partitions, and under whose name offsets are kept. Without one, all partitions are read, and from the edge at each start.',
  }),
  instance_id: Type.String({
    default: '',
    description:
      'Makes this a static member of the group, which keeps its partitions over a restart.',
  }),
  start_from_oldest: Type.Boolean({
    default: true,
    description: 'Where to begin without a kept offset: at the oldest message, or at what comes.',
  }),
  checkpoint_limit: Type.Integer({
    default: 1024,
    minimum: 1,
    description: 'Messages of a partition that may be under way at once; 1 keeps strict order.',
  }),
  auto_replay_nacks: autoReplayField,
  commit_period: durationField({ default: '1s', description: 'How often offsets are committed.' }),
  max_processing_period: durationField({
    default: '100ms',
    description:
      'After which a partition whose messages nobody takes must not hold up others: here it never does.',
  }),
  extract_tracing_map: unsupportedField(
    '',
    'a trace is taken from the headers `traceparent` and `tracestate`',
  ),
  timely_nacks_maximum_wait: unsupportedField('', 'a message is given as long as it takes'),
  group: Type.Object(
    {
      session_timeout: durationField({
        default: '10s',
        description: 'After how long without a heartbeat a member counts as gone.',
      }),
      heartbeat_interval: durationField({ default: '3s', description: 'How often it says so.' }),
      rebalance_timeout: durationField({
        default: '60s',
        description: 'How long the members have to join anew when the group changes.',
      }),
    },
    { default: {}, description: 'Timing of the group.' },
  ),
  fetch_buffer_cap: Type.Integer({
    default: 256,
    minimum: 1,
    description: 'Messages of a partition that wait here before more are fetched.',
  }),
  multi_header: Type.Boolean({
    default: false,
    description: 'Headers become lists of all values under a name; else the last one counts.',
  }),
  batching: Type.Unsafe<BatchPolicyConfig>({ ...batchPolicySchema, default: {} }),
}
const config: TObject<typeof fields> = Type.Object(fields)
type Config = Static<typeof config>

export const kafka: InputDefinition = defineInput({
  name: 'kafka',
  status: 'stable',
  effects: 'read',
  summary: 'Reads topics of Kafka.',
  description: `Needs the package \`@platformatic/kafka\`. Brokers that are away are tried again for ever.

Metadata: \`kafka_key\`, \`kafka_topic\`, \`kafka_partition\`, \`kafka_offset\`, \`kafka_lag\`, \`kafka_timestamp_ms\`,
\`kafka_timestamp_unix\`, \`kafka_tombstone_message\`, and each header by its name.

Messages of a partition are processed together up to \`checkpoint_limit\`, and an offset is committed once everything
before it was delivered. A batch of \`batching\` is of one partition.`,
  config,
  nack: 'replay',
  check: (options) => {
    const wrong = options.topics.some((topic) => topic.includes('${'))
      ? undefined
      : parseTopicSelection(options.topics)
    return [
      ...brokerFaults(options),
      ...(typeof wrong === 'string' ? [{ path: ['topics'], message: wrong }] : []),
    ]
  },
  needs: ({ tls }) => tlsNeeds(tls),
  examples: [
    {
      title: 'Share a topic with others of a group',
      config: { addresses: ['localhost:9092'], topics: ['orders'], consumer_group: 'headgate' },
    },
    {
      title: 'Some partitions, in strict order',
      config: {
        addresses: ['localhost:9092'],
        topics: ['orders:0-5'],
        consumer_group: 'headgate',
        checkpoint_limit: 1,
      },
    },
  ],
  build: async (options, context) => {
    const { batching } = options
    const chain = await context.processors(batching.processors, ['batching', 'processors'])
    return new KafkaInput(options, context, {
      triggers: triggersOf(batching, context),
      processors: batching.processors.length === 0 ? undefined : joined(chain),
    })
  },
})

interface Batching {
  readonly triggers: BatchTriggers | undefined
  readonly processors: ProcessorChain | undefined
}

class KafkaInput implements Input {
  readonly #config: Config
  readonly #context: BuildContext
  readonly #batches: LaneBatches
  readonly #processors: ProcessorChain | undefined
  readonly #replaying: Replaying
  readonly #consumer: KafkaConsumer
  readonly #wake = new Wake()

  constructor(options: Config, context: BuildContext, { triggers, processors }: Batching) {
    const { clock } = context.environment
    const ring = (): void => this.#wake.ring()
    this.#config = options
    this.#context = context
    this.#processors = processors
    this.#replaying = replaying(options.auto_replay_nacks)
    this.#batches = new LaneBatches(triggers, clock, ring)
    this.#consumer = new KafkaConsumer(settingsOf(options, context), clock, ring)
  }

  async connect(): Promise<void> {
    const options = await clientOptions(this.#config, this.#context)
    await this.#consumer.connect({ kafka: await loadKafka(), options })
  }

  read(signal: AbortSignal): InputBatch | Promise<InputBatch> {
    return this.#take() ?? this.#wait(signal)
  }

  async close(): Promise<void> {
    this.#batches.close()
    await this.#processors?.close()
    await this.#consumer.close()
  }

  async #wait(signal: AbortSignal): Promise<InputBatch> {
    for (;;) {
      signal.throwIfAborted()
      const batch = this.#take()
      if (batch !== undefined) return batch
      const { failure } = this.#consumer
      if (failure !== undefined) throw failure
      await unlessAborted(this.#wake.wait(), signal)
    }
  }

  #take(): InputBatch | undefined {
    const batch = this.#batches.next(this.#consumer.lanes())
    if (batch === undefined) return undefined
    const { lane, messages, last } = batch
    const ticket = lane.track(last, messages.length)
    return {
      messages,
      settle: () => {
        const full = lane.isFull
        lane.resolve(ticket)
        if (full && !lane.isFull) this.#wake.ring()
      },
      ...(this.#processors === undefined ? {} : { processors: this.#processors }),
      ...this.#replaying,
    }
  }
}

function settingsOf(options: Config, context: BuildContext): ConsumerSettings {
  const selection = parseTopicSelection(options.topics)
  if (typeof selection === 'string')
    throw new HeadgateError('ComponentConfigInvalid', `topics: ${selection}`)
  const durationMs = (text: string, standard: number): number =>
    context.durationMs(text) ?? standard
  const { session_timeout, heartbeat_interval, rebalance_timeout } = options.group
  return {
    selection,
    group: options.consumer_group,
    instanceId: options.instance_id,
    startFromOldest: options.start_from_oldest,
    commitPeriodMs: durationMs(options.commit_period, 1_000),
    sessionTimeoutMs: durationMs(session_timeout, 10_000),
    heartbeatMs: durationMs(heartbeat_interval, 3_000),
    rebalanceTimeoutMs: durationMs(rebalance_timeout, 60_000),
    multiHeader: options.multi_header,
    limits: { checkpointLimit: options.checkpoint_limit, bufferMax: options.fetch_buffer_cap },
  }
}

/** Undefined for a policy that asks for nothing. */
function triggersOf(policy: BatchPolicyConfig, context: BuildContext): BatchTriggers | undefined {
  const { count, byte_size: bytes, period, check } = policy
  if (count === 0 && bytes === 0 && period === '' && check === '') return undefined
  return {
    countMax: count === 0 ? undefined : count,
    bytesMax: bytes === 0 ? undefined : bytes,
    periodMs: context.durationMs(period),
    check: check === '' ? undefined : context.query(check),
  }
}

/** What the processors of a policy make of a batch stays one batch. */
function joined(chain: ProcessorChain): ProcessorChain {
  return {
    ...chain,
    run: (batch, signal) => {
      const results = chain.run(batch, signal)
      return results instanceof Promise ? results.then(joinBatches) : joinBatches(results)
    },
    parts: () => chain.parts(),
    close: () => chain.close(),
  }
}

type Batches =
  ReturnType<ProcessorChain['run']> extends infer Results
    ? Exclude<Results, Promise<unknown>>
    : never

function joinBatches(batches: Batches): Batches {
  return batches.length < 2 ? batches : [batches.flat()]
}
