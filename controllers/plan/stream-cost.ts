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

/** What would go, before anyone has looked who reads it. */
export type Loss = Omit<Cost, 'consumers' | 'readers'>

const NOTHING: Loss = { records: 0, bytes: 0, oldestUs: undefined, newestUs: undefined }

export function costOfDeletion({ records, bytes, shardStates }: StreamDescription): Loss {
  const { oldestUs, newestUs } = shardStates.map(asLoss).reduce(sum, NOTHING)
  return { records, bytes, oldestUs, newestUs }
}

function asLoss({ records, bytes, oldestUs, newestUs }: ShardState): Loss {
  return { records, bytes, oldestUs, newestUs }
}

export function costOfRetention(
  stream: StreamDescription,
  retention: StreamRetention,
  wallUs: number,
): Loss {
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

function lostByAge(shard: ShardState, ageMs: number | undefined, wallUs: number): Loss {
  const { oldestUs, newestUs } = shard
  if (ageMs === undefined || oldestUs === undefined || newestUs === undefined) return NOTHING
  const cutUs = wallUs - ageMs * 1_000
  if (oldestUs >= cutUs) return NOTHING
  if (newestUs < cutUs) return asLoss(shard)
  const part = (cutUs - oldestUs) / Math.max(1, newestUs - oldestUs)
  return { ...share(shard, part), oldestUs, newestUs: cutUs }
}

function lostByBytes(stream: StreamDescription, bytesMax: number | undefined): Loss {
  if (bytesMax === undefined || stream.bytes <= bytesMax) return NOTHING
  const { oldestUs, newestUs } = costOfDeletion(stream)
  const part = (stream.bytes - bytesMax) / stream.bytes
  if (oldestUs === undefined || newestUs === undefined)
    return { ...NOTHING, ...share(stream, part) }
  const cutUs = Math.round(oldestUs + (newestUs - oldestUs) * part)
  return { ...share(stream, part), oldestUs, newestUs: cutUs }
}

function share(of: Pick<Loss, 'records' | 'bytes'>, part: number): Pick<Loss, 'records' | 'bytes'> {
  return { records: Math.ceil(of.records * part), bytes: Math.ceil(of.bytes * part) }
}

function sum(a: Loss, b: Loss): Loss {
  return {
    records: a.records + b.records,
    bytes: a.bytes + b.bytes,
    oldestUs: least(a.oldestUs, b.oldestUs),
    newestUs: greatest(a.newestUs, b.newestUs),
  }
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || (b !== undefined && b < a) ? b : a
}

function greatest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || (b !== undefined && b > a) ? b : a
}
