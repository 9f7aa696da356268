/** How far each group is behind in a stream, as the engine tells it from memory: what a plan needs to know of groups. */
import type { GroupDescription } from '../../engine/streams/groups.ts'
import type { StreamDescription } from '../../engine/streams/streams.ts'
import type { Consumer } from './plan.ts'

/** A group that has not committed anything in a shard that it reads has all of it to read. */
export function consumersOf(
  stream: StreamDescription,
  groups: readonly GroupDescription[],
): readonly Consumer[] {
  return groups.flatMap(({ group, offsets, members }): Consumer[] => {
    const own = offsets.filter(({ incarnation }) => incarnation === stream.incarnation)
    const reads = own.length > 0 || members.some((one) => one.incarnation === stream.incarnation)
    if (!reads) return []
    const nexts = new Map(own.map(({ shard, next }) => [shard, next]))
    const behind = stream.shardStates.reduce((sum, { shard, first, next, records }) => {
      const from = Math.max(nexts.get(shard) ?? first, first)
      return sum + Math.max(0, Math.min(next - from, records))
    }, 0)
    return [{ group, behind }]
  })
}
