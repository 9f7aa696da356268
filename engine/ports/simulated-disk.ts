/**
 * A disk in memory that crashes on purpose. A crash keeps what was synced and, of what was not, a random part in
 * sectors of 512 bytes; names that no sync of their directory covered are as they were before.
 */
import { dirname, join } from 'node:path'
import type { Disk, DiskDirectories, DiskFile, DiskFiles } from './disk.ts'
import type { Random } from './random.ts'
import { dataDirectoryInUse } from './real-disk.ts'

const SECTOR_BYTES = 512

export type DiskFault = 'EIO' | 'ENOSPC' | 'short'

interface Content {
  bytes: Buffer
  durable: Buffer
  /** Since the last sync, in order. */
  unsynced: { readonly position: number; readonly bytes: Buffer }[]
}

export class SimulatedDisk implements Disk {
  readonly #random: Random
  #names = new Map<string, Content>()
  #durableNames = new Map<string, Content>()
  readonly #directories = new Set<string>()
  #locks = new Set<string>()
  readonly #faults = new Map<number, DiskFault>()
  #powerOffAt = Number.POSITIVE_INFINITY
  /** Counts crashes: a handle from before one is dead. */
  #life = 0
  #syncGate: Promise<void> | undefined

  /** How many operations there were; what `failCall` and `cutPowerAt` count by. */
  calls = 0
  /** While set, what would make a file or grow one fails with ENOSPC; what is allocated can be written over. */
  full = false

  constructor(random: Random) {
    this.#random = random
  }

  readonly files: DiskFiles = {
    open: async (path, mode) => {
      this.#count()
      const found = this.#names.get(path)
      if (mode !== 'create' && found === undefined) throw failure('ENOENT', path)
      if (mode === 'create' && found !== undefined) throw failure('EEXIST', path)
      if (mode === 'create' && this.full) throw failure('ENOSPC', path)
      const content = found ?? emptyContent()
      this.#names.set(path, content)
      return this.#handle(content)
    },
    rename: async (from, to) => {
      this.#count()
      const content = this.#names.get(from)
      if (content === undefined) throw failure('ENOENT', from)
      this.#names.delete(from)
      this.#names.set(to, content)
    },
    remove: async (path) => {
      this.#count()
      if (!this.#names.delete(path)) throw failure('ENOENT', path)
    },
  }

  readonly directories: DiskDirectories = {
    make: async (path) => {
      this.#count()
      for (let at = path; !this.#directories.has(at); at = dirname(at)) this.#directories.add(at)
    },
    list: async (path) => {
      this.#count()
      if (!this.#directories.has(path)) throw failure('ENOENT', path)
      const beneath = join(path, '/')
      return [...this.#names.keys()]
        .filter((name) => name.startsWith(beneath) && !name.slice(beneath.length).includes('/'))
        .map((name) => name.slice(beneath.length))
    },
    sync: async (path) => {
      this.#count()
      for (const names of [this.#names, this.#durableNames]) {
        for (const name of names.keys()) {
          if (dirname(name) !== path) continue
          const content = this.#names.get(name)
          if (content === undefined) this.#durableNames.delete(name)
          else this.#durableNames.set(name, content)
        }
      }
    },
    lock: async (path) => {
      this.#count()
      if (this.#locks.has(path)) throw dataDirectoryInUse(path)
      const locks = this.#locks
      locks.add(path)
      return { [Symbol.dispose]: () => void locks.delete(path) }
    },
    space: async () => ({ freeBytes: this.full ? 0 : 2 ** 40, totalBytes: 2 ** 40 }),
  }

  /** Power loss, then power: what survives is what a reopened disk would show. */
  crash(): void {
    this.#life++
    this.#powerOffAt = Number.POSITIVE_INFINITY
    this.#faults.clear()
    this.#locks = new Set()
    this.#syncGate = undefined
    for (const content of new Set(this.#durableNames.values())) this.#settle(content)
    this.#names = new Map(this.#durableNames)
  }

  /** The `call`-th operation from the start fails. */
  failCall(call: number, fault: DiskFault): void {
    this.#faults.set(call, fault)
  }

  /** From the `call`-th operation on every one fails, until `crash`. */
  cutPowerAt(call: number): void {
    this.#powerOffAt = call
  }

  /** Syncs wait until the returned function is called. */
  holdSyncs(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#syncGate = promise
    return () => {
      this.#syncGate = undefined
      resolve()
    }
  }

  /** Flips bits of one byte, as rot does. */
  rot(path: string, position: number, bits = 0xff): void {
    const content = this.#names.get(path)
    for (const bytes of [content?.bytes, content?.durable]) {
      if (bytes !== undefined && position < bytes.length) {
        bytes[position] = (bytes[position] ?? 0) ^ bits
      }
    }
  }

  /** What a file holds now, synced or not. */
  bytesOf(path: string): Uint8Array | undefined {
    return this.#names.get(path)?.bytes
  }

  get paths(): readonly string[] {
    return [...this.#names.keys()]
  }

  #handle(content: Content): DiskFile {
    const life = this.#life
    const count = (): DiskFault | undefined => {
      if (life !== this.#life) throw failure('EIO', 'a handle from before the crash')
      return this.#count()
    }
    return {
      read: async (into, position) => {
        count()
        const bytes = content.bytes.subarray(position, position + into.length)
        into.set(bytes)
        return bytes.length
      },
      write: async (bytes, position) => {
        const short = count() === 'short'
        const end = position + bytes.length
        if (this.full && end > content.bytes.length) throw failure('ENOSPC', 'the disk is full')
        const length = short ? Math.ceil(bytes.length / 2) : bytes.length
        const written = Buffer.from(bytes.subarray(0, length))
        content.bytes = overwrite(content.bytes, written, position)
        content.unsynced.push({ position, bytes: written })
        return written.length
      },
      sync: async () => {
        count()
        // What is written while it runs, it does not cover.
        const covered = new Set(content.unsynced)
        const bytes = Buffer.from(content.bytes)
        await this.#syncGate
        if (life !== this.#life) throw failure('EIO', 'a handle from before the crash')
        content.durable = bytes
        content.unsynced = content.unsynced.filter((write) => !covered.has(write))
      },
      size: async () => {
        count()
        return content.bytes.length
      },
      close: async () => {},
    }
  }

  #count(): DiskFault | undefined {
    const call = this.calls++
    if (call >= this.#powerOffAt) throw failure('EIO', 'the power is off')
    const fault = this.#faults.get(call)
    if (fault === 'EIO' || fault === 'ENOSPC') throw failure(fault, `call ${call}`)
    return fault
  }

  #settle(content: Content): void {
    let bytes = content.durable
    for (const write of content.unsynced) {
      for (let at = 0; at < write.bytes.length; ) {
        const sectorEnd = SECTOR_BYTES - ((write.position + at) % SECTOR_BYTES)
        const sector = write.bytes.subarray(at, at + sectorEnd)
        if (this.#random.next() < 0.5) bytes = overwrite(bytes, sector, write.position + at)
        at += sector.length
      }
    }
    content.bytes = Buffer.from(bytes)
    content.durable = bytes
    content.unsynced = []
  }
}

function emptyContent(): Content {
  return { bytes: Buffer.alloc(0), durable: Buffer.alloc(0), unsynced: [] }
}

function overwrite(bytes: Buffer, patch: Uint8Array, position: number): Buffer {
  const end = position + patch.length
  const grown =
    end <= bytes.length ? bytes : Buffer.concat([bytes, Buffer.alloc(end - bytes.length)])
  grown.set(patch, position)
  return grown
}

function failure(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code })
}
