/** What the Kafka input promises: nothing is lost, whoever dies. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, inject, it, onTestFinished } from 'vitest'
import { started, toldServer } from '../../engine/components/testing.ts'
import type { Pipeline } from '../../engine/pipelines/pipeline.ts'
import { type TestEnvironment, testEnvironment } from '../../engine/pipelines/testing.ts'
import { until, up } from '../harness/headgate-process.ts'
import { startKafkaBroker } from './kafka-broker.ts'
import {
  committedOffsets,
  consume,
  createTopic,
  deleteRecords,
  produceTexts,
} from './kafka-client.ts'
import { buildKafkaJars } from './kafka-jars.ts'

const { open } = inject('kafka')

const texts = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from }, (_, index) => `m${from + index}`)

const linesOf = (environment: TestEnvironment): readonly string[] =>
  environment.stdout.text.split('\n').filter((line) => line !== '')

function read(
  topics: readonly string[],
  environment: TestEnvironment,
  more: object = {},
): Promise<Pipeline> {
  const kafka = { addresses: [open], topics, commit_period: '50ms', ...more }
  return started({ input: { kafka }, output: { stdout: {} } }, environment)
}

it('resumes after a SIGKILL without a loss, and not from the beginning', async () => {
  await createTopic(open, 'killed')
  await produceTexts(open, 'killed', texts(0, 3_000))
  const folder = mkdtempSync(join(tmpdir(), 'headgate-killed-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const out = join(folder, 'out.txt')
  writeFileSync(
    join(folder, 'pipeline.yaml'),
    `apiVersion: headgate.dev/v1alpha1
kind: Pipeline
metadata: {name: killed}
spec:
  input:
    kafka: {addresses: ['${open}'], topics: [killed], consumer_group: killed, commit_period: 20ms, group: {session_timeout: 1500ms, heartbeat_interval: 300ms}}
  pipeline:
    processors:
      - sleep: {duration: 1ms}
  output:
    file: {path: '${out}'}
`,
  )
  const lines = (): readonly string[] =>
    existsSync(out) ? readFileSync(out, 'utf8').split('\n').filter(Boolean) : []
  const options = { folder, dataDirectory: join(folder, 'data') }
  const first = await up(options)
  await until('a part of them', () => lines().length > 500 || undefined)
  await first.kill()
  const before = lines()
  expect(before.length).toBeLessThan(3_000)
  const stored = (await committedOffsets(open, 'killed', 'killed'))[0] ?? 0
  expect(stored).toBeGreaterThan(0)
  expect(stored).toBeLessThanOrEqual(before.length)
  await produceTexts(open, 'killed', texts(3_000, 3_010))
  await using second = await up(options)
  await until('all of them', () => new Set(lines()).size >= 3_010 || undefined)
  expect(lines().slice(before.length)).not.toContain('m0')
  expect(await second.stop()).toBe(0)
})

it('gives a rejected message again and commits nothing beyond it until it is delivered', async () => {
  await createTopic(open, 'refused')
  await produceTexts(open, 'refused', ['a', 'b', 'c'])
  let isOpen = false
  await using server = await toldServer(({ body }) =>
    body === 'b' && !isOpen ? { status: 500 } : { status: 200 },
  )
  const pipeline = await started(
    {
      input: {
        kafka: {
          addresses: [open],
          topics: ['refused'],
          consumer_group: 'refused',
          commit_period: '20ms',
        },
      },
      output: { http_client: { url: server.url, retries: 0 } },
    },
    testEnvironment(),
  )
  const count = (text: string): number => server.received.filter(({ body }) => body === text).length
  await until('several tries', () => (count('b') > 3 && count('c') === 1) || undefined)
  await until('a commit', async () => {
    const [offset] = await committedOffsets(open, 'refused', 'refused')
    return offset === 1 || undefined
  })
  isOpen = true
  await until('the last commit', async () => {
    const [offset] = await committedOffsets(open, 'refused', 'refused')
    return offset === 3 || undefined
  })
  expect([count('a'), count('c')]).toEqual([1, 1])
  await pipeline.stop(5_000)
})

it('drops what was rejected where it is told not to repeat it', async () => {
  await createTopic(open, 'dropped')
  await produceTexts(open, 'dropped', ['a', 'b', 'c'])
  await using server = await toldServer(({ body }) => ({ status: body === 'b' ? 500 : 200 }))
  const kafka = { addresses: [open], topics: ['dropped'], consumer_group: 'dropped' }
  const pipeline = await started(
    {
      input: { kafka: { ...kafka, auto_replay_nacks: false } },
      output: { http_client: { url: server.url, retries: 0 } },
    },
    testEnvironment(),
  )
  await server.answered(3)
  await pipeline.stop(5_000)
  expect(await committedOffsets(open, 'dropped', 'dropped')).toEqual([3])
  expect(server.received.map(({ body }) => body).toSorted()).toEqual(['a', 'b', 'c'])
})

it('goes on by itself when the broker comes back, and says meanwhile that it is away', async () => {
  await using broker = await startKafkaBroker(buildKafkaJars())
  const address = broker.addresses.open
  await createTopic(address, 'in')
  await createTopic(address, 'out')
  const pipeline = await started(
    {
      input: {
        kafka: {
          addresses: [address],
          topics: ['in'],
          consumer_group: 'restarted',
          commit_period: '50ms',
        },
      },
      output: { kafka: { addresses: [address], topic: 'out' } },
    },
    testEnvironment(),
  )
  await produceTexts(address, 'in', texts(0, 50))
  expect(await consume(address, 'out', 50)).toHaveLength(50)
  expect(pipeline.state().connected).toBe(true)
  await broker.kill()
  await until('the loss to show', () => !pipeline.state().connected || undefined)
  await broker.start()
  await produceTexts(address, 'in', texts(50, 100))
  await until('all of them', async () => {
    const [offset] = await committedOffsets(address, 'restarted', 'in')
    return offset === 100 || undefined
  })
  const seen = new Set((await consume(address, 'out', 100)).map(({ value }) => value))
  for (const text of texts(0, 100)) expect(seen).toContain(text)
  await until('the connection', () => pipeline.state().connected || undefined)
  expect(await pipeline.stop(10_000)).toBe('drained')
})

it('waits for a broker that is away from the start', async () => {
  const away = { addresses: ['127.0.0.1:1'] }
  const pipeline = await started(
    {
      input: { kafka: { ...away, topics: ['t'] } },
      output: { kafka: { ...away, topic: 't' } },
    },
    testEnvironment(),
  )
  const { phase, connected, message } = pipeline.state()
  expect({ phase, connected }).toEqual({ phase: 'running', connected: false })
  expect(message).toContain('127.0.0.1:1')
  await pipeline.stop(1_000)
})

it('shares the partitions of a topic among two members, and takes over those of one that left', async () => {
  await createTopic(open, 'shared', 4)
  const group = {
    consumer_group: 'shared',
    group: { session_timeout: '3s', heartbeat_interval: '100ms' },
  }
  const environments = [testEnvironment(), testEnvironment()] as const
  const one = await read(['shared'], environments[0], group)
  const other = await read(['shared'], environments[1], group)
  let sent = 0
  const feedAll = async (): Promise<void> => {
    for (let partition = 0; partition < 4; partition++)
      await produceTexts(open, 'shared', [`m${sent++}`], partition)
  }
  await until('both to read', async () => {
    await feedAll()
    return environments.every((environment) => linesOf(environment).length > 0) || undefined
  })
  await one.stop(5_000)
  await feedAll()
  const all = (): ReadonlySet<string> => new Set(environments.flatMap(linesOf))
  await until('everything', () => all().size === sent || undefined)
  expect(await other.stop(5_000)).toBe('drained')
  const offsets = await committedOffsets(open, 'shared', 'shared', [0, 1, 2, 3])
  expect(offsets.reduce((sum, offset) => sum + offset, 0)).toBe(sent)
})

it('reads the partitions that it is told, keeps their offsets, and needs no group for it', async () => {
  await createTopic(open, 'told', 4)
  for (let partition = 0; partition < 4; partition++)
    await produceTexts(open, 'told', [`p${partition}`], partition)
  const environment = testEnvironment()
  const pipeline = await read(['told:1-2'], environment, { consumer_group: 'told' })
  await until('two', () => linesOf(environment).length === 2 || undefined)
  await pipeline.stop(5_000)
  expect(linesOf(environment).toSorted()).toEqual(['p1', 'p2'])
  expect(await committedOffsets(open, 'told', 'told', [0, 1, 2, 3])).toEqual([-1, 1, 1, -1])
  const again = testEnvironment()
  const whole = await read(['told:0,told:3'], again)
  await until('the others', () => linesOf(again).length === 2 || undefined)
  await whole.stop(5_000)
})

it('has no more of a partition under way than it may, and gathers batches of one partition', async () => {
  await createTopic(open, 'limited', 2)
  await produceTexts(open, 'limited', texts(0, 10), 0)
  await produceTexts(open, 'limited', texts(10, 20), 1)
  const environment = testEnvironment()
  const pipeline = await started(
    {
      input: {
        kafka: {
          addresses: [open],
          topics: ['limited'],
          consumer_group: 'limited',
          checkpoint_limit: 1,
          batching: { count: 5, processors: [{ archive: { format: 'lines' } }] },
        },
      },
      pipeline: { processors: [{ mapping: 'root = content().string().replace_all("\\n", " ")' }] },
      output: { stdout: {} },
    },
    environment,
  )
  await until('four batches', () => linesOf(environment).length === 4 || undefined)
  await pipeline.stop(5_000)
  expect(linesOf(environment).toSorted()).toEqual(
    [texts(0, 5), texts(5, 10), texts(10, 15), texts(15, 20)]
      .map((part) => part.join(' '))
      .toSorted(),
  )
})

it('begins at the edge when what it was at is gone', async () => {
  await createTopic(open, 'trimmed')
  await produceTexts(open, 'trimmed', texts(0, 5))
  const group = { consumer_group: 'trimmed' }
  const first = testEnvironment()
  const one = await read(['trimmed'], first, group)
  await until('five', () => linesOf(first).length === 5 || undefined)
  await one.stop(5_000)
  await produceTexts(open, 'trimmed', texts(5, 20))
  await deleteRecords(open, 'trimmed', 12n)
  const second = testEnvironment()
  const other = await read(['trimmed'], second, group)
  await until('the rest', () => linesOf(second).length === 8 || undefined)
  await other.stop(5_000)
  expect(linesOf(second)).toEqual(texts(12, 20))
})
