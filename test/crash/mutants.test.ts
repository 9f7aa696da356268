/**
 * Defects that are planted on purpose: the property that holds for the engine has to break for each of them, or it
 * proves nothing. A few are of the disk, or of how it is asked; the others put one part of the engine wrong.
 */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { CheckpointFiles } from '../../engine/log/checkpoint/checkpoint-files.ts'
import { Superblocks } from '../../engine/log/checkpoint/superblock.ts'
import { DiskShard } from '../../engine/log/disk-shard.ts'
import { IdempotencyTable } from '../../engine/log/idempotency.ts'
import type * as DiskJournal from '../../engine/log/journal/disk-journal.ts'
import type { Journal, JournalPoint } from '../../engine/log/journal/journal.ts'
import { JournalFiles } from '../../engine/log/journal/journal-files.ts'
import { LogView } from '../../engine/log/log-view.ts'
import { SegmentAllocation } from '../../engine/log/segments/segment-allocation.ts'
import { TailCache } from '../../engine/log/tail-cache.ts'
import type { Disk, DiskFile } from '../../engine/ports/disk.ts'
import type { DiskFault, DiskOperation, Intercept } from '../../engine/ports/disk-calls.ts'
import { simulate } from './simulator.ts'
import { DIRECTORY, type WorldOptions } from './world.ts'

const SEEDS = 60
const CONTROL_SEEDS = 20

/** What the engine of the moment put together. */
const parts = vi.hoisted(() => ({ journal: undefined as Journal | undefined }))
vi.mock('../../engine/log/journal/disk-journal.ts', async (importOriginal) => {
  const original = await importOriginal<typeof DiskJournal>()
  const openJournal: typeof original.openJournal = async (options) => {
    parts.journal = await original.openJournal(options)
    return parts.journal
  }
  return { ...original, openJournal }
})
afterEach(() => void vi.restoreAllMocks())

/** The first seed that shows it; undefined where none does. */
async function findBy(plant: () => WorldOptions): Promise<number | undefined> {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const options = plant()
    try {
      await simulate(seed, options)
    } catch {
      return seed
    }
  }
  return undefined
}

/** Each `every`-th such call. */
function at(
  op: DiskOperation,
  path: RegExp,
  fault: 'skip' | DiskFault = 'skip',
  every = 1,
): () => WorldOptions {
  return () => {
    let count = 0
    const intercept: Intercept = (called, of) =>
      called === op && path.test(of) && ++count % every === 0 ? fault : undefined
    return { intercept }
  }
}

const JOURNAL = /\/journal\/\d+\.journal$/
const SEGMENT = /\.segment$/

/** Files whose writes, or syncs, are not what they seem. */
function files(path: RegExp, change: (file: DiskFile) => Partial<DiskFile>): () => WorldOptions {
  const wrap = (disk: Disk): Disk => ({
    directories: disk.directories,
    files: {
      rename: (from, to) => disk.files.rename(from, to),
      remove: (removed) => disk.files.remove(removed),
      open: async (opened, mode) => {
        const file = await disk.files.open(opened, mode)
        if (!path.test(opened)) return file
        const whole: DiskFile = {
          read: (into, position) => file.read(into, position),
          write: (bytes, position) => file.write(bytes, position),
          sync: () => file.sync(),
          size: () => file.size(),
          close: () => file.close(),
        }
        return { ...whole, ...change(file) }
      },
    },
  })
  return () => ({ wrap })
}

