/** Plans where a group goes on reading when somebody moves it by hand: the one place that turns words into offsets. */
import { HeadgateError } from '../error.ts'
import type { Log, Where } from '../log/log.ts'
import type { GroupDescription, GroupOffset } from './groups.ts'
import type { StreamDescription } from './streams.ts'

export interface ResetRequest {
  readonly group: GroupDescription
  readonly stream: StreamDescription
  /** All of the stream unless named. */
  readonly shards: readonly number[] | undefined
  readonly to: Where
}

export interface ShardReset {
  readonly shard: number
  /** Undefined where the group has committed nothing. */
  readonly before: number | undefined
  readonly after: number
}

export async function planReset(
  log: Pick<Log, 'resolve'>,
  { group, stream, shards, to }: ResetRequest,
): Promise<readonly ShardReset[]> {
  const wanted = shards ?? stream.shardStates.map(({ shard }) => shard)
  const { name, incarnation } = stream
  const before = new Map(
    group.offsets
      .filter((offset) => offset.incarnation === incarnation)
      .map(({ shard, next }) => [shard, next]),
  )
  return Promise.all(
    [...new Set(wanted)].map(async (shard) => {
      requireShard(stream, shard)
      const { sequence } = await log.resolve({ stream: name, incarnation, shard }, to)
      return { shard, before: before.get(shard), after: sequence }
    }),
  )
}

export function resetOffsets(
  { name, incarnation }: StreamDescription,
  resets: readonly ShardReset[],
): readonly GroupOffset[] {
  return resets.map(({ shard, after }) => ({ stream: name, incarnation, shard, next: after }))
}

function requireShard({ name, shards }: StreamDescription, shard: number): void {
  if (Number.isInteger(shard) && shard >= 0 && shard < shards) return
  throw new HeadgateError(
    'ShardOutOfRange',
    `expected shards 0 to ${shards - 1} of stream ${name}, got ${shard}`,
  )
}
