/** A file of an archive, and how much of that a message may hold. */
import { HeadgateError } from '../error.ts'

export interface ArchivedFile {
  readonly name: string
  readonly content: Uint8Array
}

/** What one archive may hold: zip files that we write cannot count further. */
export const ARCHIVE_ENTRIES_MAX = 65_535
/** A kilobyte can stand for gigabytes: what unpacking one archive may give, all its files together. */
export const ARCHIVE_BYTES_MAX: number = 64 * 1024 * 1024

export function expectEntries(count: number): void {
  if (count <= ARCHIVE_ENTRIES_MAX) return
  throw new HeadgateError(
    'LimitExceeded',
    `expected an archive of at most ${ARCHIVE_ENTRIES_MAX} files, got more`,
  )
}

export function expectUnpackedBytes(bytes: number): void {
  if (bytes <= ARCHIVE_BYTES_MAX) return
  throw new HeadgateError(
    'LimitExceeded',
    `expected an archive of at most ${ARCHIVE_BYTES_MAX} bytes when unpacked, got more`,
  )
}

/** Both formats end a name, or a header, at a zero byte. */
export function nameBytes(name: string): Buffer {
  if (!name.includes('\0')) return Buffer.from(name)
  throw new HeadgateError('BadRequest', 'expected a path without a zero byte, got one with it')
}
