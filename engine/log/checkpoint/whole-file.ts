/** Small files that are read and written as a whole. */
import type { Disk, DiskFile } from '../../ports/disk.ts'

/** At most `bytesMax` from the start; fewer where the file is shorter. */
export async function readFile(disk: Disk, path: string, bytesMax: number): Promise<Buffer> {
  const file = await disk.files.open(path, 'read')
  try {
    const bytes = Buffer.alloc(Math.min(await file.size(), bytesMax))
    let done = 0
    while (done < bytes.length) {
      const count = await file.read(bytes.subarray(done), done)
      if (count === 0) break
      done += count
    }
    return bytes.subarray(0, done)
  } finally {
    await file.close()
  }
}

/** A write may be short; what is left is asked for again. */
export async function writeAt(file: DiskFile, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += await file.write(bytes.subarray(done), position + done)
  }
}

/** Durable but for its name. What has the name is replaced. */
export async function createFile(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  const file = await openFresh(disk, path)
  try {
    await writeAt(file, bytes, 0)
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
