/**
 * Who holds the shards of one stream within one group, and who shall hold them. Pure; sessions and generations are the
 * coordinator's.
 *
 * A shard never goes straight from one member to another. Its holder is told first, by an answer that no longer lists
 * the shard; what it asks next says that it let go, and only then is the shard given to whoever shall have it. Members
 * whose shards stay are not told anything and lose nothing.
 */
import { assignShards } from './assignment.ts'

export interface ShardsMember {
  readonly member: string
  readonly pinned?: readonly number[]
}

interface Holding {
  readonly member: string
  /** The generation in which the holder got the shard: what it commits under an older one is not its own. */
  since: number
  /** The holder was told to let go. It may not get the shard back before it did: its work on it is lost. */
  told: boolean
}

export class GroupShards {
  #holdings: (Holding | undefined)[] = []
  #wanted: (string | undefined)[] = []

  /** How many shards the stream had when they were assigned. */
  get count(): number {
    return this.#wanted.length
  }

  /** Decides anew who shall hold what, for the members of now. It moves nothing by itself. */
  assign(members: readonly ShardsMember[], count: number): void {
    const preferred = new Map<string, number[]>(members.map(({ member }) => [member, []]))
    const promised: (readonly [string | undefined, number])[] = []
    for (let shard = 0; shard < count; shard++) {
      const holding = this.#holdings[shard]
      if (holding !== undefined && !holding.told) preferred.get(holding.member)?.push(shard)
      else promised.push([this.#wanted[shard], shard])
    }
    // What is on its way comes behind what is held: of two moves the one that is not under way is saved.
    for (const [member, shard] of promised) preferred.get(member ?? '')?.push(shard)
    const assigned = assignShards(
      members.map(({ member, pinned }) => ({ member, pinned, held: preferred.get(member) ?? [] })),
      count,
    )
    this.#holdings.length = count
    this.#wanted = new Array<string | undefined>(count).fill(undefined)
    for (const [member, shards] of assigned)
      for (const shard of shards) this.#wanted[shard] = member
  }

  /** The member let go of what it was told to let go of; true when that was anything. */
  confirm(member: string): boolean {
    return this.#release((holding) => holding.told && holding.member === member)
  }

  /** The member is gone, or reads something else now; true when it held anything. */
  release(member: string): boolean {
    return this.#release((holding) => holding.member === member)
  }

  /** The member begins anew under the generation: it keeps what stays its own, and has let go of all else. */
  renew(member: string, generation: number): void {
    this.confirm(member)
    this.#holdings.forEach((holding, shard) => {
      if (holding?.member !== member) return
      if (this.#wanted[shard] === member) holding.since = generation
      else this.#holdings[shard] = undefined
    })
  }

  /** Gives each shard that nobody holds to who shall have it; true when there was one. */
  grant(generation: number): boolean {
    let granted = false
    this.#wanted.forEach((member, shard) => {
      if (member === undefined || this.#holdings[shard] !== undefined) return
      this.#holdings[shard] = { member, since: generation, told: false }
      granted = true
    })
    return granted
  }

  /** What the member may go on with. By this answer it is told to let go of the rest. */
  tell(member: string): readonly number[] {
    const kept: number[] = []
    this.#holdings.forEach((holding, shard) => {
      if (holding?.member !== member) return
      if (this.#wanted[shard] !== member) holding.told = true
      if (!holding.told) kept.push(shard)
    })
    return kept
  }

  /** All that the member holds, with what it still has to let go of. */
  held(member: string): HeldShards {
    const [shards, leaving]: [number[], number[]] = [[], []]
    this.#holdings.forEach((holding, shard) => {
      if (holding?.member !== member) return
      const stays = this.#wanted[shard] === member && !holding.told
      if (stays) shards.push(shard)
      else leaving.push(shard)
    })
    return { shards, leaving }
  }

  /** Since which generation the shard has its holder; undefined without one. */
  since(shard: number): number | undefined {
    return this.#holdings[shard]?.since
  }

  /** Nobody's commits count below the generation. */
  fence(generation: number): void {
    for (const holding of this.#holdings) if (holding !== undefined) holding.since = generation
  }

  /** Every shard is where it shall be. */
  get settled(): boolean {
    return this.#wanted.every((member, shard) => {
      const holding = this.#holdings[shard]
      return holding?.member === member && holding?.told !== true
    })
  }

  #release(leaves: (holding: Holding) => boolean): boolean {
    let released = false
    this.#holdings.forEach((holding, shard) => {
      if (holding === undefined || !leaves(holding)) return
      this.#holdings[shard] = undefined
      released = true
    })
    return released
  }
}

export interface HeldShards {
  /** Ascending. */
  readonly shards: readonly number[]
  /** Those that shall go to another member once this one let go of them. */
  readonly leaving: readonly number[]
}
