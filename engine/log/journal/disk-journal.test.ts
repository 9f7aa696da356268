import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  append,
  commit,
  DIRECTORY,
  expected,
  openTestJournal,
  recover,
  SIZES,
  START,
  trim,
  write,
} from '../../../test/harness/journal-harness.ts'
import { SeededRandom } from '../../ports/seeded-random.ts'
import { SimulatedDisk } from '../../ports/simulated-disk.ts'
import type { Change } from '../change.ts'
import { FRAME_ALIGN_BYTES, FRAME_HEADER_BYTES } from './frame.ts'
import type { Journal, JournalPoint } from './journal.ts'

const FIRST = join(DIRECTORY, '0000.journal')
const SECOND = join(DIRECTORY, '0001.journal')
const THIRD = join(DIRECTORY, '0002.journal')
const FRAMES_PER_FILE = SIZES.firstFileBytes / FRAME_ALIGN_BYTES
/** A quarter of a file of the first size. */
const BODY_BYTES_MAX = SIZES.firstFileBytes / 4 - FRAME_HEADER_BYTES

const newDisk = (seed = 1): SimulatedDisk => new SimulatedDisk(new SeededRandom(seed))

function bytesAt(disk: SimulatedDisk, path: string): Buffer {
  return Buffer.from(disk.bytesOf(path) ?? [])
}

/** Commits frames of 4 KiB with one record each, from and up to the sequences. */
async function commitFrames(journal: Journal, from: number, to: number): Promise<void> {
  for (let sequence = from; sequence <= to; sequence++) {
    await commit(journal, [append(sequence, `record ${sequence}`)])
  }
}

/** Lets background work on the simulated disk come to its end. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await Promise.resolve()
}

/** A set whose body has exactly so many bytes. */
function setOf(bodyBytes: number): Change[] {
  const probe = append(1, Buffer.alloc(1000)).batch.length - 1000
  // Two entries: `[1]` behind one batch; the length of a longer record takes one or two bytes more.
  for (let data = bodyBytes - probe - 3; ; data--) {
    const change = append(1, Buffer.alloc(data, 5))
    if (change.batch.length + '[1]'.length === bodyBytes) return [change]
  }
}

describe('a frame', () => {
  test('says how long it is while it is filled', async () => {
    const journal = await openTestJournal(newDisk())
    const frame = journal.begin()
    expect([frame.isEmpty, frame.byteLength, frame.sequence]).toEqual([true, 66, 1])
    const changes = [append(1, 'a'), trim(1), append(2, Buffer.alloc(30_000)), append(3, 'ü')]
    for (const change of changes) {
      if (change.kind === 'append') expect(frame.append(change)).toBeGreaterThan(0)
      else frame.control(change)
    }
    frame.control({ kind: 'idle', group: 'größe', sinceUs: null })
    const { byteLength } = frame
    const bytes = await journal.write(frame)
    expect(bytes.indexOf(0, bytes.lastIndexOf(']'))).toBe(byteLength)
  })

  test('may be forgotten, and is refused once another was begun', async () => {
    const journal = await openTestJournal(newDisk())
    const forgotten = journal.begin()
    const frame = journal.begin()
    await expect(journal.write(forgotten)).rejects.toMatchObject({ code: 'Internal' })
    await journal.write(frame)
    await expect(journal.write(frame)).rejects.toMatchObject({ code: 'Internal' })
    expect(journal.point.sequence).toBe(2)
  })

  test('gives back the batches where it said that they are', async () => {
    const journal = await openTestJournal(newDisk())
    const frame = journal.begin()
    const change = append(7, 'where')
    frame.append(append(6, 'before'))
    const at = frame.append(change)
    const bytes = await journal.write(frame)
    const body = bytes.subarray(at + 64, at + change.batch.length)
    expect(body.equals(Buffer.from(change.batch).subarray(64))).toBe(true)
    expect(bytes.readUInt32LE(at + 16)).toBe(7)
    expect(bytes.readUInt32LE(at + 32)).toBe(1)
  })

  test('is whole at its limit, and parts of one set above it', async () => {
    for (const [bodyBytes, frames] of [
      [BODY_BYTES_MAX, 1],
      [BODY_BYTES_MAX + 1, 2],
      [3 * BODY_BYTES_MAX, 4],
      [6 * BODY_BYTES_MAX, 7],
    ] as const) {
      const disk = newDisk()
      const journal = await openTestJournal(disk)
      await commit(journal, [append(9, 'before')])
      const set = setOf(bodyBytes)
      await commit(journal, set)
      expect(journal.point.sequence).toBe(2 + frames)
      await commit(journal, [append(10, 'behind')])
      const { sets, sequences, end } = await recover(disk)
      expect(sets[1]).toEqual(expected(set))
      expect(sequences).toEqual([1, 2, 2 + frames])
      expect(end).toMatchObject({ damaged: false, torn: false, sequence: 3 + frames })
    }
  })

  test('that no files could ever hold is refused, and nothing is written', async () => {
    const disk = newDisk()
    const journal = await openTestJournal(disk)
    await commit(journal, [append(1, 'a')])
    await expect(write(journal, setOf(400 * 1024))).rejects.toMatchObject({ code: 'DiskFull' })
    await commit(journal, [append(2, 'b')])
    expect((await recover(disk)).sequences).toEqual([1, 2])
  })
})

