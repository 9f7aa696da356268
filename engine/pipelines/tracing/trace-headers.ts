/**
 * The trace that a message belongs to, as its metadata tells it: the W3C's `traceparent` and `tracestate`, which came as
 * headers and go on as headers.
 *
 * A `tracestate` is what makers of tracers add, and goes with a valid `traceparent` only. What is not valid is not passed
 * on, for some receivers refuse the whole message then.
 */

import { parseTraceparent } from '../../ports/traceparent.ts'
import type { TraceHeaders } from '../../ports/tracing.ts'
import type { Message } from '../message.ts'

export const TRACE_HEADER_NAMES: readonly string[] = ['traceparent', 'tracestate']
/** What everybody has to pass on, as the specification has it. */
export const TRACESTATE_LENGTH_MAX = 512

const PRINTABLE = /^[\x20-\x7e]+$/

/**
 * What the message's metadata tells of its trace, or told when its input gave it: a mapping that drops metadata does not
 * take it out of its trace. Undefined where that is nothing, or not valid.
 */
export function traceHeadersOf(message: Message): TraceHeaders | undefined {
  const view = message.metadataView
  if (view?.get('traceparent') !== undefined) return headersIn(message)
  const { origin } = message
  return origin.metadataView === view ? undefined : headersIn(origin)
}

function headersIn(message: Message): TraceHeaders | undefined {
  const parent = onlyText(message.metadata('traceparent'))
  if (parent === undefined || parseTraceparent(parent) === undefined) return undefined
  const state = onlyText(message.metadata('tracestate'))
  const fits = state !== undefined && state.length <= TRACESTATE_LENGTH_MAX && PRINTABLE.test(state)
  return fits ? { traceparent: parent, tracestate: state } : { traceparent: parent }
}

/** Some inputs give all headers of one name as a list. */
function onlyText(value: unknown): string | undefined {
  const only = Array.isArray(value) && value.length === 1 ? value[0] : value
  return typeof only === 'string' ? only : undefined
}
