/**
 * Who is in which consumer group, and under which generation. Pure but for the monotonic clock; offsets are the log's.
 *
 * Nothing here outlives the process: members join again after a restart, and the generations that they then get lie
 * above all that were given out before, because the base does.
 */
import { HeadgateError } from '../error.ts'
import type { Clock } from '../ports/clock.ts'
import { assignShards } from './assignment.ts'
import type { JoinRequest, Membership } from './groups.ts'

/** How many shards a stream has; throws StreamNotFound when it is gone. */
export type ShardCount = (stream: string, incarnation: number) => number

interface Member extends JoinRequest {
  deadlineMs: number
  shards: readonly number[]
}

interface Group {
  generation: number
  /** In the order in which they joined. */
  readonly members: Map<string, Member>
}

export class GroupCoordinator {
  readonly #groups = new Map<string, Group>()
  readonly #clock: Clock
  readonly #shardCount: ShardCount
  readonly #generationBase: number

  constructor(clock: Clock, shardCount: ShardCount, generationBase: number) {
    this.#clock = clock
    this.#shardCount = shardCount
    this.#generationBase = generationBase
  }

  join(request: JoinRequest): Membership {
    const shards = this.#shardCount(request.stream, request.incarnation)
    for (const shard of request.pinned ?? []) {
      if (Number.isInteger(shard) && shard >= 0 && shard < shards) continue
      throw new HeadgateError(
        'ShardOutOfRange',
        `expected shards 0 to ${shards - 1} of stream ${request.stream}, got ${shard}`,
      )
    }
    const group = this.#group(request.group)
    this.#expire(group)
    const former = group.members.get(request.member)
    group.members.delete(request.member)
    group.members.set(request.member, {
      ...request,
      deadlineMs: this.#clock.monotonicMs() + request.sessionMs,
      shards: former?.shards ?? [],
    })
    this.#assign(group)
    // Also when nothing moved: the former self of this member must not commit any more.
    group.generation++
    return this.#membership(group, request.group, request.member)
  }

  heartbeat(name: string, memberId: string): Membership {
    const group = this.#groups.get(name)
    if (group !== undefined) this.#expire(group)
    const member = group?.members.get(memberId)
    if (group === undefined || member === undefined) {
      throw new HeadgateError(
        'GenerationStale',
        `expected a member of group ${name} with a live session, got ${memberId}`,
        { hint: 'Join the group again.' },
      )
    }
    member.deadlineMs = this.#clock.monotonicMs() + member.sessionMs
    // The stream may have grown, or gone.
    this.#shardCount(member.stream, member.incarnation)
    if (this.#assign(group)) group.generation++
    return this.#membership(group, name, memberId)
  }

  leave(name: string, memberId: string): void {
    const group = this.#groups.get(name)
    if (group?.members.delete(memberId) !== true) return
    this.#assign(group)
    group.generation++
  }

  /** Throws GenerationStale unless the generation is the group's of now; 0 is that of a group without members. */
  check(name: string, generation: number): void {
    const group = this.#groups.get(name)
    if (group !== undefined) this.#expire(group)
    const current = group === undefined || group.members.size === 0 ? 0 : group.generation
    if (generation === current) return
    throw new HeadgateError(
      'GenerationStale',
      `expected generation ${current} of group ${name}, got ${generation}`,
      { hint: 'Ask for the assignment of now, and write again if the shard is still held.' },
    )
  }

  /** Fences every member until its next heartbeat: offsets were set by hand. */
  fence(name: string): void {
    const group = this.#groups.get(name)
    if (group !== undefined) group.generation++
  }

  hasMembers(name: string): boolean {
    const group = this.#groups.get(name)
    if (group === undefined) return false
    this.#expire(group)
    return group.members.size > 0
  }

  #group(name: string): Group {
    let group = this.#groups.get(name)
    if (group === undefined) {
      group = { generation: this.#generationBase, members: new Map() }
      this.#groups.set(name, group)
    }
    return group
  }

  #expire(group: Group): void {
    const nowMs = this.#clock.monotonicMs()
    let expired = false
    for (const [id, member] of group.members) {
      if (member.deadlineMs > nowMs) continue
      group.members.delete(id)
      expired = true
    }
    if (!expired) return
    this.#assign(group)
    group.generation++
  }

  /** Gives each stream's shards to the members that read it; true when anything moved. */
  #assign(group: Group): boolean {
    const byStream = Map.groupBy(group.members.values(), (member) => member.incarnation)
    let moved = false
    for (const members of byStream.values()) {
      const before = members.map(({ member, pinned, shards }) => ({ member, pinned, held: shards }))
      const after = assignShards(before, this.#shardCountOrNone(members[0]))
      for (const member of members) {
        const shards = after.get(member.member) ?? []
        if (shards.length === member.shards.length) {
          if (shards.every((shard, index) => shard === member.shards[index])) continue
        }
        member.shards = shards
        moved = true
      }
    }
    return moved
  }

  #shardCountOrNone(member: Member | undefined): number {
    if (member === undefined) return 0
    try {
      return this.#shardCount(member.stream, member.incarnation)
    } catch {
      return 0
    }
  }

  #membership(group: Group, name: string, memberId: string): Membership {
    const shards = group.members.get(memberId)?.shards ?? []
    return { group: name, member: memberId, generation: group.generation, shards }
  }
}
