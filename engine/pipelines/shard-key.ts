/**
 * What `pipeline.shard_by` says: the messages with the same text keep their order.
 *
 * It is text with `${! … }` in it, or else one query. A message that it fails for, or that it has no text for, keeps its
 * order with all others of that kind; the message is none the worse for it.
 */
import { valueText } from '../bloblang/values/value-text.ts'
import { shardOfKey } from '../streams/partitioner.ts'
import { interpolationOf, queryOf } from './bloblang-fields.ts'
import type { Batch, Message } from './message.ts'

export type ShardKey = (batch: Batch, index: number) => string

type Environment = Parameters<typeof queryOf>[1]

export function shardKeyKind(text: string): 'interpolated' | 'query' {
  return text.includes('${!') ? 'interpolated' : 'query'
}

export function shardKeyOf(text: string, environment: Environment): ShardKey {
  if (shardKeyKind(text) === 'interpolated') {
    const interpolation = interpolationOf(text, environment)
    return unlessFailed((batch, index) => interpolation.text(batch, index))
  }
  const query = queryOf(text, environment)
  return unlessFailed((batch, index) => valueText(query.value(batch, index)))
}

function unlessFailed(key: ShardKey): ShardKey {
  return (batch, index) => {
    try {
      return key(batch, index)
    } catch {
      return ''
    }
  }
}

/** The messages of each lane, in their order; those of a key are all in the same lane. */
export function partByKey(batch: Batch, key: ShardKey, lanes: number): readonly Batch[] {
  if (lanes === 1) return [batch]
  const parts: Message[][] = Array.from({ length: lanes }, () => [])
  for (let index = 0; index < batch.length; index++) {
    const message = batch[index]
    const lane = shardOfKey(Buffer.from(key(batch, index)), lanes)
    if (message !== undefined) parts[lane]?.push(message)
  }
  return parts
}
