/** How the headers of a trace go in and out of components, where nobody traces and where somebody does. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { afterEach, expect, test } from 'vitest'
import { runToEnd, started, toldServer } from '../../components/testing.ts'
import { RECORD_HEADERS_MAX } from '../../log/record.ts'
import { openTelemetry } from '../../ports/open-telemetry.ts'
import type { Span } from '../../ports/tracing.ts'
import type { Pipeline } from '../pipeline.ts'
import { lowerSink } from '../sink.ts'
import { createStream, memory, readAll } from '../stream-testing.ts'
import { testEnvironment } from '../testing.ts'

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const OTHER = PARENT.replace('b7ad6b71', 'ffffffff')

const pipelines: Pipeline[] = []
const closing: (() => void)[] = []
afterEach(async () => {
  for (const pipeline of pipelines.splice(0)) await pipeline.stop(1)
  for (const close of closing.splice(0)) close()
  trace.disable()
  context.disable()
})

const withParent = {
  generate: { mapping: `root.id = 1\nmeta traceparent = "${PARENT}"`, interval: '', count: 1 },
}

async function stored(stream: object): Promise<readonly (readonly [string, string])[]> {
  const engine = memory()
  await createStream(engine, 'orders', 1)
  const output = { stream: { name: 'orders', ...stream } }
  await runToEnd({ input: withParent, output }, testEnvironment({ engine }))
  const [record] = await readAll(engine, 'orders')
  return (record?.headers ?? []).map(({ name, value }) => [name, Buffer.from(value).toString()])
}

test('a record gets the headers of its trace besides those of the config, which come first', async () => {
  expect(await stored({ headers: { origin: 'sensor' } })).toEqual([
    ['origin', 'sensor'],
    ['traceparent', PARENT],
  ])
})

test('whoever names a header of a trace in the config says what is in it', async () => {
  expect(await stored({ headers: { traceparent: OTHER } })).toEqual([['traceparent', OTHER]])
})

test('a record that has as many headers as it may have goes without', async () => {
  const full = (count: number): Record<string, string> =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`h${index}`, 'x']))
  expect(await stored({ headers: full(RECORD_HEADERS_MAX) })).toHaveLength(RECORD_HEADERS_MAX)
  expect((await stored({ headers: full(RECORD_HEADERS_MAX - 1) })).at(-1)?.[0]).toBe('traceparent')
})

test('a request finds its trace in any letters, and its config has the last word on what goes on', async () => {
  await using target = await toldServer(() => ({ status: 200 }))
  const environment = testEnvironment({ name: 'in' })
  const headers = { Traceparent: '${! meta("traceparent").replace_all("b7ad6b71", "ffffffff") }' }
  const output = { http_client: { url: target.url, headers } }
  pipelines.push(await started({ input: { http_server: {} }, output }, environment))
  const server = createServer()
  environment.endpoints.listenOn(server)
  closing.push(() => server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const sent = { method: 'POST', headers: { TraceParent: PARENT } }
  request(`http://127.0.0.1:${port}/in/post`, sent).end('{}')
  await target.answered(1)
  expect(target.received[0]?.headers['traceparent']).toBe(OTHER)
})

test('the http processor sends it, too, and its input does not', async () => {
  await using target = await toldServer(() => ({
    status: 200,
    headers: { traceparent: PARENT },
    body: '{}',
  }))
  await runToEnd(
    {
      input: withParent,
      pipeline: { processors: [{ http: { url: target.url } }] },
      output: { drop: {} },
    },
    testEnvironment(),
  )
  expect(target.received[0]?.headers['traceparent']).toBe(PARENT)
  const input = { http_client: { url: target.url, extract_headers: { include_patterns: ['.*'] } } }
  pipelines.push(await started({ input, output: { drop: {} } }, testEnvironment()))
  await target.answered(3)
  expect(target.received.slice(1).map(({ headers }) => headers['traceparent'])).not.toContain(
    PARENT,
  )
})

test('a Sink delivers it', async () => {
  await using target = await toldServer(() => ({ status: 200 }))
  const engine = memory()
  await createStream(engine, 'orders', 1)
  const environment = testEnvironment({ engine, group: 'sink.out' })
  await runToEnd({ input: withParent, output: { stream: { name: 'orders' } } }, environment)
  const sink = lowerSink('out', {
    from: { stream: 'orders', start: 'earliest' },
    endpoint: { type: 'standard', url: target.url },
  } as never)
  pipelines.push(await started(sink, environment))
  await target.answered(1)
  expect(target.received[0]?.headers['traceparent']).toBe(PARENT)
})

test('what goes from one pipeline to another within the process is within the span that sends it', async () => {
  const exporter = new InMemorySpanExporter()
  const spanProcessors = [new SimpleSpanProcessor(exporter)]
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors }))
  const tracing = openTelemetry('1') ?? never()
  const environment = testEnvironment({ tracing, name: 'second' })
  const second = { input: { inproc: 'between' }, output: { drop: {} } }
  pipelines.push(await started(second, environment))
  const first = { ...environment, name: 'first' }
  await runToEnd({ input: withParent, output: { inproc: 'between' } }, first)
  const spans = exporter.getFinishedSpans()
  const named = (name: string) => spans.find((span) => span.name === name)
  expect(named('headgate.pipeline second')?.parentSpanContext?.spanId).toBe(
    named('output_inproc')?.spanContext().spanId,
  )
})

test('a trace goes on behind a buffer that keeps nothing but what is written down', async () => {
  const exporter = new InMemorySpanExporter()
  const spanProcessors = [new SimpleSpanProcessor(exporter)]
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors }))
  const tracing = openTelemetry('1') ?? never()
  const directory = await mkdtemp(join(tmpdir(), 'headgate-traced-'))
  const buffer = { sqlite: { path: 'buffer.db' } }
  const spec = { input: withParent, buffer, output: { drop: {} } }
  await runToEnd(spec, testEnvironment({ tracing, directory }))
  await rm(directory, { recursive: true })
  const ways = exporter.getFinishedSpans().filter(({ name }) => name === 'headgate.pipeline test')
  const before = ways.find((way) => way.parentSpanContext?.spanId === PARENT.slice(36, 52))
  const behind = ways.find((way) => way !== before)
  expect(behind?.parentSpanContext?.spanId).toBe(before?.spanContext().spanId)
})

test('of a trace that nobody keeps, no component tells anything', async () => {
  const dead: Span = {
    recording: false,
    headers: { traceparent: OTHER },
    begin: () => never(),
    fail: () => {},
    end: () => {},
  }
  const tracing = { begin: () => dead, flush: async () => {} }
  const spec = {
    input: withParent,
    pipeline: { processors: [{ mapping: 'root = tracing_span()' }] },
    output: { stdout: {} },
  }
  const environment = testEnvironment({ tracing })
  await runToEnd(spec, environment)
  expect(JSON.parse(environment.stdout.text)).toEqual({ traceparent: OTHER })
})

test('whatever else is traced in the process, messages belong to their own trace', async () => {
  const exporter = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  trace.setGlobalTracerProvider(provider)
  context.setGlobalContextManager(new AsyncLocalStorageContextManager())
  const tracing = openTelemetry('1') ?? never()
  const alien = provider.getTracer('other').startSpan('alien')
  const input = { generate: { mapping: 'root = 1', interval: '', count: 1 } }
  await context.with(trace.setSpan(context.active(), alien), () =>
    runToEnd({ input, output: { drop: {} } }, testEnvironment({ tracing })),
  )
  const ids = exporter.getFinishedSpans().map((span) => span.spanContext().traceId)
  expect(ids.length).toBeGreaterThan(2)
  expect(ids).not.toContain(alien.spanContext().traceId)
})

test('what has ended is sent when it is asked for, and a provider that fails harms nobody', async () => {
  const exporter = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] })
  trace.setGlobalTracerProvider(provider)
  const tracing = openTelemetry('1') ?? never()
  await runToEnd({ input: withParent, output: { drop: {} } }, testEnvironment({ tracing }))
  expect(exporter.getFinishedSpans()).toEqual([])
  await tracing.flush()
  expect(exporter.getFinishedSpans()).toHaveLength(3)
  provider.forceFlush = () => Promise.reject(new Error('away'))
  await tracing.flush()
})

function never(): never {
  throw new Error('there is no provider')
}
