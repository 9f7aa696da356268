/**
 * The consumer group port: who reads which shard, and how far each group has read.
 *
 * Assignment is sticky: a member keeps its shards as others come and go, and surplus shards go to the member that
 * holds the fewest. Each change of assignment is a new generation; an offset commit under an older one is refused,
 * so a member that was paused cannot overwrite what its successor did. Offsets are committed with the write that
 * they belong to (`WriteSet.offsets`), never here.
 */

export interface Groups {
  /** Joins, and takes shards at once; the same member joining again replaces its former self. */
  join(request: JoinRequest): Promise<Membership>
  /** Keeps the session and tells the assignment of now. GenerationStale once the session expired. */
  heartbeat(group: string, member: string): Promise<Membership>
  leave(group: string, member: string): Promise<void>
  offsets(group: string): readonly GroupOffset[]
  /**
   * Replaces all offsets of the group by hand, forwards or backwards, durable when it resolves; an empty list forgets
   * them. Members are fenced until their next heartbeat.
   */
  reset(group: string, offsets: readonly GroupOffset[]): Promise<void>
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
}

export interface GroupOffset {
  readonly stream: string
  readonly incarnation: number
  readonly shard: number
  readonly next: number
}

/** Offsets outlive the last member by this: a pipeline that is gone for a weekend resumes. */
export const GROUP_OFFSETS_KEPT_MS: number = 7 * 24 * 3_600_000
export const SESSION_MS_DEFAULT = 10_000
export const HEARTBEAT_MS_DEFAULT = 3_000
