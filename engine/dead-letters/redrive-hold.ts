/**
 * The right to put back the dead letters of one stream: held by one at a time, as the only member of its redrive group.
 *
 * The group says how far the letters of each shard were put back. Whoever loses the hold is fenced: what it commits is
 * refused whole, so no letter goes back twice.
 */
import type { Engine } from '../engine.ts'
import { HeadgateError } from '../error.ts'
import type { OffsetCommit } from '../log/log.ts'
import { engineGroup } from '../pipelines/group-name.ts'
import type { Clock } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'
import {
  HEARTBEAT_MS_DEFAULT,
  keepsOffsets,
  REDRIVE_GROUP_PREFIX,
  SESSION_MS_DEFAULT,
} from '../streams/groups.ts'
import type { StreamDescription } from '../streams/streams.ts'

export interface RedriveStream {
  readonly namespace: string
  /** As configs of the namespace call it. */
  readonly name: string
  readonly stream: StreamDescription
}

export interface HoldEnvironment {
  readonly engine: Engine
  readonly clock: Clock
  readonly random: Pick<Random, 'uuid'>
}

export class RedriveHold implements AsyncDisposable {
  readonly #environment: HoldEnvironment
  readonly #of: RedriveStream
  readonly #group: string
  readonly #member: string
  readonly #generation: number
  #aliveMs: number

  private constructor(
    of: RedriveStream,
    environment: HoldEnvironment,
    membership: { readonly group: string; readonly member: string; readonly generation: number },
  ) {
    this.#of = of
    this.#environment = environment
    this.#group = membership.group
    this.#member = membership.member
    this.#generation = membership.generation
    this.#aliveMs = environment.clock.monotonicMs()
  }

  /** Throws GroupActive while somebody else has it. */
  static async take(of: RedriveStream, environment: HoldEnvironment): Promise<RedriveHold> {
    const { engine, random } = environment
    const { name: stream, incarnation, shards } = of.stream
    const group = redriveGroup(of, engine)
    const member = `redrive/${random.uuid()}`
    // Nothing is awaited between the look and the join: of two that begin at once, one sees the other.
    if (engine.groups.describe([group]).some(({ members }) => members.length > 0)) throw busy(of)
    const sessionMs = SESSION_MS_DEFAULT
    const membership = await engine.groups.join({ group, member, stream, incarnation, sessionMs })
    const hold = new RedriveHold(of, environment, membership)
    if (membership.shards.length >= shards) return hold
    await hold[Symbol.asyncDispose]()
    throw busy(of)
  }

  /** Called before each write: a sign of life when it is time for one. */
  async keep(): Promise<void> {
    const { clock, engine } = this.#environment
    const nowMs = clock.monotonicMs()
    if (nowMs - this.#aliveMs < HEARTBEAT_MS_DEFAULT) return
    this.#aliveMs = nowMs
    const { shards } = await engine.groups.heartbeat(this.#group, this.#member)
    if (shards.length < this.#of.stream.shards) throw busy(this.#of)
  }

  offset(shard: number, next: number): OffsetCommit {
    const { name: stream, incarnation } = this.#of.stream
    return {
      group: this.#group,
      generation: this.#generation,
      stream,
      incarnation,
      shard,
      next,
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#environment.engine.groups.leave(this.#group, this.#member).catch(() => {})
  }
}

/** How far the letters of each shard were put back; nothing for a shard of which none was. */
export function redrivePositions(of: RedriveStream, engine: Engine): ReadonlyMap<number, number> {
  const { incarnation } = of.stream
  return new Map(
    engine.groups
      .offsets(redriveGroup(of, engine))
      .filter((offset) => offset.incarnation === incarnation)
      .map(({ shard, next }) => [shard, next]),
  )
}

/** A stream that was renamed keeps the group of its former name, where its positions are. */
export function redriveGroup({ namespace, name, stream }: RedriveStream, engine: Engine): string {
  const former = engine.groups
    .describe()
    .find(
      ({ group, offsets }) =>
        keepsOffsets(group) &&
        offsets.some(({ incarnation }) => incarnation === stream.incarnation),
    )
  return former?.group ?? engineGroup(namespace, `${REDRIVE_GROUP_PREFIX}${name}`)
}

function busy({ name, stream }: RedriveStream): HeadgateError {
  return new HeadgateError(
    'GroupActive',
    `dead letters of ${name} are being put back, or something else is in the group of that`,
    { hint: `Wait until that has ended: headgate groups list shows who reads ${stream.name}.` },
  )
}
