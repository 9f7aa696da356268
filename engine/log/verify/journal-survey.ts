/** Looks through all of a journal's files and tells the frames that count from those of a former use. */
import type { Disk } from '../../ports/disk.ts'
import { FRAME_ALIGN_BYTES } from '../journal/frame.ts'
import { WalkedFile } from '../journal/frame-walk.ts'
import { journalPath, journalSlots } from '../journal/journal-path.ts'

export interface JournalSurvey {
  /** From the sequence on. */
  readonly sound: number
  /** What a checkpoint holds since, or what an earlier opening left. */
  readonly stale: number
}

export async function surveyJournal(
  disk: Disk,
  directory: string,
  sequence: number,
): Promise<JournalSurvey> {
  let sound = 0
  let stale = 0
  for (const slot of journalSlots(await disk.directories.list(directory))) {
    const file = await WalkedFile.open(disk, journalPath(directory, slot))
    try {
      for (let at = 0; at < file.size; at += FRAME_ALIGN_BYTES) {
        const header = await file.headerAt(at)
        if (header === undefined) continue
        if (header.sequence >= sequence) sound++
        else stale++
      }
    } finally {
      await file.close()
    }
  }
  return { sound, stale }
}
