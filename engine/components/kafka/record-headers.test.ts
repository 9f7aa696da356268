import { expect, test } from 'vitest'
import { Message } from '../../pipelines/message.ts'
import type { TraceHeaders } from '../../ports/tracing.ts'
import { recordHeaders } from './record-headers.ts'

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const SPAN = '00-0af7651916cd43dd8448eb211c80319c-ffffffffffffffff-01'

function headersOf(
  metadata: Readonly<Record<string, string>>,
  trace: TraceHeaders | undefined,
  excluded: readonly string[] = [],
): readonly (readonly [string, string])[] {
  const message = Message.fromBytes(Buffer.from('x'), new Map(Object.entries(metadata)))
  const fixed = [[Buffer.from('by'), Buffer.from('me')]] as const
  return Array.from(recordHeaders(message, { fixed, excluded, trace }), ([name, value]) => [
    name.toString(),
    value.toString(),
  ])
}

test('metadata and the fixed ones become headers, but for what is excluded', () => {
  expect(headersOf({ a: '1', kafka_key: 'k' }, undefined, ['kafka_'])).toEqual([
    ['by', 'me'],
    ['a', '1'],
  ])
})

test('a trace goes on once, by the span that is under way', () => {
  const metadata = { traceparent: PARENT, tracestate: 'a=1', a: '1' }
  expect(headersOf(metadata, { traceparent: SPAN })).toEqual([
    ['by', 'me'],
    ['a', '1'],
    ['traceparent', SPAN],
  ])
  expect(headersOf(metadata, { traceparent: PARENT, tracestate: 'a=1' }).slice(2)).toEqual([
    ['traceparent', PARENT],
    ['tracestate', 'a=1'],
  ])
})

test('a trace that a config excludes does not go on', () => {
  expect(headersOf({ traceparent: PARENT }, { traceparent: SPAN }, ['trace'])).toEqual([
    ['by', 'me'],
  ])
})
