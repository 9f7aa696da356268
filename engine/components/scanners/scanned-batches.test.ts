import { describe, expect, test } from 'vitest'
import {
  SCANNED_BATCH_BYTES_MAX,
  SCANNED_BATCH_MESSAGES_MAX,
  ScannedBatches,
} from './scanned-batches.ts'
import { openScanner } from './scanner-field.ts'

function batchesOf(text: string, max_buffer_size = 2 * SCANNED_BATCH_BYTES_MAX): ScannedBatches {
  const open = openScanner({ lines: { custom_delimiter: '', max_buffer_size } })
  const scanner = open({ name: '', metadata: undefined })
  scanner.push(Buffer.from(text))
  scanner.end()
  return new ScannedBatches(scanner)
}

describe('a batch of what was scanned', () => {
  test('has as many messages as the limit, and no more', () => {
    const batches = batchesOf('x\n'.repeat(SCANNED_BATCH_MESSAGES_MAX + 1))
    expect(batches.next()).toHaveLength(SCANNED_BATCH_MESSAGES_MAX)
    expect(batches.next()).toHaveLength(1)
    expect(batches.next()).toBeUndefined()
  })

  test('ends with the message that reaches the bytes of the limit', () => {
    const line = (bytes: number) => `${'x'.repeat(bytes)}\n`
    expect(batchesOf(`${line(SCANNED_BATCH_BYTES_MAX - 1)}a\nb`).next()).toHaveLength(2)
    expect(batchesOf(`${line(SCANNED_BATCH_BYTES_MAX)}a\nb`).next()).toHaveLength(1)
  })

  test('is given before what is wrong behind it, and the rest after that', () => {
    const batches = batchesOf('a\nb\ntoo long\nc\n', 3)
    const texts = () => batches.next()?.map((message) => Buffer.from(message.content()).toString())
    expect(texts()).toEqual(['a', 'b'])
    expect(texts).toThrow('expected lines of at most 3 bytes')
    expect(texts()).toEqual(['c'])
  })
})
