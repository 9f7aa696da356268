/**
 * What it means for records when a group is moved by hand: those between its old place and its new one are read again
 * where it goes back, and never read where it goes forward. Pure; the shards' states say how many that are.
 *
 * Records are counted by sequences, and by what the shard keeps where that is less: exact, but for a compacted stream,
 * where it is the most that there may be. Bytes are their share of what the shard keeps.
 */
import { HeadgateError } from '../error.ts'
import type { Where } from '../log/log.ts'
import type { ShardState, StreamDescription } from './streams.ts'

export interface RecordAmount {
  readonly records: number
  readonly bytes: number
  /** When the first of them arrived; undefined where that is not known, and where there is none. */
  readonly oldestUs: number | undefined
}

export const NO_RECORDS: RecordAmount = { records: 0, bytes: 0, oldestUs: undefined }

export interface ShardMove {
  readonly shard: number
  /** Undefined where the group has committed nothing. */
  readonly committed: number | undefined
  /** Where it reads on without the move. */
  readonly from: number
  readonly to: number
  readonly readAgain: RecordAmount
  readonly skipped: RecordAmount
  /** What was asked for, where retention has deleted it: then `to` is the first record that there is. */
  readonly gone: number | undefined
}

export interface MoveRequest {
  readonly stream: StreamDescription
  /** All of the stream where absent. */
  readonly shards: readonly number[] | undefined
  readonly to: Where
  /** By shard: what the group reads next. */
  readonly committed: ReadonlyMap<number, number>
  /** The first sequence of the shard that arrived at or after the time; undefined where nobody has looked. */
  readonly sequenceAt: (shard: number, arrivalUs: number) => number | undefined
  /** A sequence beyond the end means the end. */
  readonly lenient?: boolean
}

/** By shard. Throws ShardOutOfRange, and PositionInvalid for a sequence that is not there yet. */
export function planMoves(request: MoveRequest): readonly ShardMove[] {
  const { stream, committed } = request
  return statesOf(stream, request.shards).map((state) => {
    const placed = placeIn(state, request)
    const before = committed.get(state.shard)
    const from = Math.min(Math.max(before ?? state.first, state.first), state.next)
    const { sequence: to, gone, oldestUs } = placed
    return {
      shard: state.shard,
      committed: before,
      from,
      to,
      readAgain: to < from ? between(state, to, from, oldestUs) : NO_RECORDS,
      skipped: from < to ? between(state, from, to, undefined) : NO_RECORDS,
      gone,
    }
  })
}

export function sumOf(amounts: readonly RecordAmount[]): RecordAmount {
  return amounts.reduce((sum, { records, bytes, oldestUs }) => {
    const known = [sum.oldestUs, oldestUs].filter((us) => us !== undefined)
    return {
      records: sum.records + records,
      bytes: sum.bytes + bytes,
      oldestUs: known.length === 0 ? undefined : Math.min(...known),
    }
  }, NO_RECORDS)
}

interface Placed {
  readonly sequence: number
  readonly gone: number | undefined
  /** As far as the place itself tells. */
  readonly oldestUs: number | undefined
}

function statesOf(
  { name, shards, shardStates }: StreamDescription,
  wanted: readonly number[] | undefined,
): readonly ShardState[] {
  if (wanted === undefined) return shardStates
  return [...new Set(wanted)]
    .sort((a, b) => a - b)
    .map((shard) => {
      const state = shardStates.find((one) => one.shard === shard)
      if (state !== undefined) return state
      throw new HeadgateError(
        'ShardOutOfRange',
        `expected shards 0 to ${shards - 1} of stream ${name}, got ${shard}`,
      )
    })
}

function placeIn(
  state: ShardState,
  { stream, to, sequenceAt, lenient = false }: MoveRequest,
): Placed {
  const { shard, first, next } = state
  const at = (sequence: number, gone?: number, oldestUs?: number): Placed => ({
    sequence,
    gone,
    oldestUs,
  })
  switch (to.kind) {
    case 'earliest':
      return at(first)
    case 'latest':
      return at(next)
    case 'time': {
      const sequence = sequenceAt(shard, to.arrivalUs) ?? estimate(state, to.arrivalUs)
      return at(Math.min(Math.max(sequence, first), next), undefined, to.arrivalUs)
    }
    case 'sequence': {
      const { sequence } = to
      if (sequence < first) return at(first, sequence)
      if (sequence <= next) return at(sequence)
      if (lenient) return at(next)
      throw new HeadgateError(
        'PositionInvalid',
        `expected a sequence from ${first} to ${next} in shard ${shard} of ${stream.name}, got ${sequence}`,
        { hint: 'A higher one is not there yet; `latest` is the end.' },
      )
    }
    default:
      return to satisfies never
  }
}

/** Where nobody has looked, records are taken to have arrived evenly. */
function estimate({ first, next, oldestUs, newestUs }: ShardState, arrivalUs: number): number {
  if (oldestUs === undefined || newestUs === undefined || arrivalUs > newestUs) return next
  if (arrivalUs <= oldestUs) return first
  const part = (arrivalUs - oldestUs) / Math.max(1, newestUs - oldestUs)
  return first + Math.floor((next - first) * part)
}

function between(
  { first, records: kept, bytes, oldestUs }: ShardState,
  from: number,
  to: number,
  sinceUs: number | undefined,
): RecordAmount {
  const records = Math.min(to - from, kept)
  if (records === 0) return NO_RECORDS
  const known = from <= first ? oldestUs : sinceUs
  return { records, bytes: Math.round((bytes * records) / kept), oldestUs: known }
}
