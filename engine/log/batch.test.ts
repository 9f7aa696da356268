import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HeadgateError } from '../error.ts'
import {
  BATCH_BODY_BYTES_MAX,
  BATCH_HEADER_BYTES,
  BatchEncoder,
  decodeRecords,
  encodeBatch,
  RecordCursor,
  readHeader,
  stampHeader,
  verifyBody,
} from './batch.ts'
import { BATCH_RECORDS_MAX, WRITE_SET_BYTES_MAX } from './log.ts'
import {
  RECORD_CLIENT_INFO_BYTES_MAX,
  RECORD_DATA_BYTES_MAX,
  RECORD_HEADER_NAME_BYTES_MAX,
  RECORD_HEADER_VALUE_BYTES_MAX,
  RECORD_HEADERS_MAX,
  RECORD_KEY_BYTES_MAX,
  type RecordInput,
} from './record.ts'

const bytes = (maxLength: number) =>
  fc.uint8Array({ maxLength }).map((array): Uint8Array => Buffer.from(array))
const header = fc.record({
  name: fc.string({ unit: 'grapheme', maxLength: 20 }),
  value: bytes(20),
})
const record: fc.Arbitrary<RecordInput> = fc.record({
  key: fc.option(bytes(300), { nil: undefined }),
  headers: fc.array(header, { maxLength: 4 }),
  clientInfo: fc.option(bytes(16), { nil: undefined }),
  data: bytes(300),
})
const stamp = { shard: 7, incarnation: 9, baseSequence: 2 ** 40, arrivalUs: 2 ** 50, frame: 3 }

/** Only ever refuses bytes as LogCorrupt. */
function decodeOrRefuse(batch: Uint8Array): void {
  try {
    verifyBody(batch, readHeader(batch))
    decodeRecords(batch)
  } catch (error) {
    if (!(error instanceof HeadgateError) || error.code !== 'LogCorrupt') throw error
  }
}

