/** The trace of a message: by its journey where somebody traces, else by what its metadata tells. */
import type { MappingTrace } from '../../bloblang/mapping.ts'
import { parseTraceparent } from '../../ports/traceparent.ts'
import type { TraceHeaders } from '../../ports/tracing.ts'
import type { Message } from '../message.ts'
import { journeyOf } from './journey.ts'
import { traceHeadersOf } from './trace-headers.ts'

/** What goes with the message where a component sends it: `path` is the component's. */
export type OutgoingTrace = (message: Message) => TraceHeaders | undefined

export function outgoingTrace(path: string): OutgoingTrace {
  return (message) => journeyOf(message)?.headers(path) ?? traceHeadersOf(message)
}

/** As mappings are told. */
export function mappingTraceOf(message: Message): MappingTrace | undefined {
  const headers = journeyOf(message)?.headers() ?? traceHeadersOf(message)
  const parent = headers === undefined ? undefined : parseTraceparent(headers.traceparent)
  return parent === undefined ? undefined : { id: parent.traceId, span: { ...headers } }
}
