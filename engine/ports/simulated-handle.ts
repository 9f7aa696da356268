/** An open file of the simulated disk, with the accidents that can befall what is read, written and synced. */
import type { DiskFile } from './disk.ts'
import { type DiskCalls, diskFailure, powerIsOff } from './disk-calls.ts'
import type { Random } from './random.ts'
import type { SimulatedFile } from './simulated-file.ts'

const SECTOR_BYTES = 512

/** What a handle asks of the disk that it is of. */
export interface HandleDisk {
  readonly calls: DiskCalls
  readonly random: Random
  /** While a test holds syncs. */
  readonly syncGate: Promise<void> | undefined
  readonly files: readonly SimulatedFile[]
  /** How far a file can grow by so much; throws ENOSPC when it cannot at all. */
  roomFor(growthBytes: number): number
  closed(handle: SimulatedHandle): void
}

export class SimulatedHandle implements DiskFile {
  readonly file: SimulatedFile
  readonly path: string
  readonly #disk: HandleDisk
  readonly #writable: boolean
  #state: 'open' | 'closed' | 'dead' = 'open'

  constructor(disk: HandleDisk, file: SimulatedFile, path: string, writable: boolean) {
    this.#disk = disk
    this.file = file
    this.path = path
    this.#writable = writable
  }

  /** Its process ended, or the power went. */
  end(): void {
    this.#state = 'dead'
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    const outcome = this.#begin('read')
    if (outcome === 'misdirected') {
      const place = this.#otherPlace(position)
      return place.file.read(into, place.position)
    }
    const length = this.file.read(into, position)
    if (outcome === 'flipped') this.#flipBit(into.subarray(0, length))
    return length
  }

  async write(bytes: Uint8Array, position: number): Promise<number> {
    const outcome = this.#begin('write')
    if (!this.#writable) throw diskFailure('EBADF', `${this.path} is open for reading only`)
    if (outcome === 'skip') return bytes.length
    if (outcome === 'misdirected') {
      const place = this.#otherPlace(position)
      place.file.write(bytes, place.position)
      return bytes.length
    }
    const asked = outcome === 'short' ? Math.ceil(bytes.length / 2) : bytes.length
    const growth = Math.max(0, position + asked - this.file.length)
    const length = growth === 0 ? asked : this.#lengthWithin(asked, growth)
    const part = bytes.subarray(0, length)
    const written = outcome === 'flipped' ? Buffer.from(part) : part
    if (outcome === 'flipped') this.#flipBit(written)
    this.file.write(written, position)
    if (outcome === 'cut') throw powerIsOff()
    return length
  }

  async sync(): Promise<void> {
    try {
      if (this.#begin('sync') === 'skip') return
    } catch (error) {
      this.file.failSync()
      throw error
    }
    const mark = this.file.syncMark
    await this.#disk.syncGate
    if (this.#state === 'dead') throw handleIsDead()
    this.file.sync(mark)
  }

  async size(): Promise<number> {
    this.#begin('size')
    return this.file.length
  }

  async close(): Promise<void> {
    if (this.#state === 'open') this.#state = 'closed'
    this.#disk.closed(this)
  }

  #begin(op: 'read' | 'write' | 'sync' | 'size') {
    if (this.#state === 'dead') throw handleIsDead()
    if (this.#state === 'closed') throw diskFailure('EBADF', `${this.path} is closed`)
    return this.#disk.calls.begin(op, this.path)
  }

  #lengthWithin(asked: number, growth: number): number {
    const length = asked - growth + this.#disk.roomFor(growth)
    if (length <= 0) throw diskFailure('ENOSPC', 'the disk is full')
    return length
  }

  /** Somewhere in this file or another, at a sector, and not where it should have been. */
  #otherPlace(position: number): { readonly file: SimulatedFile; readonly position: number } {
    const { random, files } = this.#disk
    const file = files[Math.floor(random.next() * files.length)] ?? this.file
    const sectors = Math.ceil(file.length / SECTOR_BYTES)
    const other = Math.floor(random.next() * sectors) * SECTOR_BYTES
    return {
      file,
      position: file === this.file && other === position ? other + SECTOR_BYTES : other,
    }
  }

  #flipBit(bytes: Uint8Array): void {
    const at = Math.floor(this.#disk.random.next() * bytes.length)
    const byte = bytes[at]
    if (byte !== undefined) bytes[at] = byte ^ (1 << Math.floor(this.#disk.random.next() * 8))
  }
}

function handleIsDead(): Error {
  return diskFailure('EIO', 'a handle from before the crash')
}
