/** Copies files in small pieces, one after the other, so that those who wait for the disk do not wait long. */
import type { Disk, DiskFile } from '../ports/disk.ts'
import { writeFully } from './transfer-fully.ts'

const PIECE_BYTES = 512 * 1024
/** Synced often: one large sync at the end would hold up everybody else's. */
const SYNC_BYTES = 8 * 1024 * 1024

/** A new file with the first so many bytes of another; durable but for its name. Throws where there are fewer. */
export async function copyFile(
  disk: Disk,
  from: string,
  to: string,
  bytes?: number,
): Promise<number> {
  const source = await disk.files.open(from, 'read')
  try {
    const target = await disk.files.open(to, 'create')
    try {
      const length = bytes ?? (await source.size())
      await copyBytes(source, target, length, from)
      return length
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

async function copyBytes(
  source: DiskFile,
  target: DiskFile,
  length: number,
  path: string,
): Promise<void> {
  const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, Math.max(length, 1)))
  let unsynced = 0
  for (let at = 0; at < length; ) {
    const count = await source.read(piece.subarray(0, length - at), at)
    if (count === 0) throw new Error(`expected ${length} bytes in ${path}, got ${at}`)
    await writeFully(target, piece.subarray(0, count), at)
    at += count
    unsynced += count
    if (unsynced < SYNC_BYTES) continue
    await target.sync()
    unsynced = 0
  }
  await target.sync()
}
