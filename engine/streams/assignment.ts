/**
 * Decides which member of a group reads which shard of a stream. Pure; sessions and generations are the coordinator's.
 *
 * A pinned shard belongs to the member that pinned it last. All others are shared by the members that pinned nothing:
 * each keeps what it holds as far as its fair share goes, and what is free goes to the one that holds the fewest.
 */

export interface AssignmentMember {
  readonly member: string
  readonly pinned: readonly number[] | undefined
  readonly held: readonly number[]
}

/** Shards of each member, ascending; `members` in the order in which they joined. */
export function assignShards(
  members: readonly AssignmentMember[],
  shards: number,
): ReadonlyMap<string, readonly number[]> {
  const owners = new Map<number, string>()
  for (const { member, pinned } of members) {
    for (const shard of pinned ?? []) if (shard < shards) owners.set(shard, member)
  }
  const assigned = new Map<string, number[]>(members.map(({ member }) => [member, []]))
  for (const [shard, member] of owners) assigned.get(member)?.push(shard)

  const sharing = members.filter(({ pinned }) => pinned === undefined)
  if (sharing.length > 0) share(sharing, assigned, owners, shards)
  for (const held of assigned.values()) held.sort((left, right) => left - right)
  return assigned
}

function share(
  sharing: readonly AssignmentMember[],
  assigned: ReadonlyMap<string, number[]>,
  owners: Map<number, string>,
  shards: number,
): void {
  const free = shards - owners.size
  const fair = Math.floor(free / sharing.length)
  // Who holds the most keeps the one more that does not divide evenly.
  let extra = free - fair * sharing.length
  const fullestFirst = [...sharing].sort((left, right) => right.held.length - left.held.length)
  for (const { member, held } of fullestFirst) {
    const keepable = held.filter((shard) => shard < shards && !owners.has(shard))
    const kept = keepable.slice(0, fair + (extra > 0 ? 1 : 0))
    if (kept.length > fair) extra--
    for (const shard of kept) owners.set(shard, member)
    assigned.get(member)?.push(...kept)
  }
  for (let shard = 0; shard < shards; shard++) {
    if (owners.has(shard)) continue
    const shares = sharing.map(({ member }) => assigned.get(member) ?? [])
    const fewest = shares.reduce((least, next) => (next.length < least.length ? next : least))
    fewest.push(shard)
  }
}
