/**
 * The consumer group port: who reads which shard, and how far each group has read.
 *
 * Assignment is sticky and cooperative. A member keeps its shards as others come and go; one that shall go to another
 * member is first missing from its holder's answer, and reaches the other member once the holder's next call (a
 * heartbeat, a join, a leave) has said that it let go, or its session ended. So a member has to be through with a shard
 * that it was not answered any more before it calls again.
 *
 * Each change of who holds what is a new generation, and no shard has two holders in one. An offset commit counts when
 * the shard's holder had the shard in the generation that it names: a member that was paused cannot overwrite what its
 * successor did, and one that keeps its shards goes on under the generation that it knows. Offsets are committed with
 * the write that they belong to (`WriteSet.offsets`), never here.
 */

export interface Groups {
  /**
   * Joins, and takes the shards that are free; the same member joining again replaces its former self, whose commits
   * count no more.
   */
  join(request: JoinRequest): Promise<Membership>
  /** Keeps the session and tells the assignment of now. GenerationStale once the session expired. */
  heartbeat(group: string, member: string): Promise<Membership>
  leave(group: string, member: string): Promise<void>
  offsets(group: string): readonly GroupOffset[]
  /**
   * Sets offsets by hand, forwards or backwards, durable when it resolves; those of other shards stay, and an empty list
   * forgets all. Members are fenced until their next heartbeat.
   */
  reset(group: string, offsets: readonly GroupOffset[]): Promise<void>
}

/** What people and metrics want to know of groups; nobody needs it to read. */
export interface GroupObserver {
  /** The named ones that have members or offsets, or all; by name, from memory, without waiting for anything. */
  describe(groups?: readonly string[]): readonly GroupDescription[]
}

export interface JoinRequest {
  readonly group: string
  readonly member: string
  readonly stream: string
  readonly incarnation: number
  /** Just these, whoever else is there; without it the group shares all shards of the stream. */
  readonly pinned?: readonly number[]
  readonly sessionMs: number
}

export interface Membership {
  readonly group: string
  readonly member: string
  readonly generation: number
  readonly shards: readonly number[]
  /** Shards are on their way from one member to another: ask again soon. */
  readonly settling: boolean
  /** The one in which offsets were last set by hand, or 0: what was read in an older one counts no more. */
  readonly resetGeneration: number
}

export interface GroupOffset {
  readonly stream: string
  readonly incarnation: number
  readonly shard: number
  readonly next: number
}

export interface GroupDescription {
  readonly group: string
  /** 0 while there are no members. */
  readonly generation: number
  /** In the order in which they joined. */
  readonly members: readonly MemberDescription[]
  /** Microseconds; undefined while there are members, and until it was noticed that there are none. */
  readonly idleSinceUs: number | undefined
  readonly offsets: readonly GroupOffset[]
}

export interface MemberDescription {
  readonly member: string
  readonly stream: string
  readonly incarnation: number
  readonly pinned: readonly number[] | undefined
  readonly shards: readonly number[]
  /** Those of them that shall go to another member once this one let go. */
  readonly leaving: readonly number[]
  readonly sessionMs: number
  /** Since it last joined or gave a sign of life. */
  readonly heartbeatAgeMs: number
}

/** Offsets outlive the last member by this: a pipeline that is gone for a weekend resumes. */
export const GROUP_OFFSETS_KEPT_MS: number = 7 * 24 * 3_600_000
export const SESSION_MS_DEFAULT = 10_000
export const HEARTBEAT_MS_DEFAULT = 3_000
/** While shards are on their way. */
export const HEARTBEAT_SETTLING_MS = 250
/** Of the group that says how far the dead letters of a stream were put back: `redrive.{stream}`. */
export const REDRIVE_GROUP_PREFIX = 'redrive.'

/** Its offsets are kept as long as the stream: what was put back must not come again, however long nobody did. */
export function keepsOffsets(group: string): boolean {
  return group.slice(group.indexOf('/') + 1).startsWith(REDRIVE_GROUP_PREFIX)
}
