/** The journeys through one pipeline, begun as its input gives messages. There are none where nobody traces. */
import type { SpanFacts, TraceHeaders, Tracing } from '../../ports/tracing.ts'
import type { Batch, Message } from '../message.ts'
import { embark, Journey, journeyOf } from './journey.ts'
import { receivedFacts } from './span-facts.ts'
import { traceHeadersOf } from './trace-headers.ts'

export interface JourneysOptions {
  readonly tracing: Tracing
  readonly namespace: string
  readonly pipeline: string
  /** The input, or the buffer that the messages are read out of. */
  readonly source: { readonly name: string; readonly path: string }
}

export class Journeys {
  readonly #options: JourneysOptions
  readonly #name: string
  readonly #facts: SpanFacts

  constructor(options: JourneysOptions) {
    this.#options = options
    this.#name = `headgate.pipeline ${options.pipeline}`
    const { namespace, pipeline } = options
    const attributes = { 'headgate.namespace': namespace, 'headgate.pipeline': pipeline }
    this.#facts = { kind: 'internal', attributes }
  }

  begin(batch: Batch): readonly Journey[] {
    return batch.map((message) => this.#begin(message))
  }

  #begin(message: Message): Journey {
    const { tracing, source } = this.#options
    // A message that another pipeline of this process hands over is still under way there.
    const parent = journeyOf(message)?.headers() ?? traceHeadersOf(message)
    const journey = new Journey(tracing.begin(this.#name, parent, this.#facts))
    embark(message, journey)
    if (journey.recording) {
      const received = journey.begin(source.name, source.path, receivedFacts(message, source.path))
      journey.finish(source.path, received)
    }
    return journey
  }
}

/** For a buffer, which may keep nothing of a message but what is written down: where its journey goes on. */
export function withJourneyWritten(message: Message): Message {
  const headers = journeyOf(message)?.headers()
  return headers === undefined ? message : withTraceHeaders(message, headers)
}

function withTraceHeaders(message: Message, { traceparent, tracestate }: TraceHeaders): Message {
  const metadata = new Map(
    Array.from(message.metadataKeys(), (key) => [key, message.metadata(key) ?? null]),
  )
  metadata.set('traceparent', traceparent)
  if (tracestate === undefined) metadata.delete('tracestate')
  else metadata.set('tracestate', tracestate)
  return message.withMetadata(metadata)
}
