/**
 * What a change would take from a stream, as far as its shards' states tell: exact for a deletion, an estimate for a
 * shorter retention, where records are taken to have arrived evenly between the oldest and the newest.
 */
import type {
  ShardState,
  StreamDescription,
  StreamRetention,
} from '../../engine/streams/streams.ts'
import type { Cost } from './plan.ts'

const NOTHING: Cost = { records: 0, bytes: 0 }

export function costOfDeletion({ records, bytes }: StreamDescription): Cost {
  return { records, bytes }
}

export function costOfRetention(
  stream: StreamDescription,
  retention: StreamRetention,
  wallUs: number,
): Cost {
  const byAge = stream.shardStates
    .map((shard) => lostByAge(shard, retention.ageMs, wallUs))
    .reduce(sum, NOTHING)
  const byBytes = lostByBytes(stream, retention.bytes)
  return byAge.bytes >= byBytes.bytes ? byAge : byBytes
}

/** Whether records may go that the present retention keeps. */
export function isShorter(from: StreamRetention, to: StreamRetention): boolean {
  return below(to.ageMs, from.ageMs) || below(to.bytes, from.bytes)
}

function below(to: number | undefined, from: number | undefined): boolean {
  return to !== undefined && (from === undefined || to < from)
}

function lostByAge(shard: ShardState, ageMs: number | undefined, wallUs: number): Cost {
  const { oldestUs, newestUs } = shard
  if (ageMs === undefined || oldestUs === undefined || newestUs === undefined) return NOTHING
  const cutUs = wallUs - ageMs * 1_000
  if (oldestUs >= cutUs) return NOTHING
  if (newestUs < cutUs) return { records: shard.records, bytes: shard.bytes }
  return share(shard, (cutUs - oldestUs) / Math.max(1, newestUs - oldestUs))
}

function lostByBytes(stream: StreamDescription, bytesMax: number | undefined): Cost {
  if (bytesMax === undefined || stream.bytes <= bytesMax) return NOTHING
  return share(stream, (stream.bytes - bytesMax) / stream.bytes)
}

function share(of: Cost, part: number): Cost {
  return { records: Math.ceil(of.records * part), bytes: Math.ceil(of.bytes * part) }
}

function sum(a: Cost, b: Cost): Cost {
  return { records: a.records + b.records, bytes: a.bytes + b.bytes }
}
