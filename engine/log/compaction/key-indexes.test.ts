import { describe, expect, test } from 'vitest'
import { encodeBatch } from '../batch-encoder.ts'
import { stampHeader } from '../batch-header.ts'
import type { ShardView, StreamView } from '../log-view.ts'
import { MemoryShard } from '../memory-shard.ts'
import type { TailBatch } from '../tail.ts'
import { KEY_ENTRY_BYTES, KeyBudget } from './key-budget.ts'
import { KeyIndexes } from './key-indexes.ts'

const always = (): boolean => true

function batchOf(baseSequence: number, ...keys: readonly string[]): TailBatch {
  const bytes = encodeBatch(
    keys.map((key) => ({
      key: Buffer.from(key.replace('-', '')),
      data: Buffer.from(key.startsWith('-') ? '' : 'x'),
    })),
  )
  stampHeader(bytes, { shard: 0, incarnation: 1, baseSequence, arrivalUs: 1, frame: baseSequence })
  return {
    baseSequence,
    nextSequence: baseSequence + keys.length,
    count: keys.length,
    arrivalUs: 1,
    frame: { sequence: baseSequence, bytes, isShared: false },
    at: 0,
    byteLength: bytes.length,
  }
}

/** Of one shard with the keys `a`, `b`, `c`, … each of one byte. */
function streamOf(count: number): { readonly stream: StreamView; readonly shard: ShardView } {
  const log = new MemoryShard()
  const keys = Array.from({ length: count }, (_, index) => String.fromCharCode(97 + index))
  keys.forEach((key, index) => void log.append(batchOf(index + 1, key)))
  const shard: ShardView = { log, reserved: 0, waiting: undefined, keys: undefined }
  const stream = { incarnation: 1, createdUs: 0, partitioner: '', shards: [shard] }
  return { stream: { ...stream, record: { name: 's' } } as unknown as StreamView, shard }
}

const room = (keys: number): KeyBudget => new KeyBudget(keys * (KEY_ENTRY_BYTES + 1))

describe('an index of keys', () => {
  test('holds as many keys as there is memory for, and not one more', async () => {
    const { stream } = streamOf(3)
    const [index] = await new KeyIndexes(room(3)).of(stream, always)
    expect(index?.size).toBe(3)
    const budget = room(3)
    const refused = new KeyIndexes(budget).of(streamOf(4).stream, always)
    await expect(refused).rejects.toMatchObject({ code: 'KeysTooMany' })
    expect(budget.free).toBe(3 * (KEY_ENTRY_BYTES + 1))
  })

  test('gives up when an append is too much, and answers again once there is memory', async () => {
    const budget = room(4)
    const indexes = new KeyIndexes(budget)
    const other = streamOf(2)
    let isNeeded = true
    await indexes.of(other.stream, () => isNeeded)
    const { stream, shard } = streamOf(2)
    await indexes.of(stream, always)
    const batch = batchOf(3, 'c')
    shard.log.append(batch)
    shard.keys?.note(batch)
    await expect(indexes.of(stream, always)).rejects.toMatchObject({ code: 'KeysTooMany' })
    isNeeded = false
    const [index] = await indexes.of(stream, always)
    expect(index?.find('c')).toEqual({ sequence: 3, removed: false })
    expect(other.shard.keys).toBeUndefined()
  })

  test('makes room by what retention has passed', async () => {
    const { stream, shard } = streamOf(3)
    const [index] = await new KeyIndexes(room(3)).of(stream, always)
    shard.log.trim(3)
    expect(index?.find('a')).toBeUndefined()
    const batch = batchOf(4, 'd', 'e')
    shard.log.append(batch)
    index?.note(batch)
    expect([index?.size, index?.isWhole]).toEqual([3, true])
    expect(index?.find('c')).toEqual({ sequence: 3, removed: false })
  })

  test('takes in what is appended while what was there before is read', async () => {
    const { stream, shard } = streamOf(2)
    const making = new KeyIndexes().of(stream, always)
    await Promise.resolve()
    await Promise.resolve()
    for (const batch of [batchOf(3, 'a'), batchOf(4, '-b')]) {
      shard.log.append(batch)
      shard.keys?.note(batch)
    }
    const [index] = await making
    expect(index?.find('a')).toEqual({ sequence: 3, removed: false })
    expect(index?.find('b')).toEqual({ sequence: 4, removed: true })
  })
})
