/** What the checkpoint that counts must say of itself, of streams, and of the segments that hold their records. */
import { isDeepStrictEqual } from 'node:util'
import type { Disk } from '../../ports/disk.ts'
import { SHARDS_MAX } from '../../streams/streams.ts'
import type { StreamChange } from '../change.ts'
import { type Checkpoint, decodeCheckpoint, type ShardMark } from '../checkpoint/checkpoint.ts'
import { checkpointCopies } from '../checkpoint/checkpoint-files.ts'
import type { CheckpointRef, Superblock } from '../checkpoint/superblock.ts'
import { readFile } from '../checkpoint/whole-file.ts'
import { SEGMENT_HEADER_BYTES, type SegmentMeta } from '../segments/segment-store.ts'
import { expected, type Fault, type Invariant } from './invariant.ts'

const CHECKPOINT_BYTES_MAX = 2 ** 31 - 1

/** Of the slot that the superblock names. */
export interface CheckpointFacts {
  readonly superblock: Superblock
  readonly ref: CheckpointRef
  readonly copies: readonly CheckpointCopy[]
}

interface CheckpointCopy {
  readonly path: string
  readonly checkpoint: Checkpoint | undefined
}

export const CHECKPOINT_INVARIANTS: readonly Invariant<CheckpointFacts>[] = [
  {
    name: 'checkpoint-copies',
    sentence: 'Both copies of the checkpoint that counts are whole and say the same.',
    *faults({ ref, copies }) {
      const first = sound({ ref, copies })
      for (const { path, checkpoint } of copies) {
        if (checkpoint === undefined) {
          yield expected(`a whole copy of checkpoint ${ref.id}`, 'other bytes', path)
        } else if (checkpoint.head.id !== ref.id) {
          yield expected(`checkpoint ${ref.id}`, `${checkpoint.head.id}`, path)
        } else if (!isDeepStrictEqual(checkpoint, first?.checkpoint)) {
          yield expected('what the other copy says', 'something else', path)
        }
      }
    },
  },
  {
    name: 'checkpoint-head',
    sentence: 'The checkpoint is of this engine, and ends no later than the superblock says.',
    *faults({ superblock, ref, copies }) {
      const found = sound({ ref, copies })
      if (found === undefined) return
      const { engine, point } = found.checkpoint.head
      if (engine !== superblock.id) yield expected(`engine ${superblock.id}`, engine, found.path)
      if (point.sequence > superblock.point.sequence) {
        yield expected(
          `an end up to frame ${superblock.point.sequence}`,
          `${point.sequence}`,
          found.path,
        )
      }
    },
  },
  {
    name: 'checkpoint-streams',
    sentence:
      'Each stream has a name and a number of its own, given out already, and from 1 to 4096 shards.',
    *faults({ ref, copies }) {
      const found = sound({ ref, copies })
      if (found === undefined) return
      const names = new Set<string>()
      const numbers = new Set<number>()
      for (const { incarnation, record } of streamsOf(found.checkpoint)) {
        const { name, shards } = record
        const fault = (what: string, got: string): Fault =>
          expected(`${what} of ${name}`, got, found.path)
        if (names.has(name)) yield fault('one stream', 'two')
        if (numbers.has(incarnation)) yield fault('a number', `${incarnation} a second time`)
        if (incarnation > found.checkpoint.head.incarnationLast)
          yield fault(`a number up to ${found.checkpoint.head.incarnationLast}`, `${incarnation}`)
        if (shards < 1 || shards > SHARDS_MAX) yield fault(`1 to ${SHARDS_MAX} shards`, `${shards}`)
        names.add(name)
        numbers.add(incarnation)
      }
    },
  },
  {
    name: 'checkpoint-shards',
    sentence:
      'Each shard is one of a stream that there is, stands there once, and begins no later than it ends.',
    *faults({ ref, copies }) {
      const found = sound({ ref, copies })
      if (found === undefined) return
      const shards = new Map(
        streamsOf(found.checkpoint).map(({ incarnation, record }) => [incarnation, record.shards]),
      )
      const seen = new Set<string>()
      for (const { incarnation, shard, first, next } of found.checkpoint.shards) {
        const name = `shard ${shard} of stream number ${incarnation}`
        if (shard >= (shards.get(incarnation) ?? 0))
          yield expected('a shard of a stream that there is', name, found.path)
        if (seen.has(name)) yield expected(`${name} once`, 'a second time', found.path)
        if (first < 1 || first > next)
          yield expected(`a range of ${name}`, `from ${first} to below ${next}`, found.path)
        seen.add(name)
      }
    },
  },
  {
    name: 'checkpoint-segments',
    sentence:
      'The segments of a shard are in order, none but the last can grow, and they end no later than the shard.',
    *faults({ ref, copies }) {
      const found = sound({ ref, copies })
      if (found === undefined) return
      for (const mark of found.checkpoint.shards) yield* segmentFaults(mark, found.path)
    },
  },
  {
    name: 'checkpoint-arrival',
    sentence: 'No record arrived later than the newest arrival that the checkpoint knows.',
    *faults({ ref, copies }) {
      const found = sound({ ref, copies })
      if (found === undefined) return
      const { arrivalLastUs } = found.checkpoint.head
      for (const { incarnation, shard, segments } of found.checkpoint.shards) {
        const newestUs = segments.at(-1)?.newestUs ?? 0
        if (newestUs <= arrivalLastUs) continue
        const where = `in shard ${shard} of stream number ${incarnation}`
        yield expected(`arrivals up to ${arrivalLastUs}`, `${newestUs} ${where}`, found.path)
      }
    },
  },
]

