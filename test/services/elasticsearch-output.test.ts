import { expect, it } from 'vitest'
import { runToEnd, started } from '../../engine/components/testing.ts'
import { testEnvironment } from '../../engine/pipelines/testing.ts'
import { until } from '../harness/headgate-process.ts'
import { type BulkServer, startBulkServer } from './bulk-server.ts'

/** The documents of one batch, then whatever the output does. */
const batchOf = (documents: readonly unknown[]) => ({
  generate: {
    count: 1,
    interval: '',
    mapping: `root = ${JSON.stringify(JSON.stringify(documents))}`,
  },
  processors: [{ unarchive: { format: 'json_array' } }],
})

const QUICK = { initial_interval: '1ms', max_interval: '1ms' }

const output = ({ url }: BulkServer, more: object = {}) => ({
  elasticsearch_v8: {
    urls: [url],
    index: 'orders',
    action: 'index',
    id: '${! json("id") }',
    backoff: QUICK,
    ...more,
  },
})

function stored(server: BulkServer, index = 'orders'): Readonly<Record<string, string>> {
  const entries = [...(server.documents.get(index) ?? [])].map(([id, { text }]) => [id, text])
  return Object.fromEntries(entries)
}

it('writes a batch as one request, each document as it came', async () => {
  await using server = await startBulkServer()
  const exact = '{"id":"1","amount":12345678901234567890.10}'
  await runToEnd(
    {
      input: {
        generate: {
          count: 1,
          interval: '',
          mapping: `root = ${JSON.stringify(`${exact}\n{"id":"2"}`)}`,
        },
        processors: [{ unarchive: { format: 'lines' } }],
      },
      output: output(server, {
        pipeline: 'clean',
        routing: '${! json("id") }',
        gzip_compression: true,
      }),
    },
    testEnvironment(),
  )
  expect(server.requests).toHaveLength(1)
  expect(server.requests[0]?.headers).toMatchObject({
    'content-type': 'application/x-ndjson',
    'content-encoding': 'gzip',
  })
  expect(stored(server)).toEqual({ '1': exact, '2': '{"id":"2"}' })
  expect(server.documents.get('orders')?.get('2')?.about).toEqual({
    _index: 'orders',
    _id: '2',
    pipeline: 'clean',
    routing: '2',
  })
})

it('updates, creates and deletes as each message says', async () => {
  await using server = await startBulkServer()
  const documents = [
    { id: 'a', do: 'index' },
    { id: 'a', do: 'update', paid: true },
    { id: 'b', do: 'upsert' },
    { id: 'c', do: 'create' },
    { id: 'c', do: 'delete' },
    { id: 'nobody', do: 'delete' },
  ]
  await runToEnd(
    {
      input: batchOf(documents),
      output: output(server, { action: '${! json("do") }', retry_on_conflict: 3 }),
    },
    testEnvironment(),
  )
  expect(Object.keys(stored(server))).toEqual(['a', 'b'])
  expect(JSON.parse(stored(server)['a'] ?? '')).toEqual({ id: 'a', do: 'update', paid: true })
  expect(server.requests[0]?.body).toContain('"retry_on_conflict":3')
  expect(server.requests).toHaveLength(1)
})

it('rejects just the documents that the cluster refuses for good, or that are none', async () => {
  await using server = await startBulkServer()
  server.judge = ({ id }) =>
    id === '2' ? { status: 400, type: 'document_parsing_exception', reason: 'no date' } : undefined
  const environment = testEnvironment()
  await runToEnd(
    {
      input: batchOf([{ id: '1' }, { id: '2' }, { id: '3' }, ['none']]),
      output: {
        fallback: [output(server), { stdout: {} }],
      },
    },
    environment,
  )
  expect(Object.keys(stored(server))).toEqual(['1', '3'])
  expect(server.requests).toHaveLength(1)
  const lines = environment.stdout.text.trimEnd().split('\n')
  expect(lines.toSorted()).toEqual(['["none"]', '{"id":"2"}'])
})

it('sends again only what the cluster had no room for', async () => {
  await using server = await startBulkServer()
  let refusals = 2
  server.judge = ({ id }) =>
    id === '2' && refusals-- > 0
      ? { status: 429, type: 'es_rejected_execution_exception', reason: 'queue is full' }
      : undefined
  await runToEnd(
    { input: batchOf([{ id: '1' }, { id: '2' }]), output: output(server) },
    testEnvironment(),
  )
  expect(Object.keys(stored(server))).toEqual(['1', '2'])
  expect(server.requests.map(({ body }) => body.split('\n').length - 1)).toEqual([4, 2, 2])
})

it('keeps the id of a document that is sent again', async () => {
  await using server = await startBulkServer()
  let refusals = 1
  server.judge = () =>
    refusals-- > 0 ? { status: 429, type: 'rejected', reason: 'queue is full' } : undefined
  await runToEnd(
    {
      input: batchOf([{ a: 1 }]),
      output: { elasticsearch: { urls: [server.url], backoff: QUICK } },
    },
    testEnvironment(),
  )
  const [first, second] = server.requests.map(({ body }) => body)
  expect(first).toBe(second)
  expect(Object.keys(stored(server, 'benthos_index'))[0]).toMatch(/^[0-9]+-[0-9]{10}$/)
})

it('repeats a whole request that was answered with 503, and shows it meanwhile', async () => {
  await using server = await startBulkServer()
  const pipeline = await started(
    {
      input: { generate: { count: 3, interval: '', mapping: 'root.id = count("away").string()' } },
      output: output(server, { max_in_flight: 1 }),
    },
    testEnvironment(),
  )
  await until('the first', () => server.documents.get('orders')?.has('3') || undefined)
  await pipeline.stop(1_000)
  server.status = 503
  const next = await started(
    { input: batchOf([{ id: '4' }]), output: output(server) },
    testEnvironment(),
  )
  await until('several tries', () => server.requests.length > 6 || undefined)
  expect(next.state()).toMatchObject({ connected: false })
  expect(next.state().message).toContain('Elasticsearch answered 503')
  server.status = undefined
  await until('the fourth', () => server.documents.get('orders')?.has('4') || undefined)
  await next.stop(1_000)
})

it('waits for a cluster that is away, and writes once it is there', async () => {
  const { url } = await (async () => {
    await using gone = await startBulkServer()
    return { url: gone.url }
  })()
  const pipeline = await started(
    {
      input: batchOf([{ id: '1' }]),
      output: { elasticsearch: { urls: [url], index: 'orders', backoff: QUICK } },
    },
    testEnvironment(),
  )
  expect(pipeline.state()).toMatchObject({ phase: 'running', connected: false })
  expect(pipeline.state().message).toContain(new URL(url).host)
  await using server = await startBulkServer(Number(new URL(url).port))
  await until('the document', () => server.documents.get('orders')?.size === 1 || undefined)
  await pipeline.stop(1_000)
})

it('says who it is where it is told to', async () => {
  await using server = await startBulkServer()
  const basic = { enabled: true, username: 'me', password: 'weir' }
  await runToEnd(
    { input: batchOf([{ id: '1' }]), output: output(server, { basic_auth: basic }) },
    testEnvironment(),
  )
  expect(server.requests[0]?.headers.authorization).toBe(
    `Basic ${Buffer.from('me:weir').toString('base64')}`,
  )
})
