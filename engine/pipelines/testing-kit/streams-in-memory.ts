/** Streams of a rehearsal: made as they are declared, and read back to their end. */
import type { Engine } from '../../engine.ts'
import { decodeRecords } from '../../log/batch.ts'
import type { LogRecord } from '../../log/record.ts'
import type { Random } from '../../ports/random.ts'
import type { StreamRecord } from '../../streams/streams.ts'

const READ_BYTES = 1024 * 1024

/** How a stream is declared, as far as it makes a difference in memory. */
export type StreamDeclaration = Pick<StreamRecord, 'shards' | 'compaction'>

const PLAIN: StreamDeclaration = { shards: 1, compaction: 'none' }

/** `name` as the engine has it: `default/orders`. */
export async function createStream(
  engine: Engine,
  name: string,
  random: Random,
  { shards, compaction }: StreamDeclaration = PLAIN,
): Promise<void> {
  await engine.streams.create({
    name,
    id: name,
    uid: random.uuid(),
    owner: 'test',
    digest: '',
    type: undefined,
    shards,
    durability: 'durable',
    retention: { ageMs: undefined, bytes: undefined },
    compaction,
    deletionPolicy: 'Delete',
    protected: false,
    retainForMs: undefined,
    sealed: undefined,
  })
}

/** A record, and where it is. */
export interface StoredRecord extends LogRecord {
  readonly shard: number
}

export async function storedRecords(
  engine: Engine,
  name: string,
): Promise<readonly StoredRecord[]> {
  const [stream] = engine.streams.describe([name])
  if (stream === undefined) return []
  const { incarnation } = stream
  const records: StoredRecord[] = []
  for (const { shard, first, next } of stream.shardStates) {
    if (first === next) continue
    await using reader = engine.log.open({ stream: name, incarnation, shard, sequence: first })
    while (reader.position.sequence < next) {
      const result = await reader.next(READ_BYTES, 0)
      if (result === undefined) break
      const read = decodeRecords(result.bytes, result.from)
      records.push(...read.map((record) => ({ ...record, shard })))
    }
  }
  return records
}
