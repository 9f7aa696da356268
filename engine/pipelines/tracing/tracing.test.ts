import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import {
  AlwaysOnSampler,
  BasicTracerProvider,
  InMemorySpanExporter,
  ParentBasedSampler,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { afterEach, describe, expect, test } from 'vitest'
import { runToEnd, started, toldServer } from '../../components/testing.ts'
import { openTelemetry } from '../../ports/open-telemetry.ts'
import type { Tracing } from '../../ports/tracing.ts'
import type { Pipeline } from '../pipeline.ts'
import { count, createStream, memory, readAll, until } from '../stream-testing.ts'
import { type TestEnvironment, testEnvironment } from '../testing.ts'

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const TRACE_ID = PARENT.slice(3, 35)

const pipelines: Pipeline[] = []
const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const pipeline of pipelines.splice(0)) await pipeline.stop(1)
  for (const close of closing.splice(0)) await close()
  trace.disable()
})

/** A provider of the SDK, registered as people do it. */
function traced(sampler: Sampler = new AlwaysOnSampler()): {
  tracing: Tracing
  spans: () => readonly ReadableSpan[]
} {
  const exporter = new InMemorySpanExporter()
  const spanProcessors = [new SimpleSpanProcessor(exporter)]
  trace.setGlobalTracerProvider(new BasicTracerProvider({ sampler, spanProcessors }))
  const tracing = openTelemetry('1.2.3')
  if (tracing === undefined) throw new Error('there is no provider')
  return { tracing, spans: () => exporter.getFinishedSpans() }
}

function one(spans: readonly ReadableSpan[], name: string): ReadableSpan {
  const found = spans.filter((span) => span.name === name)
  if (found.length !== 1 || found[0] === undefined) {
    throw new Error(`${found.length} of ${name} among ${spans.map((span) => span.name)}`)
  }
  return found[0]
}

