import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import type { SinkSpec } from '../../crds/generated/specs.gen.ts'
import {
  committed,
  consume,
  createStream,
  produce,
  type Received,
  started,
  type ToldServer,
  toldServer,
} from '../components/testing.ts'
import { HeadgateError } from '../error.ts'
import type { Pipeline } from './pipeline.ts'
import { inspectSink, lowerSink } from './sink.ts'
import { type TestEnvironment, testEnvironment } from './testing.ts'

const SPEC: SinkSpec = {
  from: { stream: 'readings', start: 'earliest' },
  endpoint: {
    type: 'standard',
    url: 'http://127.0.0.1:1/in',
    payload_format: '$dataset',
    log_line_separator: '\n',
  },
  batch: { records: 100, bytes: '1MiB', period: '10ms' },
  retry: { initial: '1ms', max: '2ms', jitter: 0.2 },
  active: true,
}

const pipelines: Pipeline[] = []
const servers: ToldServer[] = []

afterEach(async () => {
  for (const pipeline of pipelines.splice(0)) await pipeline.stop(1)
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]()
})

type Tell = Parameters<typeof toldServer>[0]

/** A sink of ten records `r0` to `r9`, running against a server that answers as told. */
async function running(tell: Tell, change: (url: string) => Partial<SinkSpec> = () => ({})) {
  const server = await toldServer(tell)
  servers.push(server)
  const environment = testEnvironment({
    name: 'archive',
    secrets: { resolve: async () => 's3cret' },
  })
  const { engine } = environment
  await createStream(engine, 'readings')
  await createStream(engine, 'undelivered')
  const records = Array.from({ length: 10 }, (_, index) => ({
    key: Buffer.from(`k${index}`),
    headers: [{ name: 'trace', value: Buffer.from(`t${index}`) }],
    data: Buffer.from(`r${index}`),
  }))
  await produce(engine, 'readings', records)
  const endpoint = { ...SPEC.endpoint, url: `${server.url}/in` }
  const spec = { ...SPEC, endpoint, ...change(endpoint.url) }
  pipelines.push(await started(lowerSink('archive', spec), environment))
  return { server, engine, environment, incarnation: incarnationOf(environment) }
}

function incarnationOf({ streams }: TestEnvironment): number {
  return streams.resolve('default', 'readings')?.incarnation ?? -1
}

function delivered(received: readonly Received[], accepted: (body: string) => boolean) {
  return received
    .map(({ body }) => body)
    .filter(accepted)
    .flatMap((body) => body.split('\n'))
}

const ALL = Array.from({ length: 10 }, (_, index) => `r${index}`)

