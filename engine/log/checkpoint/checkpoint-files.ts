/**
 * Where checkpoints lie: two slots that are written in turn, each with two copies against rot. The files keep their
 * size and are overwritten, so that a checkpoint can be written on a full disk as long as it does not outgrow them.
 */
import { join } from 'node:path'
import type { Disk, DiskFile } from '../../ports/disk.ts'
import { writeFully } from '../transfer-fully.ts'
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts'
import type { CheckpointRef } from './superblock.ts'
import { createFile, readFile } from './whole-file.ts'

export const CHECKPOINT_FILE_BYTES: number = 64 * 1024
/** Bounds what a reader allocates, whatever lies there. */
const CHECKPOINT_BYTES_MAX = 2 ** 31 - 1
const SLOTS = [0, 1] as const
const COPIES = ['a', 'b'] as const

export class CheckpointFiles {
  readonly #disk: Disk
  readonly #directory: string

  constructor(disk: Disk, directory: string) {
    this.#disk = disk
    this.#directory = directory
  }

  /** Fills the slots with zeros; the caller syncs the directory. */
  async create(): Promise<void> {
    for (const path of this.paths()) {
      await createFile(this.#disk, path, Buffer.alloc(CHECKPOINT_FILE_BYTES))
    }
  }

  /** Durable when it resolves; the other slot stays as it is. */
  async write(slot: number, checkpoint: Checkpoint): Promise<void> {
    for (const copy of COPIES) {
      const file = await this.#disk.files.open(this.#path(slot, copy), 'update')
      try {
        await writePieces(file, checkpoint)
        await file.sync()
      } finally {
        await file.close()
      }
    }
  }

  /** Undefined where neither copy is whole. */
  async read({ slot, id }: CheckpointRef): Promise<Checkpoint | undefined> {
    for (const copy of COPIES) {
      const found = await this.#readCopy(slot, copy)
      if (found?.head.id === id) return found
    }
    return undefined
  }

  /** The newest one of any slot and copy, for when no superblock says which. */
  async readNewest(): Promise<{ slot: number; checkpoint: Checkpoint } | undefined> {
    let newest: { slot: number; checkpoint: Checkpoint } | undefined
    for (const slot of SLOTS) {
      for (const copy of COPIES) {
        const checkpoint = await this.#readCopy(slot, copy)
        if (checkpoint === undefined) continue
        if (checkpoint.head.id > (newest?.checkpoint.head.id ?? -1)) newest = { slot, checkpoint }
      }
    }
    return newest
  }

  paths(): readonly string[] {
    return SLOTS.flatMap((slot) => COPIES.map((copy) => this.#path(slot, copy)))
  }

  async #readCopy(slot: number, copy: string): Promise<Checkpoint | undefined> {
    try {
      const path = this.#path(slot, copy)
      return decodeCheckpoint(await readFile(this.#disk, path, CHECKPOINT_BYTES_MAX))
    } catch {
      // Whether it is away or cannot be read, the other copy may do.
      return undefined
    }
  }

  #path(slot: number, copy: string): string {
    return copyPath(this.#directory, slot, copy)
  }
}

/** The files of one slot. */
export function checkpointCopies(directory: string, slot: number): readonly string[] {
  return COPIES.map((copy) => copyPath(directory, slot, copy))
}

function copyPath(directory: string, slot: number, copy: string): string {
  return join(directory, `${slot}.${copy}`)
}

/** A crash in the middle leaves something without an end, which is no checkpoint. */
async function writePieces(file: DiskFile, checkpoint: Checkpoint): Promise<void> {
  let position = 0
  for (const piece of encodeCheckpoint(checkpoint)) {
    await writeFully(file, piece, position)
    position += piece.length
  }
}
