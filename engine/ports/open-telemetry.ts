/**
 * Spans by the API of OpenTelemetry, for whichever tracer provider the process has: it decides what is kept, and sends
 * it where it belongs. Nothing of its own settings is ours.
 */
import {
  type Span as ApiSpan,
  SpanKind as ApiSpanKind,
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { formatTraceparent, parseTraceparent } from './traceparent.ts'
import type { Span, SpanFacts, SpanKind, TraceHeaders, Tracing } from './tracing.ts'

const KINDS: Readonly<Record<SpanKind, ApiSpanKind>> = {
  internal: ApiSpanKind.INTERNAL,
  server: ApiSpanKind.SERVER,
  client: ApiSpanKind.CLIENT,
  producer: ApiSpanKind.PRODUCER,
  consumer: ApiSpanKind.CONSUMER,
}

/** Undefined where nobody has registered a provider by now. */
export function openTelemetry(version: string): Tracing | undefined {
  const provider = trace.getTracerProvider()
  const tracer = isProxy(provider)
    ? provider.getDelegateTracer('headgate', version)
    : provider.getTracer('headgate', version)
  return tracer === undefined ? undefined : new ApiTracing(tracer, providerBehind(provider))
}

class ApiTracing implements Tracing {
  readonly #tracer: Tracer
  readonly #provider: FlushingProvider

  constructor(tracer: Tracer, provider: FlushingProvider) {
    this.#tracer = tracer
    this.#provider = provider
  }

  async flush(): Promise<void> {
    await this.#provider.forceFlush?.().catch(() => {})
  }

  begin(name: string, parent: TraceHeaders | undefined, facts: SpanFacts): Span {
    return startSpan(this.#tracer, name, contextOf(parent), facts)
  }
}

class ApiSpanOfOurs implements Span {
  readonly recording: boolean
  readonly #tracer: Tracer
  readonly #span: ApiSpan
  #headers: TraceHeaders | undefined

  constructor(tracer: Tracer, span: ApiSpan) {
    this.#tracer = tracer
    this.#span = span
    this.recording = span.isRecording()
  }

  get headers(): TraceHeaders {
    if (this.#headers !== undefined) return this.#headers
    const { traceId, spanId, traceFlags, traceState } = this.#span.spanContext()
    const traceparent = formatTraceparent({ traceId, spanId, flags: traceFlags })
    const tracestate = traceState?.serialize() ?? ''
    this.#headers = tracestate === '' ? { traceparent } : { traceparent, tracestate }
    return this.#headers
  }

  begin(name: string, facts: SpanFacts): Span {
    return startSpan(this.#tracer, name, trace.setSpan(ROOT_CONTEXT, this.#span), facts)
  }

  fail(message: string): void {
    this.#span.recordException({ name: 'Error', message })
    this.#span.setStatus({ code: SpanStatusCode.ERROR, message })
  }

  end(): void {
    this.#span.end()
  }
}

function startSpan(tracer: Tracer, name: string, context: Context, facts: SpanFacts): Span {
  const { kind, attributes } = facts
  return new ApiSpanOfOurs(
    tracer,
    tracer.startSpan(name, { kind: KINDS[kind], attributes }, context),
  )
}

function contextOf(parent: TraceHeaders | undefined): Context {
  const parsed = parent === undefined ? undefined : parseTraceparent(parent.traceparent)
  if (parsed === undefined) return ROOT_CONTEXT
  const { traceId, spanId, flags: traceFlags } = parsed
  const state = parent?.tracestate
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags,
    isRemote: true,
    ...(state === undefined ? {} : { traceState: createTraceState(state) }),
  })
}

interface ProxyProvider {
  getDelegateTracer(name: string, version: string): Tracer | undefined
  getDelegate(): object
}

/** Those of the SDK can; the API does not say so. */
interface FlushingProvider {
  forceFlush?(): Promise<void>
}

function providerBehind(provider: object): FlushingProvider {
  return isProxy(provider) ? provider.getDelegate() : provider
}

/** What the API gives as long as nobody registered a provider, and before one that somebody did. */
function isProxy(provider: object): provider is ProxyProvider {
  return 'getDelegateTracer' in provider
}
