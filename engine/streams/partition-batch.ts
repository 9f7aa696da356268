/** Parts a batch by the keys of its records: each goes to its shard, keyless ones in rotation. */
import { BatchEncoder } from '../log/batch-encoder.ts'
import { RecordCursor } from '../log/record-cursor.ts'
import { shardOfKey } from './partitioner.ts'

export interface PartitionedBatch {
  /** Shard of each record, in the order of the batch. */
  readonly shards: Uint16Array
  readonly parts: readonly BatchPart[]
}

export interface BatchPart {
  readonly shard: number
  readonly batch: Uint8Array
}

/** `rotate` gives the shard of the next record without a key. */
export function partitionBatch(
  batch: Uint8Array,
  count: number,
  shards: number,
  rotate: () => number,
): PartitionedBatch {
  const assigned = new Uint16Array(count)
  if (shards === 1) return { shards: assigned, parts: [{ shard: 0, batch }] }
  const cursor = new RecordCursor(batch)
  const encoders = new Map<number, BatchEncoder>()
  for (let index = 0; cursor.next(); index++) {
    const key = cursor.key
    const shard = key === undefined ? rotate() : shardOfKey(key, shards)
    assigned[index] = shard
    let encoder = encoders.get(shard)
    if (encoder === undefined) {
      encoder = new BatchEncoder()
      encoders.set(shard, encoder)
    }
    encoder.appendEncoded(batch, cursor.encodedStart, cursor.encodedEnd)
  }
  // A batch of one shard is written as it came, with the crc that it has.
  const [only] = encoders.keys()
  if (encoders.size === 1 && only !== undefined) {
    return { shards: assigned, parts: [{ shard: only, batch }] }
  }
  const parts = [...encoders].map(([shard, encoder]) => ({ shard, batch: encoder.finish() }))
  return { shards: assigned, parts }
}
