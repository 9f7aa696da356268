/** Shows the frames in the files of a journal, stale ones too, and goes on behind what is damaged. */
import type { Disk } from '../../ports/disk.ts'
import { nextSequence } from '../batch-header.ts'
import { readSuperblocks } from '../checkpoint/superblock.ts'
import { dataPaths } from '../data-directory.ts'
import {
  alignFrame,
  FRAME_ALIGN_BYTES,
  FRAME_FLAG_LAST,
  FRAME_FLAG_PART,
  type FrameContent,
  type FrameHeader,
  frameBytes,
  readFrame,
  readPart,
} from '../journal/frame.ts'
import { WalkedFile } from '../journal/frame-walk.ts'
import { FRAME_BODY_BYTES_MAX } from '../journal/journal.ts'
import { journalPath, journalSlots } from '../journal/journal-path.ts'
import { type DumpLine, dumpTime } from './dump-line.ts'

export async function* dumpJournal(
  disk: Disk,
  directory: string,
  from: number,
): AsyncGenerator<DumpLine, void, undefined> {
  const paths = dataPaths(directory)
  const { superblock } = await readSuperblocks(disk, paths.root)
  const needed = superblock?.point.sequence
  for (const slot of journalSlots(await disk.directories.list(paths.journal))) {
    const file = await WalkedFile.open(disk, journalPath(paths.journal, slot))
    try {
      const text = `journal file of ${file.size} bytes, used last in epoch ${file.head?.epoch ?? '?'}`
      yield { kind: 'file', path: file.path, position: 0, text }
      for (let position = 0; position < file.size; ) {
        const header = await file.headerAt(position)
        if (header !== undefined && header.sequence >= from) {
          yield* dumpFrame(file, position, header, needed)
        }
        position += header === undefined ? FRAME_ALIGN_BYTES : lengthOf(header)
      }
    } finally {
      await file.close()
    }
  }
}

/** A header that promises too much counts as a block. */
function lengthOf(header: FrameHeader): number {
  const bytes = frameBytes(header)
  return bytes > FRAME_BODY_BYTES_MAX ? FRAME_ALIGN_BYTES : alignFrame(bytes)
}

async function* dumpFrame(
  file: WalkedFile,
  position: number,
  header: FrameHeader,
  needed: number | undefined,
): AsyncGenerator<DumpLine, void, undefined> {
  const { path } = file
  const bytes = await file.read(position, lengthOf(header))
  const isPart = (header.flags & FRAME_FLAG_PART) !== 0
  const content = contentOf(bytes, header, isPart)
  const use =
    needed === undefined
      ? ''
      : header.sequence >= needed
        ? ', behind the checkpoint'
        : ', stale: a checkpoint holds it'
  const parts = isPart
    ? `part ${header.batchCount}${(header.flags & FRAME_FLAG_LAST) === 0 ? '' : ', the last'}`
    : `${header.batchCount} batches`
  const text =
    `frame ${header.sequence}, epoch ${header.epoch}, synced up to ${header.synced}, ${parts}, ` +
    `${frameBytes(header)} bytes, crc ${content === undefined ? 'WRONG' : 'ok'}${use}`
  yield { kind: content === undefined ? 'damaged' : 'frame', path, position, text }
  if (content === undefined || content === 'part') return
  for (const { header: batch, start } of content.batches) {
    const last = nextSequence(batch) - 1
    const what = `batch of stream number ${batch.incarnation}, shard ${batch.shard}, sequences ${batch.baseSequence} to ${last}`
    const arrived = `${batch.count} records, arrived ${dumpTime(batch.arrivalUs)}, crc ok`
    yield { kind: 'entry', path, position: position + start, text: `${what}, ${arrived}` }
  }
  for (const entry of content.entries) {
    if (typeof entry === 'number') continue
    yield { kind: 'entry', path, position, text: JSON.stringify(entry) }
  }
}

function contentOf(
  bytes: Buffer,
  header: FrameHeader,
  isPart: boolean,
): FrameContent | 'part' | undefined {
  try {
    if (!isPart) return readFrame(bytes, header)
    readPart(bytes, header)
    return 'part'
  } catch {
    return undefined
  }
}
