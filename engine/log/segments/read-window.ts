import type { DiskFile } from '../../ports/disk.ts'

/** So many bytes from the position on; fewer where the file ends. */
export async function readWindow(
  file: DiskFile,
  position: number,
  length: number,
): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length)
  let done = 0
  while (done < length) {
    const count = await file.read(bytes.subarray(done), position + done)
    if (count === 0) break
    done += count
  }
  return bytes.subarray(0, done)
}