export async function readCheckpoints(
  disk: Disk,
  directory: string,
  superblock: Superblock,
  ref: CheckpointRef,
): Promise<CheckpointFacts> {
  const copies: CheckpointCopy[] = []
  for (const path of checkpointCopies(directory, ref.slot)) {
    copies.push({ path, checkpoint: await readCopy(disk, path) })
  }
  return { superblock, ref, copies }
}

/** Undefined where it is away, cannot be read, or is not whole. */
export async function readCopy(disk: Disk, path: string): Promise<Checkpoint | undefined> {
  try {
    return decodeCheckpoint(await readFile(disk, path, CHECKPOINT_BYTES_MAX))
  } catch {
    return undefined
  }
}

/** The copy that recovery takes. */
function sound({
  ref,
  copies,
}: Pick<CheckpointFacts, 'ref' | 'copies'>):
  | { readonly path: string; readonly checkpoint: Checkpoint }
  | undefined {
  for (const { path, checkpoint } of copies) {
    if (checkpoint?.head.id === ref.id) return { path, checkpoint }
  }
  return undefined
}

function streamsOf({ changes }: Checkpoint): readonly StreamChange[] {
  return changes.filter((change) => change.kind === 'stream')
}

function* segmentFaults(
  { incarnation, shard, next, segments }: ShardMark,
  path: string,
): Iterable<Fault> {
  const where = `in shard ${shard} of stream number ${incarnation}`
  let before: SegmentMeta | undefined
  for (const meta of segments) {
    const { base, records, bytes } = meta
    if (base < (before?.next ?? 1) || meta.next <= base)
      yield expected(`segments in order ${where}`, `${base} to below ${meta.next}`, path)
    if (before !== undefined && !before.sealed)
      yield expected(`a sealed segment ${before.base} ${where}`, 'one that can grow', path)
    if (records < 1 || bytes <= SEGMENT_HEADER_BYTES)
      yield expected(`records in segment ${base} ${where}`, 'none', path)
    before = meta
  }
  if (before !== undefined && before.next > next)
    yield expected(`segments up to below ${next} ${where}`, `${before.next}`, path)
}