describe('a defect of the disk is found', () => {
  test.each<[string, () => WorldOptions]>([
    ['every third sync of the journal is skipped', at('sync', JOURNAL, 'skip', 3)],
    ['segments are not synced', at('sync', SEGMENT)],
    ['checkpoints are not synced', at('sync', /\/checkpoint\/\d\.[ab]$/)],
    ['superblocks are not synced', at('sync', /\/superblock\.\d$/)],
    ['every third write of a superblock is dropped', at('write', /\/superblock\.\d$/, 'skip', 3)],
    ['directories of streams are not synced', at('syncDirectory', /\/streams\/\d+$/)],
    ['the directory of all streams is not synced', at('syncDirectory', /\/streams$/)],
    ['the directory of checkpoints is not synced', at('syncDirectory', /\/checkpoint$/)],
    ['the directory of the journal is not synced', at('syncDirectory', /\/journal$/)],
    ['the data directory is not synced', at('syncDirectory', new RegExp(`^${DIRECTORY}$`))],
    ['the directory around it is not synced', at('syncDirectory', /^\/var\/lib$/)],
    ['the marker is never renamed', at('rename', /format\.json\.new$/)],
    ['every fiftieth write of the journal goes elsewhere', at('write', JOURNAL, 'misdirected', 50)],
    ['a frame is dropped, and an old one left in its place', at('write', JOURNAL, 'skip', 40)],
    ['every twentieth write of a segment is dropped', at('write', SEGMENT, 'skip', 20)],
    ['every twentieth write of a segment has a bit turned', at('write', SEGMENT, 'flipped', 20)],
    [
      'the last sector of a frame is forgotten',
      files(JOURNAL, (file) => ({
        write: async (bytes, position) => {
          const end = bytes.length - 3_584
          await file.write(bytes.subarray(0, Math.max(end, 512)), position)
          return bytes.length
        },
      })),
    ],
    [
      'a short write counts as a whole one',
      files(JOURNAL, (file) => ({
        write: async (bytes, position) => {
          const half = bytes.subarray(0, Math.ceil(bytes.length / 2))
          await file.write(bytes.length > 8_192 ? half : bytes, position)
          return bytes.length
        },
      })),
    ],
    [
      'the journal is synced before it is written',
      files(JOURNAL, (file) => ({
        write: async (bytes, position) => {
          await file.sync()
          return file.write(bytes, position)
        },
        sync: async () => {},
      })),
    ],
  ])('%s', async (_, plant) => {
    expect(await findBy(plant)).toBeDefined()
  })
})

/** Puts another function in the place of a method; it is given the original. */
function put<Owner extends object>(
  owner: Owner,
  method: keyof Owner & string,
  // biome-ignore lint/suspicious/noExplicitAny: Methods of any shape, whose types their owners keep private.
  make: (original: (...given: any[]) => any, self: any, given: any[]) => unknown,
): () => WorldOptions {
  return () => {
    vi.restoreAllMocks()
    // biome-ignore lint/suspicious/noExplicitAny: As above.
    const original = owner[method] as (...given: any[]) => any
    vi.spyOn(owner, method as never).mockImplementation(function (
      this: unknown,
      ...given: unknown[]
    ) {
      return make(original, this, given)
    } as never)
    return {}
  }
}

/** Behind what is written at the time, which nothing but the journal holds. */
const writtenPoint = (): JournalPoint | undefined => parts.journal?.point

describe('a defect of a part is found', () => {
  test.each<[string, () => WorldOptions]>([
    [
      'the journal is used again before a checkpoint holds it',
      put(JournalFiles.prototype, 'wrote', (original, self, [file, bytes]) => {
        original.call(self, file, bytes)
        self.release({ epoch: file.epoch, position: file.end })
      }),
    ],
    [
      'a superblock claims what no checkpoint holds',
      put(Superblocks.prototype, 'write', (original, self, [changes]) =>
        original.call(self, changes.point ? { ...changes, point: writtenPoint() } : changes),
      ),
    ],
    [
      'a superblock says that more is durable than is',
      put(Superblocks.prototype, 'write', (original, self, [changes]) =>
        original.call(self, {
          ...changes,
          durableSequence: (writtenPoint()?.sequence ?? 0) + 3,
        }),
      ),
    ],
    [
      'a checkpoint is written over the one that counts',
      put(CheckpointFiles.prototype, 'write', (original, self, [slot, checkpoint]) =>
        original.call(self, 1 - slot, checkpoint),
      ),
    ],
    [
      'memory lets go of what no segment holds',
      put(TailCache.prototype, 'flushed', (original, self, [sequence]) =>
        original.call(self, sequence + 5),
      ),
    ],
    [
      'segments miss the last batch of a flush',
      put(DiskShard.prototype, 'flush', (original, self, [sequence, ...roll]) =>
        original.call(self, sequence - 1, ...roll),
      ),
    ],
    [
      'idempotency keys are left out of a checkpoint',
      put(IdempotencyTable.prototype, 'entries', () => []),
    ],
    [
      'what relaxed streams reserved is forgotten',
      put(LogView.prototype, 'apply', (original, self, [change]) => {
        if (change.kind !== 'reserve') original.call(self, change)
      }),
    ],
    [
      'names of new segments are not made durable',
      put(SegmentAllocation.prototype, 'sync', async () => {}),
    ],
  ])('%s', async (_, plant) => {
    expect(await findBy(plant)).toBeDefined()
  })
})

test('without any, the same seeds find nothing', async () => {
  for (let seed = 1; seed <= CONTROL_SEEDS; seed++) await simulate(seed)
})
