import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BATCH_BODY_BYTES_MAX, encodeBatch } from '../batch-encoder.ts'
import {
  BATCH_FLAG_DELTAS,
  nextSequence,
  readHeader,
  stampHeader,
  verifyBody,
} from '../batch-header.ts'
import { decodeRecords } from '../record-cursor.ts'
import { withoutRecords } from './delta-batch.ts'

const bytes = fc.uint8Array({ maxLength: 8 })
const record = fc.record({
  key: fc.option(bytes, { nil: undefined }),
  clientInfo: fc.option(bytes, { nil: undefined }),
  headers: fc.array(fc.record({ name: fc.string({ maxLength: 4 }), value: bytes }), {
    maxLength: 2,
  }),
  data: bytes,
})

const stamp = { shard: 3, incarnation: 5, baseSequence: 1000, arrivalUs: 1e15, frame: 77 }

function batchOf(records: Parameters<typeof encodeBatch>[0]): Buffer {
  const batch = encodeBatch(records)
  stampHeader(batch, stamp)
  return batch
}

describe('a batch without some of its records', () => {
  test('law: holds the others as they were, however often records are left out', () => {
    fc.assert(
      fc.property(
        fc.array(record, { minLength: 1, maxLength: 300 }),
        fc.array(fc.integer({ min: 2, max: 5 }), { maxLength: 3 }),
        (records, everies) => {
          let batch = batchOf(records)
          let expected = decodeRecords(batch)
          for (const every of everies) {
            expected = expected.filter(({ sequence }) => sequence % every !== 0)
            const parts = withoutRecords(batch, ({ sequence }) => sequence % every !== 0)
            expect(parts).toHaveLength(expected.length === 0 ? 0 : 1)
            const [part] = parts
            if (part === undefined) return
            batch = part
            expect(decodeRecords(batch)).toEqual(expected)
          }
          const header = readHeader(batch)
          verifyBody(batch, header)
          const { shard, incarnation, frame } = stamp
          expect(header).toMatchObject({ shard, incarnation, frame, count: expected.length })
          expect(header.baseSequence).toBe(expected[0]?.sequence)
          expect(nextSequence(header)).toBe((expected.at(-1)?.sequence ?? 0) + 1)
        },
      ),
    )
  })

  test('is the batch itself where all stay, and tells no deltas where none are needed', () => {
    const batch = batchOf([
      { data: Buffer.from('1') },
      { data: Buffer.from('2') },
      { data: Buffer.from('3') },
    ])
    expect(withoutRecords(batch, () => true)).toEqual([batch])
    const [rest] = withoutRecords(batch, ({ sequence }) => sequence > 1000)
    expect(readHeader(rest ?? Buffer.alloc(0)).flags).toBe(0)
    const [ends] = withoutRecords(batch, ({ sequence }) => sequence !== 1001)
    expect(readHeader(ends ?? Buffer.alloc(0)).flags).toBe(BATCH_FLAG_DELTAS)
  })

  test('is two where deltas make one too long', () => {
    const data = Buffer.alloc(1024 * 1024)
    const count = BATCH_BODY_BYTES_MAX / data.length - 1
    const fill = { data: Buffer.alloc(data.length - 2048) }
    const batch = batchOf([
      { data: Buffer.alloc(0) },
      ...Array.from({ length: count }, () => ({ data })),
      fill,
    ])
    const parts = withoutRecords(batch, ({ sequence }) => sequence !== 1000)
    expect(parts.map((part) => readHeader(part).bodyBytes <= BATCH_BODY_BYTES_MAX)).not.toContain(
      false,
    )
    const sequences = parts.flatMap((part) => decodeRecords(part).map(({ sequence }) => sequence))
    expect(sequences).toEqual(Array.from({ length: sequences.length }, (_, index) => 1001 + index))
  })

  test('keeps the arrival of each record of a batch that has several', () => {
    const batch = arrivals([0, 1, 300, 70_000])
    const [part] = withoutRecords(batch, ({ sequence }) => sequence !== 1001)
    expect(decodeRecords(part ?? batch).map(({ arrivalUs }) => arrivalUs - 1e15)).toEqual([
      0, 300, 70_000,
    ])
    const [later] = withoutRecords(batch, ({ sequence }) => sequence > 1001)
    expect(readHeader(later ?? batch).arrivalUs).toBe(1e15 + 300)
    expect(decodeRecords(later ?? batch).map(({ arrivalUs }) => arrivalUs - 1e15)).toEqual([
      300, 70_000,
    ])
  })
})

/** A batch of one record for each arrival, written out by hand. */
function arrivals(deltas: readonly number[]): Buffer {
  const body: number[] = []
  deltas.forEach((delta, index) => {
    const rest = [0, index, ...varint(delta), 120]
    body.push(rest.length, ...rest)
  })
  const batch = Buffer.concat([encodeBatch([]), Buffer.from(body)])
  batch[5] = BATCH_FLAG_DELTAS
  batch.writeUInt32LE(deltas.length, 12)
  batch.writeUInt32LE(body.length, 40)
  batch.writeUInt32LE(deltas.length - 1, 48)
  stampHeader(batch, stamp)
  return batch
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let left = value
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) + 0x80)
  return [...bytes, left]
}
