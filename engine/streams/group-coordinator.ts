/**
 * Who is in which consumer group, and under which generation. Pure but for the monotonic clock; offsets are the log's,
 * and who holds which shard is decided in `group-shards.ts`.
 *
 * Nothing here outlives the process: members join again after a restart, and the generations that they then get lie
 * above all that were given out before, because the base does.
 */
import { HeadgateError } from '../error.ts'
import type { Clock } from '../ports/clock.ts'
import { GroupShards } from './group-shards.ts'
import type { GroupOffset, JoinRequest, MemberDescription, Membership } from './groups.ts'

/** How many shards a stream has; throws StreamNotFound when it is gone. */
export type ShardCount = (stream: string, incarnation: number) => number

interface Member extends JoinRequest {
  aliveMs: number
}

interface Group {
  generation: number
  resetGeneration: number
  /** In the order in which they joined. */
  readonly members: Map<string, Member>
  /** By the incarnation of the stream; of each that a member reads. */
  readonly streams: Map<number, GroupShards>
  /** No session ends before it. */
  expiresMs: number
}

export interface GroupMembers {
  readonly generation: number
  readonly members: readonly MemberDescription[]
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
    const { incarnation, member: id } = request
    checkPinned(request, this.#shardCount(request.stream, incarnation))
    const group = this.#group(request.group)
    this.#expire(group)
    const former = group.members.get(id)
    group.members.delete(id)
    if (former !== undefined && former.incarnation !== incarnation) {
      group.streams.get(former.incarnation)?.release(id)
      this.#assign(group, former.incarnation)
    }
    const member: Member = { ...request, aliveMs: this.#clock.monotonicMs() }
    group.members.set(id, member)
    group.expiresMs = Math.min(group.expiresMs, deadlineOf(member))
    if (!group.streams.has(incarnation)) group.streams.set(incarnation, new GroupShards())
    this.#assign(group, incarnation)
    // Also when nothing moved: the former self of this member must not commit any more.
    group.generation++
    group.streams.get(incarnation)?.renew(id, group.generation)
    for (const shards of group.streams.values()) shards.grant(group.generation)
    return answerOf(group, member)
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
    member.aliveMs = this.#clock.monotonicMs()
    // The stream may have grown, or gone.
    const count = this.#shardCount(member.stream, member.incarnation)
    const shards = group.streams.get(member.incarnation)
    const freed = shards?.confirm(memberId) === true
    if (shards?.count !== count) this.#assign(group, member.incarnation)
    this.#handOut(group, freed)
    return answerOf(group, member)
  }

  leave(name: string, memberId: string): void {
    const group = this.#groups.get(name)
    if (group === undefined) return
    this.#expire(group)
    if (!group.members.has(memberId)) return
    this.#remove(group, [memberId])
  }

  /**
   * Throws GenerationStale unless the shard's holder has had it since the generation or longer; 0 is the generation of a
   * group without members.
   */
  check(name: string, generation: number, { stream, incarnation, shard }: GroupOffset): void {
    const group = this.#groups.get(name)
    if (group !== undefined) this.#expire(group)
    if (group === undefined || group.members.size === 0) {
      if (generation === 0) return
      throw stale(`generation 0 of group ${name}, which has no members`, generation)
    }
    const since = group.streams.get(incarnation)?.since(shard)
    if (since === undefined) {
      throw stale(`a member of group ${name} that holds shard ${shard} of ${stream}`, generation)
    }
    if (generation >= since && generation <= group.generation) return
    const range = since === group.generation ? `${since}` : `${since} to ${group.generation}`
    throw stale(`generation ${range} of group ${name} for shard ${shard} of ${stream}`, generation)
  }

  /** Fences every member until its next heartbeat: offsets were set by hand. */
  fence(name: string): void {
    const group = this.#groups.get(name)
    if (group === undefined) return
    group.resetGeneration = ++group.generation
    for (const shards of group.streams.values()) shards.fence(group.generation)
  }

  hasMembers(name: string): boolean {
    return (this.#live(name)?.members.size ?? 0) > 0
  }

  /** Those that have members. */
  names(): readonly string[] {
    return [...this.#groups.keys()].filter((name) => this.hasMembers(name))
  }

  describe(name: string): GroupMembers {
    const group = this.#live(name)
    if (group === undefined || group.members.size === 0) return { generation: 0, members: [] }
    const nowMs = this.#clock.monotonicMs()
    const members = [...group.members.values()].map((member): MemberDescription => {
      const held = group.streams.get(member.incarnation)?.held(member.member)
      return {
        member: member.member,
        stream: member.stream,
        incarnation: member.incarnation,
        pinned: member.pinned,
        shards: [...(held?.shards ?? []), ...(held?.leaving ?? [])].sort((a, b) => a - b),
        leaving: held?.leaving ?? [],
        sessionMs: member.sessionMs,
        heartbeatAgeMs: nowMs - member.aliveMs,
      }
    })
    return { generation: group.generation, members }
  }

  #group(name: string): Group {
    let group = this.#groups.get(name)
    if (group === undefined) {
      group = {
        generation: this.#generationBase,
        resetGeneration: 0,
        members: new Map(),
        streams: new Map(),
        expiresMs: Number.POSITIVE_INFINITY,
      }
      this.#groups.set(name, group)
    }
    return group
  }

  #live(name: string): Group | undefined {
    const group = this.#groups.get(name)
    if (group !== undefined) this.#expire(group)
    return group
  }

  /** Looks at the members only once one may be over: this is asked for each offset that is committed. */
  #expire(group: Group): void {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs < group.expiresMs) return
    const members = [...group.members.values()]
    const over = members.filter((member) => deadlineOf(member) <= nowMs)
    if (over.length > 0) {
      this.#remove(
        group,
        over.map(({ member }) => member),
      )
    }
    group.expiresMs = Math.min(...[...group.members.values()].map(deadlineOf))
  }

  #remove(group: Group, ids: readonly string[]): void {
    const incarnations = new Set<number>()
    for (const id of ids) {
      const member = group.members.get(id)
      if (member === undefined) continue
      group.members.delete(id)
      group.streams.get(member.incarnation)?.release(id)
      incarnations.add(member.incarnation)
    }
    for (const incarnation of incarnations) this.#assign(group, incarnation)
    this.#handOut(group, true)
  }

  #assign(group: Group, incarnation: number): void {
    const members = [...group.members.values()].filter((one) => one.incarnation === incarnation)
    const [first] = members
    if (first === undefined) group.streams.delete(incarnation)
    else group.streams.get(incarnation)?.assign(members, this.#shardCountOrNone(first))
  }

  /** A new generation begins with each change of who holds what. */
  #handOut(group: Group, changed: boolean): void {
    const next = group.generation + 1
    let moved = changed
    for (const shards of group.streams.values()) if (shards.grant(next)) moved = true
    if (moved) group.generation = next
  }

  #shardCountOrNone({ stream, incarnation }: Member): number {
    try {
      return this.#shardCount(stream, incarnation)
    } catch {
      return 0
    }
  }
}

function deadlineOf({ aliveMs, sessionMs }: Member): number {
  return aliveMs + sessionMs
}

function answerOf(group: Group, { group: name, member, incarnation }: Member): Membership {
  const shards = group.streams.get(incarnation)
  const kept = shards?.tell(member) ?? []
  const { generation, resetGeneration } = group
  const settling = shards?.settled === false
  return { group: name, member, generation, shards: kept, settling, resetGeneration }
}

function checkPinned({ stream, pinned }: JoinRequest, shards: number): void {
  for (const shard of pinned ?? []) {
    if (Number.isInteger(shard) && shard >= 0 && shard < shards) continue
    throw new HeadgateError(
      'ShardOutOfRange',
      `expected shards 0 to ${shards - 1} of stream ${stream}, got ${shard}`,
    )
  }
}

function stale(expected: string, generation: number): HeadgateError {
  return new HeadgateError(
    'GenerationStale',
    `expected ${expected}, got generation ${generation}`,
    {
      hint: 'Ask for the assignment of now, and write again if the shard is still held.',
    },
  )
}
