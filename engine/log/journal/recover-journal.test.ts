import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  append,
  commit,
  DIRECTORY,
  expected,
  openTestJournal,
  recover,
  START,
  trim,
  write,
} from '../../../test/harness/journal-harness.ts'
import { SeededRandom } from '../../ports/seeded-random.ts'
import { SimulatedDisk } from '../../ports/simulated-disk.ts'
import type { Change } from '../change.ts'
import { FRAME_ALIGN_BYTES, writeFrameHeader } from './frame.ts'

const FIRST = join(DIRECTORY, '0000.journal')
const SECOND = join(DIRECTORY, '0001.journal')

const newDisk = (): SimulatedDisk => new SimulatedDisk(new SeededRandom(1))

/** Frames of 4 KiB with one record each, all synced. */
async function journalOf(disk: SimulatedDisk, frames: number) {
  const journal = await openTestJournal(disk)
  for (let sequence = 1; sequence <= frames; sequence++) {
    await commit(journal, [append(sequence, `record ${sequence}`)])
  }
  return journal
}

function sequencesTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1)
}

function bytesAt(disk: SimulatedDisk, path: string): Buffer {
  return Buffer.from(disk.bytesOf(path) ?? [])
}

/** Replaces what a file holds, as if it had always held that. */
async function overwrite(disk: SimulatedDisk, path: string, bytes: Uint8Array) {
  await disk.files.remove(path)
  const file = await disk.files.open(path, 'create')
  if (bytes.length > 0) await file.write(bytes, 0)
  await file.close()
}

describe('recovery', () => {
  test('gives the changes of each set in their order, with the bytes that were written', async () => {
    const disk = newDisk()
    const journal = await openTestJournal(disk)
    const sets: Change[][] = [
      [append(1, 'a'), trim(1), append(2, 'b'), append(3, 'c'), trim(2)],
      [trim(2)],
      [append(4, Buffer.alloc(9000, 1)), append(5, '')],
    ]
    for (const changes of sets) await commit(journal, changes)
    const { end, sets: found, sequences, damage } = await recover(disk)
    expect(found).toEqual(sets.map(expected))
    expect(sequences).toEqual([1, 2, 3])
    const { sequence, previousCrc } = journal.point
    expect(end).toEqual({
      sequence,
      previousCrc,
      epochLast: 1,
      torn: false,
      damaged: false,
      frames: 3,
      bytes: 5 * FRAME_ALIGN_BYTES,
    })
    expect(damage).toEqual([])
  })

  test('begins at the point that it is given', async () => {
    const disk = newDisk()
    const journal = await openTestJournal(disk)
    await commit(journal, [append(1, 'a')])
    const from = journal.point
    await commit(journal, [append(2, 'b')])
    expect((await recover(disk, from)).sequences).toEqual([2])
    expect((await recover(disk, journal.point)).end).toMatchObject({ sequence: 3, frames: 0 })
  })

  test('finds nothing in an empty directory, and nothing wrong with it', async () => {
    const disk = newDisk()
    await disk.directories.make(DIRECTORY)
    const { end } = await recover(disk)
    expect(end).toMatchObject({ sequence: 1, damaged: false, torn: false, frames: 0 })
  })

  test('takes a journal that is older than the checkpoint for one that holds nothing new', async () => {
    const disk = newDisk()
    await journalOf(disk, 3)
    const from = { ...START, epoch: 7, position: 8192, sequence: 500, previousCrc: 5 }
    expect((await recover(disk, from, 499)).end).toMatchObject({ sequence: 500, damaged: false })
    // But not when more than the checkpoint holds was durable.
    expect((await recover(disk, from, 500)).end).toMatchObject({ sequence: 501, damaged: true })
  })

  test('goes on in the file of a later opening, when an older superblock is all there is', async () => {
    const disk = newDisk()
    const first = await journalOf(disk, 2)
    const end = { ...first.point, epoch: 2, salt: 77 }
    await first[Symbol.asyncDispose]()
    // The second file, so that the first keeps what is behind the point.
    const kept = bytesAt(disk, FIRST)
    const second = await openTestJournal(disk, end)
    await commit(second, [append(3, 'c')])
    await overwrite(disk, SECOND, bytesAt(disk, FIRST))
    await overwrite(disk, FIRST, kept)
    const { end: found, sequences } = await recover(disk)
    expect(sequences).toEqual([1, 2, 3])
    expect(found).toMatchObject({ epochLast: 2, damaged: false, torn: false })
  })
})