describe('files', () => {
  test('are two at first, full of zeros', async () => {
    const disk = newDisk()
    const journal = await openTestJournal(disk)
    expect(disk.paths).toEqual([FIRST, SECOND])
    const zeros = Buffer.alloc(SIZES.firstFileBytes)
    expect(bytesAt(disk, FIRST).equals(zeros)).toBe(true)
    expect([journal.usedBytes, journal.capacityBytes]).toEqual([0, 2 * zeros.length])
    disk.crash()
    expect(bytesAt(disk, SECOND).equals(zeros)).toBe(true)
  })

  test('keep their size, and are filled up where a crash left them short', async () => {
    const disk = newDisk()
    const large = { ...SIZES, firstFileBytes: 128 * 1024 }
    await openTestJournal(disk, START, large)
    const file = await disk.files.open(THIRD, 'create')
    await file.write(Buffer.alloc(5000), 0)
    const journal = await openTestJournal(disk)
    expect(journal.capacityBytes).toBe(2 * large.firstFileBytes + SIZES.firstFileBytes)
  })

  test('follow each other without a sync or an operation on a directory', async () => {
    const disk = newDisk()
    const journal = await openTestJournal(disk)
    await commitFrames(journal, 1, FRAMES_PER_FILE)
    await settle()
    const before = disk.calls
    await write(journal, [append(17, 'in the next file')])
    expect(disk.calls - before).toBe(1)
    expect(journal.point).toMatchObject({ epoch: 2, position: FRAME_ALIGN_BYTES, sequence: 18 })
    await write(journal, [append(18, 'b')])
    expect((await recover(disk)).sequences).toHaveLength(18)
  })

  test('are added while the load needs them, as many as may be', async () => {
    const disk = newDisk()
    const journal = await openTestJournal(disk)
    await commitFrames(journal, 1, FRAMES_PER_FILE + FRAMES_PER_FILE / 2)
    await settle()
    expect(disk.paths).toEqual([FIRST, SECOND])
    await commitFrames(journal, 25, 25)
    await settle()
    expect(disk.paths).toEqual([FIRST, SECOND, THIRD])
    await commitFrames(journal, 26, 60)
    await settle()
    expect(journal.capacityBytes).toBe(2 * SIZES.firstFileBytes + SIZES.laterFileBytes)
    expect((await recover(disk)).sequences).toHaveLength(60)
  })

  test('stay as they are on a full disk', async () => {
    const disk = newDisk()
    const journal = await openTestJournal(disk)
    disk.full = true
    await commitFrames(journal, 1, 30)
    await settle()
    expect(disk.paths).toEqual([FIRST, SECOND])
    disk.full = false
    journal.release(journal.point)
    // One try for each change of file.
    await commitFrames(journal, 31, 60)
    await settle()
    expect(disk.paths).toEqual([FIRST, SECOND, THIRD])
  })

  test('cannot be made on a full disk, which is said when it is opened', async () => {
    const disk = newDisk()
    disk.full = true
    await expect(openTestJournal(disk)).rejects.toMatchObject({ code: 'DiskFull' })
    disk.full = false
    await commitFrames(await openTestJournal(disk), 1, 2)
    expect((await recover(disk)).sequences).toEqual([1, 2])
  })

  test('are waited for until a release', async () => {
    const disk = newDisk()
    const journal = await openTestJournal(disk, START, { ...SIZES, filesMax: 2 })
    await commitFrames(journal, 1, FRAMES_PER_FILE)
    const early = journal.point
    await commitFrames(journal, FRAMES_PER_FILE + 1, 2 * FRAMES_PER_FILE)
    expect(journal.usedBytes).toBe(journal.capacityBytes)
    let written = false
    const waiting = write(journal, [append(33, 'late')]).then(() => {
      written = true
    })
    await settle()
    expect(written).toBe(false)
    journal.release({ ...early, position: early.position - FRAME_ALIGN_BYTES })
    await settle()
    expect(written).toBe(false)
    journal.release(early)
    await waiting
    expect(journal.point).toMatchObject({ epoch: 3, position: FRAME_ALIGN_BYTES })
    expect(journal.usedBytes).toBe(SIZES.firstFileBytes + FRAME_ALIGN_BYTES)
    expect((await recover(disk, early)).sequences).toHaveLength(FRAMES_PER_FILE + 1)
  })

  test('are waited for by a large set before it begins', async () => {
    const disk = newDisk()
    const journal = await openTestJournal(disk, START, { ...SIZES, filesMax: 2 })
    await commitFrames(journal, 1, 3)
    const set = setOf(7 * BODY_BYTES_MAX)
    const waiting = write(journal, set)
    await settle()
    expect(journal.point.sequence).toBe(4)
    const from = journal.point
    journal.release(from)
    await waiting
    expect((await recover(disk, from)).sets).toEqual([expected(set)])
  })

  test('that nobody releases end their wait when the journal is closed', async () => {
    const journal = await openTestJournal(newDisk(), START, { ...SIZES, filesMax: 2 })
    await commitFrames(journal, 1, 2 * FRAMES_PER_FILE)
    const waiting = write(journal, [append(33, 'late')])
    await journal[Symbol.asyncDispose]()
    await expect(waiting).rejects.toMatchObject({ code: 'LogReadOnly' })
  })

  test('never bring back what a former use left in them', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const disk = newDisk(seed)
      const journal = await openTestJournal(disk, START, { ...SIZES, filesMax: 2 })
      await commitFrames(journal, 1, 2 * FRAMES_PER_FILE)
      journal.release(journal.point)
      const from = journal.point
      // The first new frame in a file that is full of former ones, synced or not.
      await write(journal, [append(33, 'new')])
      if (seed % 2 === 0) await journal.sync()
      disk.crash()
      const { end, sequences } = await recover(disk, from)
      expect(sequences).toEqual(end.sequence === 34 ? [33] : [])
      expect(end.damaged).toBe(false)
      if (seed % 2 === 0) expect(end.sequence).toBe(34)
      // And so it is for another opening in the same files.
      const next = { ...from, ...end, epoch: end.epochLast + 1, position: 0, salt: 5 }
      await commitFrames(await openTestJournal(disk, next), 50, 50)
      expect((await recover(disk, next)).sequences).toEqual([end.sequence])
    }
  })
})

