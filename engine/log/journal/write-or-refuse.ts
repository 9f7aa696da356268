import type { DiskFile } from '../../ports/disk.ts'
import { diskFull, isDiskFull } from '../disk-full.ts'

/**
 * A write may be short; what is left is asked for again. DiskFull says that not one byte was taken; any other failure
 * leaves open what the disk holds.
 */
export async function writeOrRefuse(
  file: DiskFile,
  bytes: Buffer,
  position: number,
): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    try {
      done += await file.write(done === 0 ? bytes : bytes.subarray(done), position + done)
    } catch (error) {
      throw done === 0 && isDiskFull(error) ? diskFull(error) : error
    }
  }
}
