import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RECORD_HEADERS_MAX, type RecordHeader } from '../log/record.ts'
import {
  attemptOf,
  type LetterNote,
  letterHeaders,
  ownOfRecord,
  readNote,
  restoredHeaders,
} from './letter-headers.ts'

const NOTE: LetterNote = {
  reason: 'odd',
  component: 'root.output',
  place: { stream: 'orders', shard: 3, sequence: 42 },
  time: '2026-01-31T08:00:00.000000Z',
  attempt: 2,
}

function named(count: number, bytes = 1): RecordHeader[] {
  return Array.from({ length: count }, (_, n) => ({ name: `h${n}`, value: Buffer.alloc(bytes, n) }))
}

test('what a letter says can be read back', () => {
  expect(readNote(letterHeaders(named(2), NOTE))).toEqual(NOTE)
  const nowhere = { ...NOTE, place: undefined }
  expect(readNote(letterHeaders([], nowhere))).toEqual(nowhere)
  expect(readNote(named(3))).toBeUndefined()
})

test('a letter of before attempts were counted is a first one', () => {
  const old = letterHeaders([], NOTE).filter(({ name }) => name !== 'headgate-attempt')
  expect(readNote(old)?.attempt).toBe(1)
  expect(attemptOf(old)).toBe(0)
  expect(attemptOf([{ name: 'headgate-attempt', value: Buffer.from('-3') }])).toBe(0)
})

test('headers come back as they were, however many there are and however often', () => {
  const header = fc.record({
    name: fc.string({ maxLength: 8 }).map((name) => `x${name}`),
    value: fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
  })
  const many = fc.array(header, { minLength: 240, maxLength: RECORD_HEADERS_MAX, size: 'max' })
  fc.assert(
    fc.property(fc.oneof(fc.array(header), many), (own) => {
      let record: readonly RecordHeader[] = own
      for (let attempt = 1; attempt <= 3; attempt++) {
        const letter = letterHeaders(record, { ...NOTE, attempt: attemptOf(record) + 1 })
        expect(letter.length).toBeLessThanOrEqual(RECORD_HEADERS_MAX)
        expect(readNote(letter)?.attempt).toBe(attempt)
        record = restoredHeaders(letter)
        expect(record.length).toBeLessThanOrEqual(RECORD_HEADERS_MAX)
      }
      expect(ownOfRecord(record)).toEqual(own)
    }),
    { numRuns: 50 },
  )
})

test('headers that do not even fit folded are refused', () => {
  const few = RECORD_HEADERS_MAX - 7
  expect(letterHeaders(named(few, 60_000), NOTE)).toHaveLength(RECORD_HEADERS_MAX)
  expect(() => letterHeaders(named(few + 1, 60_000), NOTE)).toThrow(
    'expected at most 249 headers, or small ones, got 250',
  )
})

test('what folds badly is no header', () => {
  const broken = [{ name: 'headgate-folded', value: Buffer.from('{') }]
  expect(restoredHeaders(broken)).toMatchObject([{ name: 'headgate-attempt' }])
})
