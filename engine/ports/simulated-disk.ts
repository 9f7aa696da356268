/**
 * A disk in memory that fails on purpose. It counts its calls, so that a test can have any one of them fail, or the
 * power go there; a crash keeps what was synced and, of what was not, a part that chance chooses.
 *
 * 1. A write is durable once a later `sync` of its file ended well. After a sync that failed, what it covered is
 *    perhaps lost, and the next sync ends well without changing that: only what is written again is safe again.
 * 2. A name is durable once its directory was synced. A rename from one directory to another takes a sync of both.
 * 3. What was neither survives a crash as `survivors` and `names` say: see survivors.ts.
 *
 * To crash at every call of a workload, run it once with `intercept` taking a `clone` before each call, and have the
 * clones crash; they are cheap, for they share what they hold until it is written over.
 */
import { join } from 'node:path'
import type { Disk, DiskDirectories, DiskFile, DiskFiles } from './disk.ts'
import {
  type DiskCallOptions,
  DiskCalls,
  type DiskFault,
  diskFailure,
  powerIsOff,
} from './disk-calls.ts'
import type { Random } from './random.ts'
import { dataDirectoryInUse, LOCK_FILE } from './real-disk.ts'
import { type HandleDisk, SimulatedHandle } from './simulated-handle.ts'
import { type CrashPolicies, SimulatedTree } from './simulated-tree.ts'

const CAPACITY_BYTES = 2 ** 40

export interface SimulatedDiskOptions extends DiskCallOptions, Partial<CrashPolicies> {
  /** A directory made is lost, with all in it, until its parent is synced; else it is durable at once. */
  readonly lostDirectories?: boolean
  /** How many bytes all files together hold. */
  readonly capacityBytes?: number
}

export class SimulatedDisk implements Disk {
  readonly #random: Random
  readonly #options: SimulatedDiskOptions
  readonly #calls: DiskCalls
  readonly #handles = new Set<SimulatedHandle>()
  #tree = new SimulatedTree()
  #locks = new Set<string>()
  #syncGate: Promise<void> | undefined

  /** While set, what would make a file or grow one fails with ENOSPC; what is allocated can be written over. */
  full = false
  /** A write that would go beyond it is short, and the next one fails with ENOSPC. */
  capacityBytes: number

  constructor(random: Random, options: SimulatedDiskOptions = {}) {
    this.#random = random
    this.#options = options
    this.#calls = new DiskCalls(random, options)
    this.capacityBytes = options.capacityBytes ?? CAPACITY_BYTES
  }

  readonly files: DiskFiles = {
    open: async (path, mode) => {
      this.#calls.begin(mode === 'create' ? 'create' : 'open', path)
      const found = this.#tree.node(path)
      if (mode !== 'create' && found === undefined) throw diskFailure('ENOENT', path)
      if (mode === 'create' && found !== undefined) throw diskFailure('EEXIST', path)
      if (mode === 'create' && this.full) throw diskFailure('ENOSPC', path)
      if (mode === 'create') this.#tree.create(path)
      return this.#open(path, mode !== 'read')
    },
    rename: async (from, to) => this.#change('rename', from, () => this.#tree.rename(from, to)),
    remove: async (path) => this.#change('remove', path, () => this.#tree.remove(path)),
  }