describe('a torn end', () => {
  test('is told from damage wherever the last frame is cut', async () => {
    const disk = newDisk()
    const journal = await journalOf(disk, 2)
    await write(journal, [append(3, Buffer.alloc(600, 7)), trim(1)])
    const whole = bytesAt(disk, FIRST)
    const start = 2 * FRAME_ALIGN_BYTES
    for (let cut = 0; cut < FRAME_ALIGN_BYTES; cut += cut < 1000 ? 1 : 97) {
      for (const rest of ['gone', 'zeros']) {
        const bytes = Buffer.from(whole.subarray(0, rest === 'gone' ? start + cut : whole.length))
        if (rest === 'zeros') bytes.fill(0, start + cut, start + FRAME_ALIGN_BYTES)
        await overwrite(disk, FIRST, bytes)
        const { end, sequences } = await recover(disk)
        // Padding that is zero may be torn without a loss.
        const unharmed = rest === 'zeros' && bytes.equals(whole)
        expect(sequences).toEqual(sequencesTo(unharmed ? 3 : 2))
        expect(end.damaged).toBe(false)
      }
    }
  })

  test('is found with any one sector of the last frame zeroed', async () => {
    const disk = newDisk()
    const journal = await journalOf(disk, 2)
    await write(journal, [append(3, Buffer.alloc(3000, 7)), append(4, Buffer.alloc(5000, 8))])
    const whole = bytesAt(disk, FIRST)
    const start = 2 * FRAME_ALIGN_BYTES
    for (let sector = start; sector < start + 3 * FRAME_ALIGN_BYTES; sector += 512) {
      const bytes = Buffer.from(whole)
      bytes.fill(0, sector, sector + 512)
      await overwrite(disk, FIRST, bytes)
      const { end, sequences } = await recover(disk)
      expect(sequences).toEqual(sequencesTo(bytes.equals(whole) ? 3 : 2))
      expect(end.damaged).toBe(false)
    }
  })

  test('takes a set whose last part is missing as a whole', async () => {
    const disk = newDisk()
    const journal = await journalOf(disk, 1)
    const large = [append(2, Buffer.alloc(40_000, 3))]
    await write(journal, large)
    expect((await recover(disk)).sets.at(-1)).toEqual(expected(large))
    // Three parts: the last one holds what is left.
    disk.rot(FIRST, FRAME_ALIGN_BYTES + 2 * 16 * 1024)
    const { end, sequences } = await recover(disk)
    expect(sequences).toEqual([1])
    expect(end).toMatchObject({ sequence: 2, torn: true, damaged: false })
  })
})

