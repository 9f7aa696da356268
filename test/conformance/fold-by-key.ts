/** What a compacted stream means: the latest record of each key, by reading all of it. */
import type { Engine } from '../../engine/engine.ts'
import { RecordCursor, readHeader } from '../../engine/log/batch.ts'
import type { FoundRecord } from '../../engine/log/log.ts'

interface Latest {
  readonly frame: number
  readonly record: FoundRecord
}

/** By key in base64, of the keys that are there; in the order in which records were committed. */
export async function foldByKey(
  engine: Engine,
  stream: string,
): Promise<ReadonlyMap<string, FoundRecord>> {
  const latest = new Map<string, Latest>()
  const [description] = engine.streams.describe([stream])
  const { incarnation, shards } = description ?? { incarnation: 0, shards: 0 }
  for (let shard = 0; shard < shards; shard++) {
    const at = await engine.log.resolve({ stream, incarnation, shard }, { kind: 'earliest' })
    await using reader = engine.log.open(at)
    for (;;) {
      // One batch at a time: its header names the frame.
      const read = await reader.next(1, 0)
      if (read === undefined) break
      const { frame } = readHeader(read.bytes)
      const cursor = new RecordCursor(Buffer.from(read.bytes), read.from)
      while (cursor.next()) {
        const { key } = cursor
        if (key === undefined) continue
        const text = Buffer.from(key).toString('base64')
        const held = latest.get(text)
        if (held !== undefined && held.frame > frame) continue
        latest.set(text, { frame, record: { shard, ...cursor.record() } })
      }
    }
  }
  const kept = [...latest].filter(([, { record }]) => record.data.length > 0)
  return new Map(kept.map(([key, { record }]) => [key, record]))
}