  readonly directories: DiskDirectories = {
    make: async (path) =>
      this.#change('make', path, () => {
        if (this.full && this.#tree.node(path) === undefined) throw diskFailure('ENOSPC', path)
        this.#tree.make(path, this.#options.lostDirectories !== true)
      }),
    list: async (path) => {
      this.#calls.begin('list', path)
      return this.#tree.directory(path).names
    },
    sync: async (path) => {
      const directory = this.#tree.directory(path)
      try {
        if (this.#calls.begin('syncDirectory', path) === 'skip') return
      } catch (error) {
        directory.failSync()
        throw error
      }
      directory.sync()
    },
    lock: async (path) => {
      this.#calls.begin('lock', path)
      if (this.#locks.has(path)) throw dataDirectoryInUse(path)
      if (!this.#tree.directory(path).names.includes(LOCK_FILE)) {
        this.#tree.create(join(path, LOCK_FILE))
      }
      const locks = this.#locks
      locks.add(path)
      return { [Symbol.dispose]: () => void locks.delete(path) }
    },
    space: async (path) => {
      this.#calls.begin('space', path)
      this.#tree.directory(path)
      return { freeBytes: this.#freeBytes(), totalBytes: this.capacityBytes }
    },
  }

  /** How many calls there were; what `failCall` and `cutPowerAt` count by. */
  get calls(): number {
    return this.#calls.count
  }

  /** Files that are open; those that nobody will close are leaks. */
  get openPaths(): readonly string[] {
    return [...this.#handles].map(({ path }) => path)
  }

  get openHandles(): number {
    return this.#handles.size
  }

  /** How likely each call is to fail by itself; a crash changes nothing about it. */
  get faultRate(): number {
    return this.#calls.faultRate
  }

  set faultRate(rate: number) {
    this.#calls.faultRate = rate
  }

  /** Power loss, then power: what survives is what a reopened disk would show. */
  crash(policies: Partial<CrashPolicies> = {}): void {
    this.kill()
    const { survivors = 'random', names = 'none' } = { ...this.#options, ...policies }
    this.#tree.settle({ survivors, names }, this.#random)
  }

  /** The process ends as by SIGKILL: its handles and locks go, and all that it wrote stays, synced or not. */
  kill(): void {
    for (const handle of this.#handles) handle.end()
    this.#handles.clear()
    this.#calls.reset()
    this.#locks = new Set()
    this.#syncGate = undefined
  }

  /** Another disk that holds the same, synced or not, with nothing open and no faults planned. */
  clone(random: Random, options: SimulatedDiskOptions = {}): SimulatedDisk {
    const { survivors, names, lostDirectories } = this.#options
    const policies = {
      ...(survivors && { survivors }),
      ...(names && { names }),
      ...(lostDirectories && { lostDirectories }),
    }
    const { capacityBytes } = this
    const clone = new SimulatedDisk(random, { ...policies, capacityBytes, ...options })
    clone.#tree = this.#tree.copy()
    clone.#calls.count = this.calls
    clone.full = this.full
    return clone
  }

  /** The `call`-th operation from the start fails. */
  failCall(call: number, fault: DiskFault): void {
    this.#calls.failAt(call, fault)
  }

  /** From the `call`-th operation on every one fails, until `crash`. That one itself may be found done. */
  cutPowerAt(call: number): void {
    this.#calls.cutPowerAt(call)
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
    this.#tree.file(path)?.flip(position, bits)
  }

  /** What a file holds now, synced or not. */
  bytesOf(path: string): Uint8Array | undefined {
    return this.#tree.file(path)?.toBuffer()
  }

  /** Of files, not of directories. */
  get paths(): readonly string[] {
    return [...this.#tree.files().keys()]
  }

  #change(op: 'rename' | 'remove' | 'make', path: string, change: () => void): void {
    const outcome = this.#calls.begin(op, path)
    if (outcome === 'skip') return
    change()
    if (outcome === 'cut') throw powerIsOff()
  }

  #open(path: string, writable: boolean): DiskFile {
    const file = this.#tree.file(path)
    if (file === undefined) throw diskFailure('EISDIR', path)
    const handle = new SimulatedHandle(this.#handleDisk, file, path, writable)
    this.#handles.add(handle)
    return handle
  }

  readonly #handleDisk: HandleDisk = this.#asHandleDisk()

  #asHandleDisk(): HandleDisk {
    const disk = this
    return {
      get calls() {
        return disk.#calls
      },
      get random() {
        return disk.#random
      },
      get syncGate() {
        return disk.#syncGate
      },
      get files() {
        return [...disk.#tree.files().values()]
      },
      roomFor: (growthBytes) => {
        if (disk.full) throw diskFailure('ENOSPC', 'the disk is full')
        return Math.min(growthBytes, disk.#freeBytes())
      },
      closed: (handle) => void disk.#handles.delete(handle),
    }
  }

  #freeBytes(): number {
    if (this.full) return 0
    const held = new Set(
      [...this.#tree.files().values()].concat([...this.#handles].map(({ file }) => file)),
    )
    const usedBytes = [...held].reduce((bytes, { length }) => bytes + length, 0)
    return Math.max(0, this.capacityBytes - usedBytes)
  }
}
