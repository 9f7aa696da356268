/** Functions that tell which trace a message belongs to. */
import type { FunctionDefinition } from '../definition.ts'

const NO_TRACE = '0'.repeat(32)

export const tracingFunctions: readonly FunctionDefinition[] = [
  {
    name: 'tracing_id',
    tied: 'asks for the trace of a message',
    category: 'message',
    status: 'experimental',
    description:
      'The id of the trace that the message belongs to, by its `traceparent` or the span that is under way; all zeros when there is none.',
    parameters: [],
    examples: [{ mapping: 'root.trace = tracing_id()', output: `{"trace":"${NO_TRACE}"}` }],
    build: () => (frame) => frame.run.source.trace?.()?.id ?? NO_TRACE,
  },
  {
    name: 'tracing_span',
    tied: 'asks for the trace of a message',
    category: 'message',
    status: 'experimental',
    description:
      'The span of the message as it would travel in headers, such as `traceparent`, or null when there is none.',
    parameters: [],
    examples: [{ mapping: 'root.span = tracing_span()', output: '{"span":null}' }],
    build: () => (frame) => {
      const trace = frame.run.source.trace?.()
      return trace === undefined ? null : { ...trace.span }
    },
  },
]
