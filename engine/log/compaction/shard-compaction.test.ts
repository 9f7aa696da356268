import { describe, expect, test } from 'vitest'
import { encodeBatch } from '../batch-encoder.ts'
import { stampHeader } from '../batch-header.ts'
import { DiskShard } from '../disk-shard.ts'
import { decodeRecords } from '../record-cursor.ts'
import { newDisk, openStore, SHARD, STREAM } from '../segments/segments-for-test.ts'
import type { TailBatch } from '../tail.ts'
import { newCompactionState } from './compaction-rule.ts'
import { KEY_ENTRY_BYTES } from './key-budget.ts'
import { type CompactionRequest, CompactionStopped, ShardCompaction } from './shard-compaction.ts'

const NEVER_ROLLS = { ageUs: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY }

function batchOf(sequence: number, key: string): TailBatch {
  const bytes = encodeBatch([{ key: Buffer.from(key), data: Buffer.from(`${sequence}`) }])
  stampHeader(bytes, { ...SHARD, baseSequence: sequence, arrivalUs: sequence, frame: sequence })
  return {
    baseSequence: sequence,
    nextSequence: sequence + 1,
    count: 1,
    arrivalUs: sequence,
    frame: { sequence, bytes, isShared: true },
    at: 0,
    byteLength: bytes.length,
  }
}

/** A shard whose records have the given keys of one byte, each in a sealed segment. */
async function shardOf(keys: string) {
  const disk = newDisk()
  const store = await openStore(disk, 1)
  const segments = store.shard(SHARD.incarnation, SHARD.shard, [], STREAM)
  const log = new DiskShard(segments, { ...SHARD, stream: STREAM }, () => {})
  for (const [index, key] of [...keys].entries()) log.append(batchOf(index + 1, key))
  await log.flush(keys.length, NEVER_ROLLS)
  log.sealAged(1e9, { ageUs: 0, bytes: 0 })
  const request: CompactionRequest = {
    log,
    state: newCompactionState(),
    segmentBytes: 1,
    keysBytesMax: 1e6,
    nowUs: 0,
    isWanted: () => true,
    removable: async (asked) => asked,
    sync: () => store.sync(),
    discard: (file) => store.discard([file]),
    replaced: async () => {},
    forget: () => {},
  }
  return { disk, log, request }
}

async function sequences(log: DiskShard): Promise<readonly number[]> {
  const found: number[] = []
  for (let from = 1; from < log.next; ) {
    const { bytes, next } = await log.read(from, 1)
    found.push(...decodeRecords(bytes, from).map(({ sequence }) => sequence))
    from = next
  }
  return found
}

describe('the compaction of a shard', () => {
  test('takes several turns where memory holds few keys, and comes to the same', async () => {
    const { log, request } = await shardOf('abacabadab')
    const all = new ShardCompaction(request)
    const few = await shardOf('abacabadab')
    const keysBytesMax = 2 * (KEY_ENTRY_BYTES + 1)
    await all.run()
    expect(await sequences(log)).toEqual([4, 8, 9, 10])
    const counts: number[] = []
    while (few.request.state.cleanTo < few.log.next) {
      await new ShardCompaction({ ...few.request, keysBytesMax }).run()
      counts.push((await sequences(few.log)).length)
    }
    // `a` and `b`, up to the first `c`; then `c` and `a`, up to the next `b`, and so on.
    expect(counts).toEqual([9, 8, 6, 5, 4])
    expect(await sequences(few.log)).toEqual([4, 8, 9, 10])
    expect(await new ShardCompaction(few.request).run()).toBe(0)
  })

  test('makes a segment durable before it is read', async () => {
    const { disk, log, request } = await shardOf('aaa')
    let isSynced = false
    const sync = async (): Promise<void> => {
      expect(await sequences(log)).toEqual([1, 2, 3])
      await request.sync()
      disk.crash({ survivors: 'none', names: 'none' })
      isSynced = true
      expect(disk.paths.filter((path) => path.endsWith('.1.segment'))).toHaveLength(1)
      throw new CompactionStopped()
    }
    await expect(new ShardCompaction({ ...request, sync }).run()).rejects.toThrow(CompactionStopped)
    expect(isSynced).toBe(true)
  })

  test.each([1, 3, 5, 7, 9])(
    'leaves all as it was when it is stopped at look %i, and no file behind',
    async (looks) => {
      const { disk, log, request } = await shardOf('abab')
      const before = disk.paths
      let left = looks
      const isWanted = (): boolean => left-- > 0
      await expect(new ShardCompaction({ ...request, isWanted }).run()).rejects.toThrow(
        CompactionStopped,
      )
      expect(await sequences(log)).toEqual([1, 2, 3, 4])
      expect(disk.paths).toEqual(before)
      expect(await new ShardCompaction(request).run()).toBe(1)
      expect(await sequences(log)).toEqual([3, 4])
    },
  )

  test('gives up what retention drops meanwhile', async () => {
    const { log, request } = await shardOf('ababc')
    const sync = async (): Promise<void> => {
      await request.sync()
      log.trim(2)
    }
    await expect(new ShardCompaction({ ...request, sync }).run()).rejects.toThrow(CompactionStopped)
    expect(log.first).toBe(2)
    expect(await new ShardCompaction(request).run()).toBeGreaterThan(0)
    expect(await sequences(log)).toEqual([3, 4, 5])
  })

  test('goes from the oldest on, so that a removal never goes before what it removed', async () => {
    const { log, request } = await shardOf('aabbccddee')
    const bases: number[] = []
    const replaced: CompactionRequest['replaced'] = async (from) => {
      bases.push(from[0]?.base ?? 0)
    }
    const two = 2 * (log.bytes / 10)
    expect(await new ShardCompaction({ ...request, replaced, segmentBytes: two }).run()).toBe(2)
    expect(bases).toEqual([1, 6])
    expect(await sequences(log)).toEqual([2, 4, 6, 8, 10])
  })

  test('says how many bytes went, and of which segments', async () => {
    const { log, request } = await shardOf('aab')
    const before = log.bytes
    let released = 0
    const replaced: CompactionRequest['replaced'] = async (from, bytes) => {
      expect(from.map(({ base }) => base)).toEqual([1, 2])
      released += bytes
    }
    expect(await new ShardCompaction({ ...request, replaced }).run()).toBe(1)
    expect(before - log.bytes).toBe(released)
    expect([log.records, released > 0]).toEqual([2, true])
  })
})