describe('a fault', () => {
  const workload = async (disk: SimulatedDisk): Promise<{ journal: Journal; synced: number }> => {
    const journal = await openTestJournal(disk)
    let synced = 0
    const sets = [...Array(20).keys()].map((set) => [
      append(set * 3 + 1, Buffer.alloc(set * 100, set)),
    ])
    sets.push([append(100, Buffer.alloc(20_000, 1))], [append(101, 'last')])
    for (const set of sets) {
      await commit(journal, set).catch(() => {})
      await settle()
      synced = journal.syncedSequence
    }
    return { journal, synced }
  }

  test('that shortens a write leaves the same bytes as none', async () => {
    const sound = newDisk()
    await workload(sound)
    for (let call = 0; call < sound.calls; call++) {
      const disk = newDisk()
      disk.failCall(call, 'short')
      await workload(disk)
      for (const path of sound.paths) {
        expect(bytesAt(disk, path).equals(bytesAt(sound, path))).toBe(true)
      }
    }
  })

  test('of any call loses nothing that was synced, and is final but for DiskFull', async () => {
    const sound = newDisk()
    await workload(sound)
    for (const fault of ['EIO', 'ENOSPC'] as const) {
      for (let call = 0; call < sound.calls; call++) {
        const disk = newDisk(call)
        disk.failCall(call, fault)
        const opened = await workload(disk).catch(() => undefined)
        disk.crash()
        if (opened === undefined) continue
        const { end, sequences } = await recover(disk)
        expect(end.damaged).toBe(false)
        expect(end.sequence).toBeGreaterThan(opened.synced)
        expect(sequences).toEqual([...sequences].sort((left, right) => left - right))
        if (fault === 'ENOSPC') continue
        const { journal } = opened
        const failed = journal.syncedSequence < journal.point.sequence - 1
        if (failed) await expect(write(journal, [trim(1)])).rejects.toThrow()
      }
    }
  })

  test('of a sync is never asked about again', async () => {
    const disk = newDisk()
    const journal = await openTestJournal(disk)
    await write(journal, [append(1, 'a')])
    disk.failCall(disk.calls, 'EIO')
    await expect(journal.sync()).rejects.toThrow('EIO')
    const { calls } = disk
    await expect(journal.sync()).rejects.toThrow('EIO')
    await expect(write(journal, [append(2, 'b')])).rejects.toThrow('EIO')
    expect([disk.calls, journal.syncedSequence]).toEqual([calls, 0])
  })

  test('that takes no byte for want of room leaves the journal as it was', async () => {
    const disk = newDisk()
    const journal = await openTestJournal(disk)
    const before: JournalPoint = journal.point
    disk.failCall(disk.calls, 'ENOSPC')
    await expect(write(journal, [append(1, 'a')])).rejects.toMatchObject({ code: 'DiskFull' })
    expect(journal.point).toEqual(before)
    await commit(journal, [append(1, 'again')])
    // The second part of a set: the first is on the disk.
    disk.failCall(disk.calls + 1, 'ENOSPC')
    await expect(write(journal, setOf(2 * BODY_BYTES_MAX))).rejects.toMatchObject({
      code: 'ENOSPC',
    })
    await expect(write(journal, [trim(1)])).rejects.toThrow()
    expect((await recover(disk)).sequences).toEqual([1])
  })
})

describe('a sync', () => {
  test('covers what was written before it, and not what is written meanwhile', async () => {
    const disk = newDisk()
    const journal = await openTestJournal(disk)
    await write(journal, [append(1, 'a')])
    const letGo = disk.holdSyncs()
    const syncing = journal.sync()
    await settle()
    await write(journal, [append(2, 'b')])
    const another = journal.sync()
    await settle()
    expect(journal.syncedSequence).toBe(0)
    letGo()
    await syncing
    expect(journal.syncedSequence).toBe(1)
    await another
    expect(journal.syncedSequence).toBe(2)
    disk.crash()
    expect((await recover(disk)).sequences).toEqual([1, 2])
  })
})
