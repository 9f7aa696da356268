import { parseTraceParent } from '@opentelemetry/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Value } from '../../bloblang/values/value.ts'
import {
  formatTraceparent,
  parseTraceparent,
  TRACEPARENT_LENGTH_MAX,
} from '../../ports/traceparent.ts'
import { Message } from '../message.ts'
import { TRACESTATE_LENGTH_MAX, traceHeadersOf } from './trace-headers.ts'

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const message = (entries: Readonly<Record<string, Value>>): Message =>
  Message.fromBytes(Buffer.from('{}'), new Map(Object.entries(entries)))

const digits = (length: number): fc.Arbitrary<string> =>
  fc.string({
    unit: fc.constantFrom(...'0123456789abcdef'),
    minLength: length,
    maxLength: length,
  })
/** Now and then one of zeros, too long or of other letters. */
const almost = (length: number): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 8, arbitrary: digits(length) },
    fc.constant('0'.repeat(length)),
    digits(length + 1),
    digits(length).map((text) => text.replace(/[0-9]/, 'G')),
  )
const parents = fc
  .tuple(
    fc.oneof(fc.constant('00'), almost(2), fc.constant('ff')),
    almost(32),
    almost(16),
    almost(2),
    fc.constantFrom('', '', '', '-', '-more'),
  )
  .map(([version, trace, span, flags, more]) => `${version}-${trace}-${span}-${flags}${more}`)

describe('a traceparent', () => {
  test('is read as the implementation of reference reads it', () => {
    fc.assert(
      fc.property(parents, (text) => {
        const expected = parseTraceParent(text)
        const found = parseTraceparent(text)
        expect(found?.traceId).toBe(expected?.traceId)
        expect(found?.spanId).toBe(expected?.spanId)
        expect(found?.flags).toBe(expected?.traceFlags)
      }),
      { numRuns: 1000 },
    )
  })

  test('that we write reads back the same', () => {
    fc.assert(
      fc.property(digits(32), digits(16), fc.nat(255), (traceId, spanId, flags) => {
        fc.pre(!/^0+$/.test(traceId) && !/^0+$/.test(spanId))
        const parent = { traceId, spanId, flags }
        expect(parseTraceparent(formatTraceparent(parent))).toEqual(parent)
      }),
    )
  })

  test('of a later version may say more, up to a limit', () => {
    const later = `01${PARENT.slice(2)}-`
    const room = TRACEPARENT_LENGTH_MAX - later.length
    expect(parseTraceparent(later + 'x'.repeat(room))).toBeDefined()
    expect(parseTraceparent(later + 'x'.repeat(room + 1))).toBeUndefined()
    expect(parseTraceparent(`${later}a\nb`)).toBeUndefined()
  })
})

describe('the trace of a message', () => {
  test('goes on as it came, whatever its vendors wrote', () => {
    const printable = fc.string({
      unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
      minLength: 1,
      maxLength: TRACESTATE_LENGTH_MAX,
    })
    fc.assert(
      fc.property(parents, printable, (traceparent, tracestate) => {
        const headers = traceHeadersOf(message({ traceparent, tracestate }))
        const isValid = parseTraceparent(traceparent) !== undefined
        expect(headers).toEqual(isValid ? { traceparent, tracestate } : undefined)
      }),
    )
  })

  test('leaves a state out that is too long or no text of a header, and goes on', () => {
    const stateOf = (tracestate: Value): string | undefined =>
      traceHeadersOf(message({ traceparent: PARENT, tracestate }))?.tracestate
    expect(stateOf('s'.repeat(TRACESTATE_LENGTH_MAX))).toBeDefined()
    expect(stateOf('s'.repeat(TRACESTATE_LENGTH_MAX + 1))).toBeUndefined()
    for (const wrong of ['', 'a=1\r\nx: y', 'ü', 7, ['a=1', 'b=2']]) {
      expect(stateOf(wrong)).toBeUndefined()
      expect(traceHeadersOf(message({ traceparent: PARENT, tracestate: wrong }))).toBeDefined()
    }
  })

  test('is taken from a list of one, and from no list of several', () => {
    expect(traceHeadersOf(message({ traceparent: [PARENT] }))?.traceparent).toBe(PARENT)
    expect(traceHeadersOf(message({ traceparent: [PARENT, PARENT] }))).toBeUndefined()
  })

  test('is that of its input once its metadata is dropped, and its own where a mapping says so', () => {
    const given = message({ traceparent: PARENT })
    expect(traceHeadersOf(given.withMetadata(undefined))?.traceparent).toBe(PARENT)
    const other = PARENT.replace('b7ad', 'ffff')
    const named = given.withMetadata(new Map([['traceparent', other]]))
    expect(traceHeadersOf(named)?.traceparent).toBe(other)
    expect(traceHeadersOf(message({}))).toBeUndefined()
  })
})
