/**
 * The two superblocks: where everything else begins. Each lies in a file of its own, `superblock.0` and
 * `superblock.1`; they are written in turn, in place, so that one is whole whatever a crash does to the other. The one
 * with more writes counts.
 *
 * | offset | bytes | field (little-endian) |
 * |---|---|---|
 * | 0 | 4 | magic, `HGS1` |
 * | 4 | 4 | length of the text |
 * | 8 | 4 | crc32 of the text |
 * | 12 | 4 | zero |
 * | 16 | n | the text: JSON, `Superblock` |
 *
 * and zeros up to 4096.
 */
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Disk } from '../../ports/disk.ts'
import type { JournalPoint } from '../journal/journal.ts'
import { writeFully } from '../transfer-fully.ts'
import { createFile, readFile } from './whole-file.ts'

export interface Superblock {
  /** Of the data directory; a newer one is refused. */
  readonly format: number
  /** Of the engine, as in the marker. */
  readonly id: string
  readonly writes: number
  /** How often the directory was opened: what is given out in one opening is told from the next. */
  readonly opens: number
  /** Undefined before the first. */
  readonly checkpoint: CheckpointRef | undefined
  /** Where the journal goes on behind the checkpoint. */
  readonly point: JournalPoint
  /** Every frame up to this sequence was durable when this was written. */
  readonly durableSequence: number
  /** The engine ended in order: the checkpoint holds everything, and nothing in the journal is needed. */
  readonly closed: boolean
}

export interface CheckpointRef {
  readonly id: number
  /** 0 or 1. */
  readonly slot: number
}

export const SUPERBLOCK_BYTES = 4096
const MAGIC = 0x31534748
const TEXT_AT = 16
const NAMES = ['superblock.0', 'superblock.1'] as const

/** Undefined where the bytes are no whole superblock. */
export function decodeSuperblock(bytes: Buffer): Superblock | undefined {
  if (bytes.length < SUPERBLOCK_BYTES || bytes.readUInt32LE(0) !== MAGIC) return undefined
  const length = bytes.readUInt32LE(4)
  if (length > SUPERBLOCK_BYTES - TEXT_AT) return undefined
  const text = bytes.subarray(TEXT_AT, TEXT_AT + length)
  if (crc32(text) !== bytes.readUInt32LE(8)) return undefined
  return JSON.parse(text.toString()) as Superblock
}

export function encodeSuperblock(superblock: Superblock): Buffer {
  const text = Buffer.from(JSON.stringify(superblock))
  const bytes = Buffer.alloc(SUPERBLOCK_BYTES)
  bytes.writeUInt32LE(MAGIC, 0)
  bytes.writeUInt32LE(text.length, 4)
  bytes.writeUInt32LE(crc32(text), 8)
  bytes.set(text, TEXT_AT)
  return bytes
}

export interface FoundSuperblocks {
  /** The newest one that is whole. */
  readonly superblock: Superblock | undefined
  /** How many of the two files are there, whole or not. */
  readonly files: number
}

export async function readSuperblocks(disk: Disk, directory: string): Promise<FoundSuperblocks> {
  const names = await disk.directories.list(directory)
  const present = NAMES.filter((name) => names.includes(name))
  let superblock: Superblock | undefined
  let whole = 0
  for (const name of present) {
    const found = decodeSuperblock(await readFile(disk, join(directory, name), SUPERBLOCK_BYTES))
    if (found === undefined) continue
    whole++
    if (found.writes > (superblock?.writes ?? -1)) superblock = found
  }
  // One that is not whole may have been newer, and said that the journal is needed.
  if (superblock !== undefined && whole < NAMES.length)
    superblock = { ...superblock, closed: false }
  return { superblock, files: present.length }
}

/** Writes them in turn; one write at a time. */
export class Superblocks {
  readonly #disk: Disk
  readonly #directory: string
  #current: Superblock
  #writing: Promise<void> = Promise.resolve()

  constructor(disk: Disk, directory: string, current: Superblock) {
    this.#disk = disk
    this.#directory = directory
    this.#current = current
  }

  get current(): Superblock {
    return this.#current
  }

  /** Durable when it resolves. */
  write(changes: Partial<Omit<Superblock, 'writes'>>): Promise<void> {
    // One that failed left the other whole.
    const writing = this.#writing.catch(() => {}).then(() => this.#write(changes))
    this.#writing = writing
    return writing
  }

  async #write(changes: Partial<Superblock>): Promise<void> {
    const next = { ...this.#current, ...changes, writes: this.#current.writes + 1 }
    const name = NAMES[next.writes % NAMES.length] ?? NAMES[0]
    const file = await this.#disk.files.open(join(this.#directory, name), 'update')
    try {
      await writeFully(file, encodeSuperblock(next), 0)
      await file.sync()
    } finally {
      await file.close()
    }
    this.#current = next
  }
}

/** Both at once, for a directory that has none; the caller syncs the directory. */
export async function createSuperblocks(
  disk: Disk,
  directory: string,
  superblock: Superblock,
): Promise<void> {
  for (const name of NAMES) {
    await createFile(disk, join(directory, name), encodeSuperblock(superblock))
  }
}
