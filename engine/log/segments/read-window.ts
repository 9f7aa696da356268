import type { DiskFile } from '../../ports/disk.ts'
import { readFully } from '../transfer-fully.ts'

/** So many bytes from the position on; fewer where the file ends. */
export async function readWindow(
  file: DiskFile,
  position: number,
  length: number,
): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length)
  return bytes.subarray(0, await readFully(file, bytes, position))
}
