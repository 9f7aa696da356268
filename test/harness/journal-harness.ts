/** A journal on a simulated disk, and what recovery finds of it, as plain data that can be compared. */
import { encodeBatch } from '../../engine/log/batch.ts'
import type { AppendChange, Change, ControlChange } from '../../engine/log/change.ts'
import { FrameBuffers } from '../../engine/log/frame-buffers.ts'
import { openJournal } from '../../engine/log/journal/disk-journal.ts'
import type { Journal, JournalPoint, JournalSizes } from '../../engine/log/journal/journal.ts'
import {
  type JournalEnd,
  type JournalPlace,
  recoverJournal,
} from '../../engine/log/journal/recover-journal.ts'
import type { Disk } from '../../engine/ports/disk.ts'

export const DIRECTORY = '/data/journal'
export const SIZES: JournalSizes = {
  firstFileBytes: 64 * 1024,
  laterFileBytes: 128 * 1024,
  filesMax: 3,
}
export const START: JournalPoint = {
  epoch: 1,
  position: 0,
  sequence: 1,
  previousCrc: 0,
  salt: 0xab_cdef_0123,
}

export function openTestJournal(
  disk: Disk,
  start: JournalPoint = START,
  sizes: JournalSizes = SIZES,
): Promise<Journal> {
  return openJournal({ disk, directory: DIRECTORY, sizes, start, buffers: new FrameBuffers() })
}

export function append(baseSequence: number, data: string | Uint8Array): AppendChange {
  const batch = encodeBatch([{ data: Buffer.from(data) }])
  const place = {
    stream: 'a',
    incarnation: 1,
    shard: 2,
    baseSequence,
    arrivalUs: 1_700_000_000_000_000,
  }
  return { kind: 'append', ...place, batch, count: 1, relaxed: false }
}

export function trim(first: number): ControlChange {
  return { kind: 'trim', incarnation: 1, shard: 2, first }
}

/** Writes the changes as one set; gives its bytes. */
export function write(journal: Journal, changes: readonly Change[]): Promise<Buffer> {
  const frame = journal.begin()
  for (const change of changes) {
    if (change.kind === 'append') frame.append(change)
    else frame.control(change)
  }
  return journal.write(frame)
}

export async function commit(journal: Journal, changes: readonly Change[]): Promise<void> {
  await write(journal, changes)
  await journal.sync()
}

export interface FoundDamage {
  readonly path: string
  readonly from: number
  readonly to: number
  readonly missing: boolean
}

export interface Recovered {
  readonly end: JournalEnd
  /** The changes of each set, batches as the base sequence and a digest of their body. */
  readonly sets: readonly (readonly unknown[])[]
  readonly sequences: readonly number[]
  readonly places: readonly JournalPlace[]
  readonly damage: readonly FoundDamage[]
}

export async function recover(
  disk: Disk,
  from: JournalPoint = START,
  durableSequence = 0,
): Promise<Recovered> {
  const sets: unknown[][] = []
  const sequences: number[] = []
  const places: JournalPlace[] = []
  const damage: FoundDamage[] = []
  const end = await recoverJournal({
    disk,
    directory: DIRECTORY,
    from,
    durableSequence,
    onFrame: ({ entries, batches }, frame, place) => {
      const rest = batches.values()
      sets.push(
        entries.flatMap((entry): unknown[] =>
          typeof entry === 'number'
            ? [...rest.take(entry).map(({ header }) => [header.baseSequence, header.bodyCrc])]
            : [entry],
        ),
      )
      sequences.push(frame.sequence)
      places.push(place)
    },
    onDamage: (path, from, to, missing) => damage.push({ path, from, to, missing }),
  })
  return { end, sets, sequences, places, damage }
}

/** What `recover` gives for a set of these changes. */
export function expected(changes: readonly Change[]): readonly unknown[] {
  return changes.map((change) =>
    change.kind === 'append'
      ? [change.baseSequence, Buffer.from(change.batch).readUInt32LE(44)]
      : change,
  )
}
