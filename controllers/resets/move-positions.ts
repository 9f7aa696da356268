/** Finds out what a reset means for each shard, and carries it out: the only place that moves groups of pipelines. */
import type { Engine } from '../../engine/engine.ts'
import type { Where } from '../../engine/log/log.ts'
import { arrivalAt } from '../../engine/streams/arrival-at.ts'
import type { GroupOffset } from '../../engine/streams/groups.ts'
import {
  planMoves,
  type RecordAmount,
  type ShardMove,
  sumOf,
} from '../../engine/streams/position-move.ts'
import type { ResetTarget } from './reset-targets.ts'

export interface StreamMove {
  /** As the config calls it. */
  readonly stream: string
  /** As the engine calls it. */
  readonly group: string
  readonly offsets: readonly GroupOffset[]
  readonly before: readonly GroupOffset[]
  readonly shards: readonly ShardMove[]
}

type Ports = Pick<Engine, 'log' | 'groups'>

/** As things are now. */
export async function planResets(
  { log, groups }: Ports,
  targets: readonly ResetTarget[],
  to: Where,
  lenient = false,
): Promise<readonly StreamMove[]> {
  return Promise.all(
    targets.map(async ({ name, stream, group, shards }) => {
      const { incarnation } = stream
      const committed = new Map(
        groups
          .offsets(group)
          .filter((offset) => offset.incarnation === incarnation)
          .map(({ shard, next }) => [shard, next]),
      )
      const at = await sequencesAt({ log }, stream, shards, to)
      const sequenceAt = (shard: number): number | undefined => at.get(shard)
      const planned = planMoves({ stream, shards, to, committed, sequenceAt, lenient })
      const moves = await Promise.all(planned.map((move) => withArrivals({ log }, stream, move)))
      const offset = (shard: number, next: number): GroupOffset => ({
        stream: stream.name,
        incarnation,
        shard,
        next,
      })
      return {
        stream: name,
        group,
        shards: moves,
        offsets: moves.map((move) => offset(move.shard, move.to)),
        before: moves.map((move) => offset(move.shard, move.from)),
      }
    }),
  )
}

/** Group by group; those of other shards stay. */
export async function setOffsets(
  { groups }: Pick<Engine, 'groups'>,
  moves: readonly Pick<StreamMove, 'group' | 'offsets'>[],
): Promise<void> {
  for (const { group, offsets } of moves) if (offsets.length > 0) await groups.reset(group, offsets)
}

export function readAgainOf(moves: readonly StreamMove[]): RecordAmount {
  return sumOf(moves.flatMap(({ shards }) => shards.map(({ readAgain }) => readAgain)))
}

export function skippedOf(moves: readonly StreamMove[]): RecordAmount {
  return sumOf(moves.flatMap(({ shards }) => shards.map(({ skipped }) => skipped)))
}

async function sequencesAt(
  { log }: Pick<Ports, 'log'>,
  { name, incarnation, shardStates }: ResetTarget['stream'],
  shards: readonly number[] | undefined,
  to: Where,
): Promise<ReadonlyMap<number, number>> {
  if (to.kind !== 'time') return new Map()
  const wanted = shardStates.filter(({ shard }) => shards?.includes(shard) ?? true)
  return new Map(
    await Promise.all(
      wanted.map(async ({ shard }): Promise<[number, number]> => {
        const { sequence } = await log.resolve({ stream: name, incarnation, shard }, to)
        return [shard, sequence]
      }),
    ),
  )
}

async function withArrivals(
  { log }: Pick<Ports, 'log'>,
  { name, incarnation }: ResetTarget['stream'],
  move: ShardMove,
): Promise<ShardMove> {
  const first = Math.min(move.from, move.to)
  const { readAgain, skipped, shard } = move
  if (readAgain.records === 0 && skipped.records === 0) return move
  const oldestUs = await arrivalAt(log, { stream: name, incarnation, shard, sequence: first })
  return {
    ...move,
    readAgain: readAgain.records === 0 ? readAgain : { ...readAgain, oldestUs },
    skipped: skipped.records === 0 ? skipped : { ...skipped, oldestUs },
  }
}