async function shared({ endpoints }: TestEnvironment): Promise<string> {
  const server = createServer()
  endpoints.listenOn(server)
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function run(spec: object, environment: TestEnvironment): Promise<Pipeline> {
  const pipeline = await started(spec, environment)
  pipelines.push(pipeline)
  return pipeline
}

const given = (...entries: readonly string[]) => ({
  generate: { mapping: entries.join('\n'), interval: '', count: 1 },
})
const withParent = given('root.id = 1', `meta traceparent = "${PARENT}"`, 'meta tracestate = "a=1"')

describe('a trace', () => {
  test('goes from a request through two pipelines and a stream to the next request', async () => {
    const { tracing, spans } = traced()
    await using target = await toldServer(() => ({ status: 200 }))
    const engine = memory()
    await createStream(engine, 'orders', 1)
    const first = testEnvironment({ engine, tracing, name: 'take' })
    await run({ input: { http_server: {} }, output: { stream: { name: 'orders' } } }, first)
    await run(
      {
        input: { stream: { name: 'orders' } },
        pipeline: { processors: [{ mapping: 'root.seen = tracing_id()' }] },
        output: { label: 'send', http_client: { url: target.url } },
      },
      testEnvironment({ engine, tracing, name: 'hand_on' }),
    )
    const url = await shared(first)
    const headers = { Traceparent: PARENT, tracestate: 'a=1' }
    await fetch(`${url}/take/post`, { method: 'POST', body: '{}', headers })
    await target.answered(1)
    await until(() => spans().length === 7)

    const all = spans()
    expect(new Set(all.map((span) => span.spanContext().traceId))).toEqual(new Set([TRACE_ID]))
    const parentOf = (span: ReadableSpan): string | undefined => span.parentSpanContext?.spanId
    const idOf = (span: ReadableSpan): string => span.spanContext().spanId
    const taken = one(all, 'headgate.pipeline take')
    const stored = one(all, 'output_stream')
    const handed = one(all, 'headgate.pipeline hand_on')
    const sent = one(all, 'output_http_client')
    expect(parentOf(taken)).toBe(PARENT.slice(36, 52))
    expect(parentOf(one(all, 'input_http_server'))).toBe(idOf(taken))
    expect(parentOf(stored)).toBe(idOf(taken))
    expect(parentOf(handed)).toBe(idOf(stored))
    expect(parentOf(one(all, 'input_stream'))).toBe(idOf(handed))
    expect(parentOf(one(all, 'mapping'))).toBe(idOf(handed))
    expect(parentOf(sent)).toBe(idOf(handed))

    const [received] = target.received
    expect(received?.headers['traceparent']).toBe(`00-${TRACE_ID}-${idOf(sent)}-01`)
    expect(received?.headers['tracestate']).toBe('a=1')
    expect(received?.body).toBe(`{"seen":"${TRACE_ID}"}`)
  })

  test('says of its spans what they are about, in the words of the conventions', async () => {
    const { tracing, spans } = traced()
    const engine = memory()
    await createStream(engine, 'orders', 1)
    const spec = { input: withParent, output: { label: 'keep', stream: { name: 'orders' } } }
    await runToEnd(spec, testEnvironment({ engine, tracing }))
    await run(
      { input: { stream: { name: 'orders' } }, output: { drop: {} } },
      testEnvironment({ engine, tracing, name: 'reads' }),
    )
    await until(() => spans().some(({ name }) => name === 'headgate.pipeline reads'))
    expect(one(spans(), 'output_stream')).toMatchObject({
      kind: SpanKind.PRODUCER,
      attributes: {
        'headgate.component.label': 'keep',
        'headgate.component.path': 'root.output',
        'messaging.system': 'headgate',
        'messaging.operation.type': 'send',
        'messaging.destination.name': 'orders',
      },
    })
    expect(one(spans(), 'input_stream')).toMatchObject({
      kind: SpanKind.CONSUMER,
      attributes: {
        'messaging.system': 'headgate',
        'messaging.operation.type': 'receive',
        'messaging.destination.name': 'orders',
        'messaging.destination.partition.id': '0',
        'headgate.sequence': 1,
      },
    })
    expect(one(spans(), 'headgate.pipeline reads').attributes).toEqual({
      'headgate.namespace': 'default',
      'headgate.pipeline': 'reads',
    })
  })

  test('begins with a message that brings none, where the sampler says so', async () => {
    const { tracing, spans } = traced()
    await runToEnd({ input: given('root = 1'), output: { drop: {} } }, testEnvironment({ tracing }))
    expect(one(spans(), 'headgate.pipeline test').parentSpanContext).toBeUndefined()
  })

  test('that its sender does not record goes on, and leaves no spans here', async () => {
    const { tracing, spans } = traced(new ParentBasedSampler({ root: new AlwaysOnSampler() }))
    await using target = await toldServer(() => ({ status: 200 }))
    const parent = PARENT.replace(/01$/, '00')
    const input = given('root = 1', `meta traceparent = "${parent}"`)
    await runToEnd(
      { input, output: { http_client: { url: target.url } } },
      testEnvironment({ tracing }),
    )
    expect(spans()).toEqual([])
    expect(target.received[0]?.headers['traceparent']).toMatch(
      new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-00$`),
    )
  })

  test('stays with a message through processors that part it, join it or drop its metadata', async () => {
    const { tracing, spans } = traced()
    const engine = memory()
    await createStream(engine, 'orders', 1)
    const processors = [
      { mapping: 'root = [{"n":1},{"n":2}]\nmeta = deleted()' },
      { unarchive: { format: 'json_array' } },
      { branch: { processors: [{ mutation: 'root.m = 1' }], result_map: 'root.m = this.m' } },
      { archive: { format: 'lines' } },
    ]
    await runToEnd(
      { input: withParent, pipeline: { processors }, output: { stream: { name: 'orders' } } },
      testEnvironment({ engine, tracing }),
    )
    const output = one(spans(), 'output_stream')
    const [record] = await readAll(engine, 'orders')
    const header = record?.headers.find(({ name }) => name === 'traceparent')
    expect(Buffer.from(header?.value ?? []).toString()).toBe(
      `00-${TRACE_ID}-${output.spanContext().spanId}-01`,
    )
    // What a branch does is within the branch, once for both halves.
    const branch = one(spans(), 'branch')
    const inner = one(spans(), 'mutation')
    expect(inner.parentSpanContext?.spanId).toBe(branch.spanContext().spanId)
    expect(output.parentSpanContext?.spanId).toBe(
      one(spans(), 'headgate.pipeline test').spanContext().spanId,
    )
  })

  test('goes on behind a buffer, whatever the buffer keeps of a message', async () => {
    const { tracing, spans } = traced()
    const spec = { input: withParent, buffer: { memory: {} }, output: { drop: {} } }
    await runToEnd(spec, testEnvironment({ tracing }))
    const [before, behind] = spans().filter(({ name }) => name === 'headgate.pipeline test')
    expect(behind?.parentSpanContext?.spanId).toBe(before?.spanContext().spanId)
    expect(one(spans(), 'buffer_memory').parentSpanContext?.spanId).toBe(
      behind?.spanContext().spanId,
    )
    expect(one(spans(), 'output_drop').spanContext().traceId).toBe(TRACE_ID)
  })
})

describe('what fails', () => {
  test('at a processor is told on its span, and on no other', async () => {
    const { tracing, spans } = traced()
    const processors = [{ mapping: 'root = throw("not this one")' }, { mutation: 'root.a = 1' }]
    await runToEnd(
      { input: withParent, pipeline: { processors }, output: { drop: {} } },
      testEnvironment({ tracing }),
    )
    const { status, events } = one(spans(), 'mapping')
    expect(status.code).toBe(SpanStatusCode.ERROR)
    expect(status.message).toContain('not this one')
    expect(events.map(({ name }) => name)).toEqual(['exception'])
    for (const name of ['mutation', 'output_drop', 'headgate.pipeline test']) {
      expect(one(spans(), name).status.code).toBe(SpanStatusCode.UNSET)
    }
  })

  test('at an output is told for each try, and the message is on its way until one succeeds', async () => {
    const { tracing, spans } = traced()
    await using target = await toldServer((_, index) => ({ status: index === 0 ? 500 : 200 }))
    const output = { http_client: { url: target.url, retries: 0 } }
    await runToEnd({ input: withParent, output }, testEnvironment({ tracing }))
    const tries = spans().filter(({ name }) => name === 'output_http_client')
    expect(tries.map(({ status }) => status.code)).toEqual([
      SpanStatusCode.ERROR,
      SpanStatusCode.UNSET,
    ])
    expect(one(spans(), 'headgate.pipeline test').status.code).toBe(SpanStatusCode.UNSET)
    expect(target.received.map(({ headers }) => headers['traceparent'])).toEqual(
      tries.map((span) => `00-${TRACE_ID}-${span.spanContext().spanId}-01`),
    )
  })

  test('in a worker is told on one span, which stands for the whole chain', async () => {
    const { tracing, spans } = traced()
    const processors = [{ mutation: 'root.a = 1' }, { mapping: 'root = throw("not this one")' }]
    await runToEnd(
      { input: withParent, pipeline: { threads: 2, processors }, output: { drop: {} } },
      testEnvironment({ tracing }),
    )
    const chain = one(spans(), 'processors')
    expect(chain.attributes).toEqual({ 'headgate.component.path': 'root.pipeline' })
    expect(chain.status).toMatchObject({ code: SpanStatusCode.ERROR })
    expect(chain.status.message).toContain('not this one')
    expect(spans().map(({ name }) => name)).not.toContain('mapping')
    expect(one(spans(), 'output_drop').spanContext().traceId).toBe(TRACE_ID)
  })

  test('shows no value of an environment variable, at an output either', async () => {
    const { tracing, spans } = traced()
    const env = (name: string): string | undefined =>
      name === 'PASSWORD' ? 'very-secret-9' : undefined
    const mapping = 'root = throw("${PASSWORD} is wrong")'
    await runToEnd(
      { input: withParent, pipeline: { processors: [{ mapping }] }, output: { drop: {} } },
      testEnvironment({ tracing, env }),
    )
    expect(JSON.stringify(one(spans(), 'mapping').status)).not.toContain('very-secret-9')
    const rejects = { input: withParent, output: { reject: 'not with ${PASSWORD}' } }
    await run(rejects, testEnvironment({ tracing, env }))
    const rejected = (): ReadableSpan | undefined =>
      spans().find(({ name }) => name === 'output_reject')
    await until(() => rejected() !== undefined)
    expect(rejected()?.status.message).toContain('not with')
    expect(JSON.stringify(rejected()?.status)).not.toContain('very-secret-9')
  })
})

describe('without a provider', () => {
  test('there is nobody to trace, and headers of a trace go on unchanged', async () => {
    expect(openTelemetry('1.2.3')).toBeUndefined()
    await using target = await toldServer(() => ({ status: 200 }))
    const engine = memory()
    await createStream(engine, 'orders', 1)
    const environment = testEnvironment({ engine })
    await runToEnd({ input: withParent, output: { stream: { name: 'orders' } } }, environment)
    expect(count(engine, 'orders')).toBe(1)
    await run(
      { input: { stream: { name: 'orders' } }, output: { http_client: { url: target.url } } },
      environment,
    )
    await target.answered(1)
    expect(target.received[0]?.headers).toMatchObject({ traceparent: PARENT, tracestate: 'a=1' })
  })
})
