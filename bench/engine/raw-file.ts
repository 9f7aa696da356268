/**
 * The raw limit: asynchronous write + fdatasync of so many bytes at a time, round and round a file that was filled
 * with zeros before, in this process and on this disk.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.ts'

const RAW_FILE_BYTES = 64 * 1024 * 1024
const FILL_BYTES = 4 * 1024 * 1024

export interface RawResult {
  readonly bytesPerSecond: number
  readonly syncsPerSecond: number
  readonly latenciesMs: readonly number[]
}

export class RawFile implements AsyncDisposable {
  readonly #file: FileHandle
  readonly #directory: TemporaryDirectory

  private constructor(file: FileHandle, directory: TemporaryDirectory) {
    this.#file = file
    this.#directory = directory
  }

  static async open(): Promise<RawFile> {
    const directory = temporaryDirectory()
    const file = await open(join(directory.path, 'raw'), 'wx+')
    const zeros = Buffer.alloc(FILL_BYTES)
    for (let at = 0; at < RAW_FILE_BYTES; at += FILL_BYTES)
      await file.write(zeros, 0, FILL_BYTES, at)
    await file.datasync()
    return new RawFile(file, directory)
  }

  async loop(bytesPerSync: number, ms: number): Promise<RawResult> {
    const group = Buffer.alloc(bytesPerSync, 'x')
    const latenciesMs: number[] = []
    const startedMs = performance.now()
    let nowMs = startedMs
    for (let at = 0; nowMs - startedMs < ms; ) {
      await this.#file.write(group, 0, group.length, at)
      await this.#file.datasync()
      const endMs = performance.now()
      latenciesMs.push(endMs - nowMs)
      nowMs = endMs
      at = at + 2 * group.length > RAW_FILE_BYTES ? 0 : at + group.length
    }
    const seconds = (nowMs - startedMs) / 1000
    return {
      bytesPerSecond: (latenciesMs.length * bytesPerSync) / seconds,
      syncsPerSecond: latenciesMs.length / seconds,
      latenciesMs,
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close()
    this.#directory[Symbol.dispose]()
  }
}
