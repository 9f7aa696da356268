/**
 * The data directory as a whole: its lock, and the marker that says which format it has, from the first day on.
 *
 * `format.json` holds `{"format": 1, "id": UUID}`. A directory with a newer format, or with a journal and no marker,
 * is left as it is.
 */
import { join } from 'node:path'
import { HeadgateError } from '../error.ts'
import type { Disk } from '../ports/disk.ts'
import type { Random } from '../ports/random.ts'
import { readFully } from './journal-scan.ts'

export const DATA_FORMAT = 1
const MARKER = 'format.json'
const MARKER_BYTES_MAX = 4096
const JOURNAL = 'journal'

export interface DataDirectory {
  readonly journal: string
  readonly lock: Disposable
}

export async function openDataDirectory(
  disk: Disk,
  directory: string,
  random: Random,
): Promise<DataDirectory> {
  await disk.directories.make(directory)
  const lock = await disk.directories.lock(directory)
  try {
    const journal = join(directory, JOURNAL)
    await disk.directories.make(journal)
    const marker = (await disk.directories.list(directory)).includes(MARKER)
    if (marker) {
      await checkMarker(disk, directory)
    } else if ((await disk.directories.list(journal)).length > 0) {
      throw unusable(directory, `a journal with its ${MARKER}`, 'one without')
    } else {
      await writeMarker(disk, directory, random)
    }
    return { journal, lock }
  } catch (error) {
    lock[Symbol.dispose]()
    throw error
  }
}

async function checkMarker(disk: Disk, directory: string): Promise<void> {
  const file = await disk.files.open(join(directory, MARKER), 'read')
  const bytes = Buffer.alloc(MARKER_BYTES_MAX)
  const length = await readFully(file, bytes, 0).finally(() => file.close())
  const format = formatOf(bytes.toString('utf8', 0, length))
  if (format === DATA_FORMAT) return
  throw unusable(
    directory,
    `data format ${DATA_FORMAT}`,
    format === undefined ? 'none' : `${format}`,
  )
}

function formatOf(text: string): number | undefined {
  try {
    const marker: unknown = JSON.parse(text)
    if (typeof marker !== 'object' || marker === null || !('format' in marker)) return undefined
    return typeof marker.format === 'number' ? marker.format : undefined
  } catch {
    return undefined
  }
}

/** Written aside and renamed, so that it is there whole or not at all. */
async function writeMarker(disk: Disk, directory: string, random: Random): Promise<void> {
  const aside = `${MARKER}.new`
  if ((await disk.directories.list(directory)).includes(aside)) {
    await disk.files.remove(join(directory, aside))
  }
  const bytes = Buffer.from(`${JSON.stringify({ format: DATA_FORMAT, id: random.uuid() })}\n`)
  const file = await disk.files.open(join(directory, aside), 'create')
  try {
    for (let done = 0; done < bytes.length; ) {
      done += await file.write(bytes.subarray(done), done)
    }
    await file.sync()
  } finally {
    await file.close()
  }
  await disk.files.rename(join(directory, aside), join(directory, MARKER))
  await disk.directories.sync(directory)
}

function unusable(directory: string, expected: string, got: string): HeadgateError {
  return new HeadgateError(
    'DataDirectoryUnusable',
    `expected ${expected} in data directory ${directory}, got ${got}`,
    { hint: 'Use the version that wrote it, or another directory; nothing was changed.' },
  )
}
