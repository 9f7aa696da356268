/** What a config of Kafka is told before any broker is asked. */
import { describe, expect, test, vi } from 'vitest'
import { buildPipeline } from '../../pipelines/build-pipeline.ts'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import { testEnvironment } from '../../pipelines/testing.ts'

const INPUT = { addresses: ['localhost:9092'], topics: ['orders'] }
const OUTPUT = { addresses: ['localhost:9092'], topic: 'orders' }

async function faultsOf(spec: object): Promise<readonly string[]> {
  const { problems } = await inspectPipeline({
    input: { stdin: {} },
    output: { drop: {} },
    ...spec,
  })
  return problems.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

const inputFaults = (more: object): Promise<readonly string[]> =>
  faultsOf({ input: { kafka: { ...INPUT, ...more } } })
const outputFaults = (more: object): Promise<readonly string[]> =>
  faultsOf({ output: { kafka: { ...OUTPUT, ...more } } })

describe('the kafka input', () => {
  test.each([
    [{ topics: ['a', 'b:0'] }, 'input.kafka.topics: expected whole topics or partitions'],
    [{ topics: [] }, 'input.kafka.topics: expected at least 1 item'],
    [{ addresses: ['a b'] }, 'input.kafka.addresses.0: expected an address such as localhost:9092'],
    [{ target_version: 'new' }, 'input.kafka.target_version: expected a version such as 3.7.0'],
    [{ sasl: { mechanism: 'AWS_MSK_IAM' } }, 'input.kafka.sasl.mechanism: expected one of'],
    [{ sasl: { mechanism: 'PLAIN' } }, 'input.kafka.sasl: expected a user with PLAIN, got none'],
    [{ sasl: { mechanism: 'OAUTHBEARER' } }, 'input.kafka.sasl: expected access_token or'],
    [
      { extract_tracing_map: 'root = this' },
      'input.kafka.extract_tracing_map: extract_tracing_map is not supported',
    ],
    [{ timely_nacks_maximum_wait: '1s' }, 'timely_nacks_maximum_wait is not supported: a message'],
    [{ checkpoint_limit: 0 }, 'input.kafka.checkpoint_limit: expected a number of at least 1'],
  ])('refuses %j', async (more, fault) => {
    const faults = await inputFaults(more)
    expect(faults.join('\n')).toContain(fault)
    expect(faults).toHaveLength(1)
  })

  test('takes every field of its upstream', async () => {
    const faults = await inputFaults({
      topics: ['orders:0-5,orders:7'],
      target_version: '2.1.0',
      tls: { enabled: true },
      sasl: { mechanism: 'SCRAM-SHA-512', user: 'me', password: { fromEnv: 'PASSWORD' } },
      consumer_group: '',
      client_id: 'me',
      rack_id: 'here',
      instance_id: 'one',
      start_from_oldest: false,
      checkpoint_limit: 1,
      commit_period: '5s',
      max_processing_period: '1s',
      group: { session_timeout: '10s', heartbeat_interval: '3s', rebalance_timeout: '60s' },
      fetch_buffer_cap: 512,
      multi_header: true,
      batching: { count: 10, byte_size: 0, period: '1s', check: '', processors: [] },
      auto_replay_nacks: false,
      timely_nacks_maximum_wait: '',
      extract_tracing_map: '',
    })
    expect(faults).toEqual([])
  })

  test('needs a grant for the files of its certificates', async () => {
    const kafka = { ...INPUT, tls: { enabled: true, root_cas_file: 'ca.pem' } }
    const { needs } = await inspectPipeline({ input: { kafka }, output: { drop: {} } })
    expect(needs).toMatchObject([{ kind: 'file', name: 'ca.pem' }])
  })

  test('names the package to install where it is missing', async () => {
    vi.doMock('@platformatic/kafka', () => {
      throw new Error('not found')
    })
    const pipeline = await buildPipeline(
      { input: { kafka: INPUT }, output: { drop: {} } },
      testEnvironment(),
    )
    await expect(pipeline.connect()).rejects.toMatchObject({
      hint: 'Install it: npm install @platformatic/kafka',
    })
    await pipeline.stop(0)
    vi.doUnmock('@platformatic/kafka')
  })
})

describe('the kafka output', () => {
  test.each([
    [{ partitioner: 'manual' }, 'output.kafka.partition: expected a partition with the'],
    [{ partition: '1' }, 'output.kafka.partition: expected a partition with the partitioner'],
    [{ partitioner: 'sticky' }, 'output.kafka.partitioner: expected one of'],
    [{ compression: 'brotli' }, 'output.kafka.compression: expected one of'],
    [
      { inject_tracing_map: 'root = this' },
      'output.kafka.inject_tracing_map: inject_tracing_map is not supported',
    ],
    [
      { custom_topic_creation: { enabled: true, partitions: 0 } },
      'output.kafka.custom_topic_creation.partitions: expected -1 or at least 1, got 0',
    ],
  ])('refuses %j', async (more, fault) => {
    const faults = await outputFaults(more)
    expect(faults.join('\n')).toContain(fault)
    expect(faults).toHaveLength(1)
  })

  test('takes every field of its upstream', async () => {
    const faults = await outputFaults({
      target_version: '2.1.0',
      key: '${! @key }',
      partitioner: 'manual',
      partition: '${! @partition }',
      custom_topic_creation: { enabled: true, partitions: 3, replication_factor: 1 },
      compression: 'zstd',
      static_headers: { a: 'b' },
      metadata: { exclude_prefixes: ['_'] },
      max_in_flight: 1,
      idempotent_write: true,
      ack_replicas: true,
      max_msg_bytes: 1000,
      timeout: '1s',
      retry_as_batch: true,
      batching: { count: 10 },
      max_retries: 3,
      backoff: { initial_interval: '1s', max_interval: '2s', max_elapsed_time: '' },
    })
    expect(faults).toEqual([])
  })
})