describe('a batch', () => {
  test('decodes to the records that were encoded, with the stamp of the log', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 20 }), (records) => {
        const batch = encodeBatch(records)
        stampHeader(batch, stamp)
        verifyBody(batch, readHeader(batch))
        const expected = records.map((input, index) => ({
          ...input,
          sequence: stamp.baseSequence + index,
          arrivalUs: stamp.arrivalUs,
        }))
        expect(decodeRecords(batch)).toEqual(expected)
      }),
    )
  })

  test('can lie behind others, and is read from a sequence on', () => {
    const first = encodeBatch([{ data: Buffer.from('1') }, { data: Buffer.from('2') }])
    const second = encodeBatch([{ data: Buffer.from('3') }])
    stampHeader(first, { ...stamp, baseSequence: 1 })
    stampHeader(second, { ...stamp, baseSequence: 10 })
    const records = decodeRecords(Buffer.concat([first, encodeBatch([]), second]), 2)
    expect(records.map(({ sequence, data }) => [sequence, String(data)])).toEqual([
      [2, '2'],
      [10, '3'],
    ])
  })

  test('refuses random bytes as LogCorrupt and nothing else', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (noise) => decodeOrRefuse(noise)))
  })

  test('refuses any flipped bit', () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 5 }), fc.nat(), (records, at) => {
        const batch = encodeBatch(records)
        const bit = at % (batch.length * 8)
        batch[bit >> 3] = (batch[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        expect(() => verifyBody(batch, readHeader(batch))).toThrow(HeadgateError)
      }),
    )
  })

  test('never crashes on a body that lies behind a sound header', () => {
    fc.assert(
      fc.property(
        fc.array(record, { minLength: 1, maxLength: 5 }),
        fc.nat(),
        fc.nat(255),
        (records, at, value) => {
          const batch = encodeBatch(records)
          batch[BATCH_HEADER_BYTES + (at % (batch.length - BATCH_HEADER_BYTES))] = value
          try {
            const cursor = new RecordCursor(batch)
            while (cursor.next()) cursor.record()
          } catch (error) {
            expect(error).toMatchObject({ code: 'LogCorrupt' })
          }
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('refuses a length above what is there before it allocates anything', () => {
    const batch = encodeBatch([{ data: Buffer.from('x') }])
    batch.writeUInt32LE(0x3fff_ffff, 40)
    stampHeader(batch, stamp)
    expect(() => readHeader(batch)).toThrow(expect.objectContaining({ code: 'LogCorrupt' }))
  })
})

test('an encoder is empty after each batch, and shares no bytes with what it gave', () => {
  fc.assert(
    fc.property(fc.array(fc.array(record, { maxLength: 5 }), { maxLength: 5 }), (batches) => {
      const encoder = new BatchEncoder()
      const made = batches.map((records) => {
        for (const input of records) encoder.append(input)
        const batch = encoder.finish()
        expect([encoder.count, encoder.byteLength]).toEqual([0, BATCH_HEADER_BYTES])
        return batch
      })
      expect(made).toEqual(batches.map(encodeBatch))
    }),
  )
})

describe('the limits of a record', () => {
  const data = Buffer.from('x')
  const named = (count: number) =>
    Array.from({ length: count }, () => ({ name: 'n', value: Buffer.alloc(0) }))
  const cases: readonly [string, (more: number) => RecordInput][] = [
    ['data', (more) => ({ data: Buffer.alloc(RECORD_DATA_BYTES_MAX + more) })],
    ['key', (more) => ({ data, key: Buffer.alloc(RECORD_KEY_BYTES_MAX + more) })],
    [
      'clientInfo',
      (more) => ({ data, clientInfo: Buffer.alloc(RECORD_CLIENT_INFO_BYTES_MAX + more) }),
    ],
    ['headers', (more) => ({ data, headers: named(RECORD_HEADERS_MAX + more) })],
    [
      'the name of a header',
      (more) => ({
        data,
        headers: [{ name: 'n'.repeat(RECORD_HEADER_NAME_BYTES_MAX + more), value: data }],
      }),
    ],
    [
      'the value of a header',
      (more) => ({
        data,
        headers: [{ name: 'n', value: Buffer.alloc(RECORD_HEADER_VALUE_BYTES_MAX + more) }],
      }),
    ],
  ]

  test.each(cases)('%s: is taken at the limit and refused one above', (_, make) => {
    const encoder = new BatchEncoder()
    encoder.append(make(0))
    const held = encoder.byteLength
    expect(() => encoder.append(make(1))).toThrow(
      expect.objectContaining({ code: 'RecordTooLarge' }),
    )
    expect([encoder.count, encoder.byteLength]).toEqual([1, held])
    expect(decodeRecords(encoder.finish()).length).toBe(1)
  })

  test('a batch takes its most bytes and not one more', () => {
    const encoder = new BatchEncoder(WRITE_SET_BYTES_MAX)
    const large = { data: Buffer.alloc(RECORD_DATA_BYTES_MAX) }
    for (let count = 0; count < 31; count++) encoder.append(large)
    // Length and flags of a record below 2 MiB take four bytes.
    const left = WRITE_SET_BYTES_MAX - encoder.byteLength - 4
    expect(() => encoder.append({ data: Buffer.alloc(left + 1) })).toThrow(
      expect.objectContaining({ code: 'RecordTooLarge' }),
    )
    encoder.append({ data: Buffer.alloc(left) })
    const batch = encoder.finish()
    expect(batch.length).toBe(WRITE_SET_BYTES_MAX)
    expect(readHeader(batch).bodyBytes).toBe(BATCH_BODY_BYTES_MAX)
  })

  test('a batch takes its most records and not one more', () => {
    const encoder = new BatchEncoder()
    for (let index = 0; index < BATCH_RECORDS_MAX; index++) encoder.append({ data })
    expect(() => encoder.append({ data })).toThrow(
      expect.objectContaining({ code: 'RecordTooLarge' }),
    )
    expect(readHeader(encoder.finish()).count).toBe(BATCH_RECORDS_MAX)
  })
})
