/** The disk may read and write less than it was asked for; what is left is asked for again. */
import type { DiskFile } from '../ports/disk.ts'

/** Reads until `into` is full or the file ends; returns how much that was. */
export async function readFully(
  file: Pick<DiskFile, 'read'>,
  into: Uint8Array,
  position: number,
): Promise<number> {
  let done = 0
  while (done < into.length) {
    const count = await file.read(into.subarray(done), position + done)
    if (count === 0) break
    done += count
  }
  return done
}

/** After a failure it is not known how much was taken. */
export async function writeFully(
  file: Pick<DiskFile, 'write'>,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const count = await file.write(bytes.subarray(done), position + done)
    if (count === 0) throw new Error('expected a write to take bytes or to fail, got neither')
    done += count
  }
}
