/** Small files that are read and written as a whole. */
import type { Disk, DiskFile } from '../../ports/disk.ts'
import { readFully, writeFully } from '../transfer-fully.ts'

/** At most `bytesMax` from the start; fewer where the file is shorter. */
export async function readFile(disk: Disk, path: string, bytesMax: number): Promise<Buffer> {
  const file = await disk.files.open(path, 'read')
  try {
    const bytes = Buffer.alloc(Math.min(await file.size(), bytesMax))
    return bytes.subarray(0, await readFully(file, bytes, 0))
  } finally {
    await file.close()
  }
}

/** Durable but for its name. What has the name is replaced. */
export async function createFile(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  const file = await openFresh(disk, path)
  try {
    await writeFully(file, bytes, 0)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function openFresh(disk: Disk, path: string): Promise<DiskFile> {
  try {
    return await disk.files.open(path, 'create')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    await disk.files.remove(path)
    return disk.files.open(path, 'create')
  }
}
