import { describe, expect, test } from 'vitest'
import type { Value } from '../../engine/bloblang/values/value.ts'
import { Message } from '../../engine/pipelines/message.ts'
import type { TapRecord } from '../../engine/pipelines/tap.ts'
import { recordLine, TAP_FAILURE_LENGTH_MAX, TAP_METADATA_LENGTH_MAX } from './tap-line.ts'

const PLACE = { role: 'output', component: 'drop', label: '', path: 'root.output' } as const

function lineOf(parts: Partial<TapRecord>): Readonly<Record<string, unknown>> {
  const line = recordLine({
    place: PLACE,
    side: 'before',
    timeUs: 0,
    batch: 1,
    index: 0,
    message: Message.fromValue('x'),
    ...parts,
  })
  expect(line.indexOf('\n')).toBe(line.length - 1)
  return JSON.parse(line) as Readonly<Record<string, unknown>>
}

const withMetadata = (...entries: readonly (readonly [string, string])[]): Partial<TapRecord> => ({
  message: Message.fromBytes(Buffer.from('x'), new Map(entries)),
})

describe('the line of a record', () => {
  test('leaves the label out where there is none, and the number where nobody knows it', () => {
    expect(lineOf({})).toEqual({
      type: 'record',
      side: 'before',
      batch: 1,
      index: 0,
      time: '1970-01-01T00:00:00.000000Z',
      path: 'root.output',
      role: 'output',
      component: 'drop',
      text: 'x',
    })
  })

  test('has metadata up to a limit, and says how many it left out', () => {
    const own = '"a":""'.length
    const fits = 'v'.repeat(TAP_METADATA_LENGTH_MAX - own)
    expect(lineOf(withMetadata(['a', fits]))).toMatchObject({ metadata: { a: fits } })
    const above = lineOf(withMetadata(['a', `${fits}v`], ['b', 'w']))
    expect(above).not.toHaveProperty('metadata')
    expect(above['metadataLeftOut']).toBe(2)
  })

  test('has a reason up to a limit', () => {
    const failureOf = (length: number): unknown =>
      lineOf({ failure: { text: 'x'.repeat(length), path: 'root.output', label: '' } })['failure']
    const longest = { text: 'x'.repeat(TAP_FAILURE_LENGTH_MAX), path: 'root.output' }
    expect(failureOf(TAP_FAILURE_LENGTH_MAX)).toEqual(longest)
    expect(failureOf(TAP_FAILURE_LENGTH_MAX + 1)).toEqual(longest)
  })

  test('is one line, whatever the record holds', () => {
    const document = Buffer.from('{\r\n  "a": "b\\nc",\n"d": [1,\n 2]}')
    expect(lineOf({ message: Message.fromBytes(document) })['value']).toEqual({
      a: 'b\nc',
      d: [1, 2],
    })
    expect(lineOf({ message: Message.fromValue('a\n\u2028b') })['text']).toBe('a\n\u2028b')
    expect(lineOf({ message: Message.fromBytes(Buffer.from([0xff, 0x0a])) })['data']).toBe('/wo=')
    expect(lineOf({ message: Message.fromBytes(Buffer.alloc(0)) })['text']).toBe('')
    expect(lineOf({ message: Message.fromValue('[[['.repeat(20_000)) })['text']).toMatch(/^\[\[/)
  })

  test('says why there is nothing of what cannot be written', () => {
    let deep: Value = []
    for (let depth = 0; depth < 200_000; depth++) deep = [deep]
    expect(lineOf({ message: Message.fromValue(deep) })['unprintable']).toMatch(/too deep/)
  })

  test('keeps numbers as they are spelt', () => {
    const number = '{"n":12345678901234567890.10}'
    const message = Message.fromBytes(Buffer.from(number))
    expect(recordLine({ ...recordOf(), message })).toContain(`"value":${number}`)
  })
})

function recordOf(): TapRecord {
  const message = Message.fromValue('x')
  return { place: PLACE, side: 'after', timeUs: 0, batch: 1, index: 0, message }
}