describe('a sink', () => {
  test('posts its records in one batch, with a key, and commits', async () => {
    const { server, engine, incarnation } = await running(() => ({ status: 204 }))
    await committed(engine, 'sink.archive', 11)
    expect(server.received).toHaveLength(1)
    const [request] = server.received
    expect(request?.body).toBe(ALL.join('\n'))
    expect(request?.headers['content-type']).toBe('text/plain')
    expect(request?.headers['idempotency-key']).toBe(`readings/${incarnation}/0/1-10`)
  })

  test('filters, maps and frames; a record cannot act as a pattern of the format', async () => {
    const { server } = await running(
      () => ({ status: 200 }),
      (url) => ({
        from: { ...SPEC.from, filter: '# some\n@headgate_sequence > 8 # the last two' },
        template: 'root.text = content().string() + "$& $dataset"',
        endpoint: {
          ...SPEC.endpoint,
          url,
          payload_format: '[$dataset]',
          log_line_separator: ',\\n',
          headers: { Authorization: { fromSecret: { name: 'a', key: 'b' } } },
        },
      }),
    )
    await server.answered(1)
    expect(server.received[0]?.body).toBe('[{"text":"r8$& $dataset"},\n{"text":"r9$& $dataset"}]')
    expect(server.received[0]?.headers['content-type']).toBe('application/json')
    expect(server.received[0]?.headers.authorization).toBe('s3cret')
  })

  test('repeats what the endpoint cannot take now, with the same key', async () => {
    const answers = [{ status: 503 }, undefined, { status: 429 }, { status: 408 }]
    const { server, engine } = await running((_, index) =>
      index < answers.length ? answers[index] : { status: 200 },
    )
    await committed(engine, 'sink.archive', 11)
    expect(server.received).toHaveLength(answers.length + 1)
    expect(new Set(server.received.map(({ headers }) => headers['idempotency-key'])).size).toBe(1)
  })

  test('halves a batch that is too large until it fits', async () => {
    const fits = (body: string) => body.split('\n').length <= 3
    const { server, engine } = await running(({ body }) => ({ status: fits(body) ? 200 : 413 }))
    await committed(engine, 'sink.archive', 11)
    expect(delivered(server.received, fits)).toEqual(ALL)
  })

  test('isolates the records that are refused, and keeps them with the reason', async () => {
    const bad = (body: string) => /r3|r7/.test(body)
    const { server, engine } = await running(
      ({ body }) => (bad(body) ? { status: 400, body: 'no such  thing' } : { status: 200 }),
      () => ({ deadLetter: { stream: 'undelivered' } }),
    )
    await committed(engine, 'sink.archive', 11)
    expect(delivered(server.received, (body) => !bad(body))).toEqual(
      ALL.filter((record) => !bad(record)),
    )
    const letters = await consume(engine, 'undelivered', 2)
    expect(letters.map(({ data }) => Buffer.from(data).toString())).toEqual(['r3', 'r7'])
    const [first] = letters
    expect(Buffer.from(first?.key ?? []).toString()).toBe('k3')
    const headers = Object.fromEntries(
      first?.headers.map(({ name, value }) => [name, Buffer.from(value).toString()]) ?? [],
    )
    expect(headers).toEqual({
      trace: 't3',
      'headgate-reason': expect.stringContaining('answered 400: no such thing'),
      'headgate-component': 'root.output',
      'headgate-stream': 'readings',
      'headgate-shard': '0',
      'headgate-sequence': '4',
      'headgate-time': expect.stringMatching(/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/),
      'headgate-attempt': '1',
    })
  })

  test('never loses what is refused without a dead letter: it is shown and comes again', async () => {
    let accepts = false
    const { server, engine } = await running(({ body }) => ({
      status: body.includes('r5') && !accepts ? 422 : 200,
    }))
    const [pipeline] = pipelines
    await server.answered(1)
    while (!pipeline?.state().message?.includes('answered 422')) await setImmediate()
    expect(engine.groups.offsets('sink.archive')[0]?.next ?? 0).toBeLessThan(11)
    accepts = true
    await committed(engine, 'sink.archive', 11)
    expect(server.received.at(-1)?.body).toBe('r5')
  })

  test('blames no record for bad credentials: it waits, shows it, and goes on', async () => {
    let authorized = false
    const { server, engine } = await running(
      () => ({ status: authorized ? 200 : 401 }),
      () => ({ deadLetter: { stream: 'undelivered' }, retry: { ...RETRY, attempts: 1 } }),
    )
    await server.answered(3)
    expect(pipelines[0]?.state()).toMatchObject({
      connected: false,
      message: expect.stringContaining('AuthFailed'),
    })
    authorized = true
    await committed(engine, 'sink.archive', 11)
    expect(pipelines[0]?.state()).toMatchObject({ connected: true, message: undefined })
    expect(engine.streams.describe(['default/undelivered'])[0]?.records).toBe(0)
  })

  test('gives up after its attempts where a dead letter takes the records', async () => {
    const { server, engine } = await running(
      () => ({ status: 500 }),
      () => ({ deadLetter: { stream: 'undelivered' }, retry: { ...RETRY, attempts: 2 } }),
    )
    await committed(engine, 'sink.archive', 11)
    expect(server.received).toHaveLength(2)
    expect(await consume(engine, 'undelivered', 10)).toHaveLength(10)
  })

  test('keeps a record whose template fails as a dead letter, and never sends it', async () => {
    const { server, engine } = await running(
      () => ({ status: 200 }),
      () => ({ template: 'root = this.id', deadLetter: { stream: 'undelivered' } }),
    )
    await committed(engine, 'sink.archive', 11)
    expect(server.received).toHaveLength(0)
    const letters = await consume(engine, 'undelivered', 10)
    expect(letters).toHaveLength(10)
    const blamed = letters[0]?.headers.find(({ name }) => name === 'headgate-component')
    expect(String(blamed?.value)).toBe('root.pipeline.processors.0')
    const series = pipelines[0]?.series().find(({ name }) => name === 'dead_letters')
    expect(series?.value).toBe(10)
  })

  test('does not start without its secret', async () => {
    const environment = testEnvironment({
      secrets: {
        resolve: async () => {
          throw new HeadgateError('SecretMissing', 'no a/b')
        },
      },
    })
    await createStream(environment.engine, 'readings')
    const headers = { Authorization: { fromSecret: { name: 'a', key: 'b' } } }
    const spec = { ...SPEC, endpoint: { ...SPEC.endpoint, headers } }
    await expect(started(lowerSink('s', spec), environment)).rejects.toThrow('no a/b')
  })
})

const RETRY = { initial: '1ms', max: '2ms', jitter: 0 } as const

describe('inspectSink', () => {
  test('finds nothing wrong with a sink that is right, and says what it uses', async () => {
    const found = await inspectSink({
      ...SPEC,
      from: { ...SPEC.from, filter: 'this.n > 1 # why' },
      template: 'root = this',
      deadLetter: { stream: 'undelivered' },
      endpoint: { ...SPEC.endpoint, headers: { A: { fromEnv: 'TOKEN' } } },
    })
    expect(found.problems).toEqual([])
    expect(found.streams).toEqual([
      { stream: 'readings', access: 'read', path: ['from', 'stream'] },
      { stream: 'undelivered', access: 'write', path: ['deadLetter', 'stream'] },
    ])
    expect(found.needs).toEqual([
      { kind: 'env', name: 'TOKEN', path: ['endpoint', 'headers', 'A'] },
    ])
    expect(found.atLeastOnceBecause).toContain('standard')
  })

  test('tells problems where the person wrote the text', async () => {
    const { problems } = await inspectSink({
      ...SPEC,
      from: { ...SPEC.from, filter: 'true &&\n  this.n > nowt()' },
      template: 'root.a = 1\nroot = frobnicate()',
    })
    expect(problems.map(({ path, within }) => [path, within])).toEqual([
      [['from', 'filter'], { line: 2, column: 12 }],
      [['template'], { line: 2, column: 8 }],
    ])
  })

  test('refuses an endpoint type that is not there yet, at its type alone', async () => {
    const spec = { ...SPEC, endpoint: { type: 'kafka' } } as unknown as SinkSpec
    expect((await inspectSink(spec)).problems).toMatchObject([
      { path: ['endpoint', 'type'], message: 'endpoint type "kafka" is not available yet' },
    ])
  })
})
