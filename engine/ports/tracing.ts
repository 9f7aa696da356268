/**
 * Where spans go: whoever traces what a process does. Absent where nobody does, and then nothing of a span is made.
 *
 * A span tells when something began and ended, what it was about and whether it failed; a trace is what belongs
 * together, across processes. Which traces are kept is the tracer's to decide, at their first span.
 */
/** The W3C's `traceparent` and `tracestate`. */
export interface TraceHeaders {
  readonly traceparent: string
  readonly tracestate?: string
}

export interface Tracing {
  /** The first span here of the trace that the headers tell, or of a new one. */
  begin(name: string, parent: TraceHeaders | undefined, facts: SpanFacts): Span
  /** Resolves once what has ended is where it belongs, as far as the provider can tell; never rejects. */
  flush(): Promise<void>
}

export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer'

export interface SpanFacts {
  readonly kind: SpanKind
  readonly attributes: Readonly<Record<string, string | number>>
}

/** Ends once; what is called after that changes nothing. */
export interface Span {
  /** Whether anybody will see it. Of one that nobody will, only the headers go on. */
  readonly recording: boolean
  /** What names it as the parent of what comes next. */
  readonly headers: TraceHeaders
  begin(name: string, facts: SpanFacts): Span
  fail(message: string): void
  end(): void
}
