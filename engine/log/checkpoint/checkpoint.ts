/**
 * What a checkpoint says: everything but the records, as of one frame, and which segments hold those.
 *
 * It is text, one JSON value a line, so that a person can look at it: the head, the changes that lead from nothing to
 * this state, one line a shard that has ever been written to, and `{"kind":"end","lines","crc"}` with the crc32 of all
 * before it. Without that end it is no checkpoint.
 */
import { crc32 } from 'node:zlib'
import type { ControlChange } from '../change.ts'
import type { JournalPoint } from '../journal/journal.ts'
import type { SegmentMeta } from '../segments/segment-store.ts'

export interface Checkpoint {
  readonly head: CheckpointHead
  /** Streams, offsets, idle groups, reserves and idempotency keys. */
  readonly changes: readonly ControlChange[]
  readonly shards: readonly ShardMark[]
}

export interface CheckpointHead {
  readonly kind: 'checkpoint'
  readonly id: number
  readonly engine: string
  readonly opens: number
  /** Frames from here on are not, or not wholly, part of it; those before can go. */
  readonly point: JournalPoint
  readonly incarnationLast: number
  readonly arrivalLastUs: number
}

export interface ShardMark {
  readonly kind: 'shard'
  readonly incarnation: number
  readonly shard: number
  readonly first: number
  readonly next: number
  readonly segments: readonly SegmentMeta[]
}

/** Pieces of about this size, so that writing a large one lets others run. */
const PIECE_BYTES = 256 * 1024

/** The bytes of the whole, in pieces; what it is made of must not change meanwhile. */
export function* encodeCheckpoint({ head, changes, shards }: Checkpoint): Iterable<Buffer> {
  let lines = 0
  let crc = 0
  let text = ''
  for (const value of [[head], changes, shards].values()) {
    for (const line of value) {
      text += `${JSON.stringify(line)}\n`
      lines++
      if (text.length < PIECE_BYTES) continue
      const piece = Buffer.from(text)
      crc = crc32(piece, crc)
      text = ''
      yield piece
    }
  }
  const rest = Buffer.from(text)
  crc = crc32(rest, crc)
  yield rest
  yield Buffer.from(`${JSON.stringify({ kind: 'end', lines, crc })}\n`)
}

/** Undefined where the bytes do not begin with a whole checkpoint; what follows its end is left over. */
export function decodeCheckpoint(bytes: Buffer): Checkpoint | undefined {
  try {
    return decode(bytes)
  } catch {
    return undefined
  }
}

type Line = CheckpointHead | ShardMark | ControlChange | { kind: 'end'; lines: number; crc: number }

function decode(bytes: Buffer): Checkpoint | undefined {
  let head: CheckpointHead | undefined
  const changes: ControlChange[] = []
  const shards: ShardMark[] = []
  let lines = 0
  for (let at = 0; at < bytes.length; lines++) {
    const end = bytes.indexOf(0x0a, at)
    if (end === -1) return undefined
    const line = JSON.parse(bytes.toString('utf8', at, end)) as Line
    if (line.kind === 'end') {
      const sound = line.lines === lines && line.crc === crc32(bytes.subarray(0, at))
      return sound && head !== undefined ? { head, changes, shards } : undefined
    }
    if (line.kind === 'checkpoint') head = line
    else if (line.kind === 'shard') shards.push(line)
    else changes.push(line)
    at = end + 1
  }
  return undefined
}