describe('damage', () => {
  test('of any one bit of a frame is never taken for something else', async () => {
    const disk = newDisk()
    const journal = await openTestJournal(disk)
    await commit(journal, [append(1, 'a')])
    const changes = [append(2, 'bit by bit'), trim(2)]
    await commit(journal, changes)
    await commit(journal, [append(3, 'c')])
    await commit(journal, [append(4, 'd')])
    const whole = bytesAt(disk, FIRST)
    const start = FRAME_ALIGN_BYTES
    const used = whole.lastIndexOf(']', 2 * start) + 1
    for (let at = start; at < used; at++) {
      for (let bit = 0; bit < 8; bit++) {
        disk.rot(FIRST, at, 1 << bit)
        const { end, sequences, damage } = await recover(disk)
        expect(sequences).toEqual([1, 3, 4])
        expect(end).toMatchObject({ damaged: true, torn: false, sequence: 5 })
        expect(damage).toEqual([{ path: FIRST, from: start, to: 2 * start, missing: false }])
        disk.rot(FIRST, at, 1 << bit)
      }
    }
    expect(bytesAt(disk, FIRST).equals(whole)).toBe(true)
  })

  test('below the synced mark is corruption, and above it the end', async () => {
    const disk = newDisk()
    const journal = await journalOf(disk, 2)
    await write(journal, [append(3, 'c')])
    await write(journal, [append(4, 'd')])
    disk.rot(FIRST, 2 * FRAME_ALIGN_BYTES + 70)
    expect((await recover(disk)).end).toMatchObject({ sequence: 3, torn: true, damaged: false })
    // The superblock may know better.
    expect((await recover(disk, START, 3)).end).toMatchObject({ sequence: 5, damaged: true })
    disk.rot(FIRST, FRAME_ALIGN_BYTES + 70)
    const { end, sequences } = await recover(disk)
    expect(sequences).toEqual([1])
    expect(end).toMatchObject({ damaged: true })
  })

  test('at the end of all is known from the superblock alone', async () => {
    const disk = newDisk()
    await journalOf(disk, 2)
    disk.rot(FIRST, FRAME_ALIGN_BYTES + 70)
    expect((await recover(disk)).end).toMatchObject({ damaged: false, torn: true })
    const { end, damage } = await recover(disk, START, 2)
    expect(end).toMatchObject({ damaged: true, torn: false, sequence: 3 })
    const to = bytesAt(disk, FIRST).length
    expect(damage).toEqual([{ path: FIRST, from: FRAME_ALIGN_BYTES, to, missing: false }])
  })

  test('of a large set takes all of it', async () => {
    const disk = newDisk()
    const journal = await journalOf(disk, 1)
    await commit(journal, [append(2, Buffer.alloc(20_000, 3))])
    await commit(journal, [append(3, 'behind')])
    await commit(journal, [append(4, 'last')])
    disk.rot(FIRST, FRAME_ALIGN_BYTES + 17 * 1024)
    const { sequences, damage } = await recover(disk)
    expect(sequences).toEqual([1, 4, 5])
    expect(damage).toMatchObject([{ path: FIRST, from: FRAME_ALIGN_BYTES }])
  })

  test('of a whole file is reported, and what lies behind it is found', async () => {
    for (const loss of ['removed', 'emptied', 'overwritten']) {
      const disk = newDisk()
      await journalOf(disk, 40)
      const lost = Buffer.alloc(loss === 'emptied' ? 0 : 65_536, 9)
      if (loss === 'removed') await disk.files.remove(FIRST)
      else await overwrite(disk, FIRST, lost)
      const { end, sequences, damage } = await recover(disk)
      expect(sequences).toEqual(sequencesTo(40).slice(16))
      expect(end).toMatchObject({ damaged: true, sequence: 41 })
      const missing = loss === 'removed'
      expect(damage).toEqual([{ path: FIRST, from: 0, to: missing ? 0 : lost.length, missing }])
    }
  })

  test('of the start of a file, which is not needed any more, is none', async () => {
    const disk = newDisk()
    const journal = await journalOf(disk, 2)
    const from = journal.point
    await commit(journal, [append(3, 'c')])
    disk.rot(FIRST, 3)
    expect(await recover(disk, from)).toMatchObject({ sequences: [3], end: { damaged: false } })
  })

  test('is told where the file of the point was cut', async () => {
    const disk = newDisk()
    await journalOf(disk, 20)
    await overwrite(disk, FIRST, bytesAt(disk, FIRST).subarray(0, 3 * FRAME_ALIGN_BYTES + 100))
    const { end, sequences, damage } = await recover(disk)
    expect(sequences).toEqual([1, 2, 3, 17, 18, 19, 20])
    expect(end.damaged).toBe(true)
    const from = 3 * FRAME_ALIGN_BYTES
    expect(damage).toEqual([{ path: FIRST, from, to: from + 100, missing: false }])
  })

  test('is told where the file of the point is in use again', async () => {
    const disk = newDisk()
    const journal = await journalOf(disk, 17)
    journal.release(journal.point)
    for (let sequence = 18; sequence < 60; sequence++)
      await commit(journal, [append(sequence, 'x')])
    // The checkpoint that the release relied on is gone.
    const { end, sequences } = await recover(disk)
    expect(end.damaged).toBe(true)
    expect(sequences[0]).toBeGreaterThan(1)
    expect(sequences.at(-1)).toBe(59)
  })

  test('is not what a record makes up', async () => {
    const disk = newDisk()
    const journal = await journalOf(disk, 1)
    const forged = bytesAt(disk, FIRST).subarray(0, FRAME_ALIGN_BYTES)
    forged.writeUInt32LE(1, 8)
    const layout = { batchesBytes: 0, batchCount: 0, entriesBytes: 2, entriesCrc: 0, flags: 0 }
    const place = { epoch: 9, salt: 1, sequence: 3, synced: 99, previousCrc: 0 }
    writeFrameHeader(forged, { ...place, ...layout })
    // Whatever is unsynced may be lost but for the middle of the record, where the forged frame lies.
    await write(journal, [append(2, Buffer.alloc(8192, forged))])
    const file = await disk.files.open(FIRST, 'update')
    await file.write(Buffer.alloc(64), FRAME_ALIGN_BYTES)
    await file.write(forged, 2 * FRAME_ALIGN_BYTES)
    const { end } = await recover(disk)
    expect(end).toMatchObject({ sequence: 2, epochLast: 1, damaged: false })
  })
})
