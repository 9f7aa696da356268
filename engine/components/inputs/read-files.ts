/**
 * Reading files, one after the other, to their end: what the inputs `file` and `csv` have in common.
 *
 * The list of files is made once, on connecting. A file that is to be deleted goes when all of its messages were
 * delivered, so a crash before that reads it again. One that cannot be understood to its end stays, and so does one of
 * which a message was dropped.
 */
import { type FileHandle, glob, open, stat, unlink } from 'node:fs/promises'
import { resolve } from 'node:path'
import { HeadgateError } from '../../error.ts'
import type { Input, InputBatch } from '../../pipelines/component.ts'
import type { Message } from '../../pipelines/message.ts'
import type { Need } from '../../pipelines/pipeline.ts'
import type { Logger } from '../../ports/logger.ts'
import type { Replaying } from '../auto-replay.ts'
import { ScannedBatches } from '../scanners/scanned-batches.ts'
import type { OpenScanner, Scanner } from '../scanners/scanner.ts'

/** What is read at a time; messages are views on it, so each chunk is a new one. */
export const FILE_CHUNK_BYTES: number = 128 * 1024

export interface ReadFilesOptions {
  readonly paths: readonly string[]
  readonly scan: OpenScanner
  readonly deletes: boolean
  readonly directory: string
  readonly logger: Logger
  readonly replaying: Replaying
  /** Messages of a batch; without it each is a batch of its own. */
  readonly batchCount?: number
}

export class ReadFiles implements Input {
  readonly #options: ReadFilesOptions
  #files: string[] | undefined
  #open: OpenFile | undefined
  #closed = false

  constructor(options: ReadFilesOptions) {
    this.#options = options
  }

  async connect(): Promise<void> {
    this.#files ??= await expand(this.#options.paths, this.#options.directory)
  }

  read(signal: AbortSignal): InputBatch | undefined | Promise<InputBatch | undefined> {
    return this.#open?.take() ?? this.#wait(signal)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#open?.close()
    this.#open = undefined
  }

  async #wait(signal: AbortSignal): Promise<InputBatch | undefined> {
    for (;;) {
      signal.throwIfAborted()
      if (this.#open === undefined) {
        const path = this.#files?.shift()
        if (path === undefined) return undefined
        const opened = await OpenFile.open(path, this.#options)
        // Closed by force meanwhile: nobody else would close it.
        if (this.#closed) {
          await opened.close()
          return undefined
        }
        this.#open = opened
      }
      const batch = this.#open.take()
      if (batch !== undefined) return batch
      if (await this.#open.more()) continue
      const last = this.#open.take()
      if (last !== undefined) return last
      const finished = this.#open
      this.#open = undefined
      await finished.close()
      finished.finish()
    }
  }
}

/** One file while it is read, and until the last of its messages is settled. */
class OpenFile {
  readonly #path: string
  readonly #handle: FileHandle
  readonly #scanner: Scanner
  readonly #batches: ScannedBatches
  readonly #options: ReadFilesOptions
  /** The chunk after the one that is scanned, while that one is worked on. */
  #ahead: Promise<Buffer> | undefined
  #gathered: Message[] = []
  #unsettled = 0
  #ended = false
  #finished = false

  private constructor(path: string, handle: FileHandle, modified: Date, options: ReadFilesOptions) {
    this.#path = path
    this.#handle = handle
    this.#options = options
    const metadata = new Map<string, string | number>([
      ['path', path],
      ['mod_time', modified.toISOString()],
      ['mod_time_unix', Math.floor(modified.getTime() / 1_000)],
    ])
    this.#scanner = options.scan({ name: path, metadata })
    this.#batches = new ScannedBatches(this.#scanner, options.batchCount)
  }

  static async open(path: string, options: ReadFilesOptions): Promise<OpenFile> {
    let handle: FileHandle | undefined
    try {
      handle = await open(resolve(options.directory, path), 'r')
      const { mtime } = await handle.stat()
      return new OpenFile(path, handle, mtime, options)
    } catch (cause) {
      await handle?.close()
      throw failure(path, cause)
    }
  }

  /** The next messages, where they have been read. */
  take(): InputBatch | undefined {
    const { batchCount } = this.#options
    const messages = batchCount === undefined ? this.#batches.next() : this.#gather(batchCount)
    if (messages === undefined) return undefined
    const { deletes, replaying } = this.#options
    const batch = batchCount === undefined ? { messages, apart: true } : { messages }
    if (!deletes) return { ...batch, ...replaying }
    this.#unsettled += 1
    return {
      ...batch,
      ...replaying,
      settle: (outcome) => {
        if (outcome === undefined) this.#unsettled -= 1
        this.#deleteWhenDone()
      },
    }
  }

  /** False at the end of the file, or of what can be understood of it. */
  async more(): Promise<boolean> {
    if (this.#ended || this.#scanner.broken) return false
    try {
      const chunk = await (this.#ahead ?? this.#read())
      this.#ahead = undefined
      if (chunk.length > 0) {
        this.#readAhead()
        await this.#scanner.push(chunk)
      } else {
        this.#ended = true
        await this.#scanner.end()
      }
      return true
    } catch (cause) {
      this.#ahead = undefined
      throw failure(this.#path, cause)
    }
  }

  finish(): void {
    this.#finished = !this.#scanner.broken
    this.#deleteWhenDone()
  }

  async close(): Promise<void> {
    await this.#ahead?.catch(() => {})
    await this.#handle.close()
  }

  /** As many as asked for; fewer at the end alone. */
  #gather(count: number): Message[] | undefined {
    while (this.#gathered.length < count) {
      const more = this.#batches.next()
      if (more === undefined) break
      // Seldom copied: what is at hand is most often as many as are asked for.
      if (this.#gathered.length === 0) this.#gathered = more
      else for (const message of more) this.#gathered.push(message)
    }
    const over = this.#ended || this.#scanner.broken
    if (this.#gathered.length === 0 || (this.#gathered.length < count && !over)) return undefined
    const messages = this.#gathered.slice(0, count)
    this.#gathered = this.#gathered.slice(count)
    return messages
  }

  async #read(): Promise<Buffer> {
    const { bytesRead, buffer } = await this.#handle.read(Buffer.allocUnsafeSlow(FILE_CHUNK_BYTES))
    return buffer.subarray(0, bytesRead)
  }

  #readAhead(): void {
    this.#ahead = this.#read()
    // Whoever waits for it hears of a failure; while nobody does, it is not lost either.
    this.#ahead.catch(() => {})
  }

  #deleteWhenDone(): void {
    const { deletes, directory, logger } = this.#options
    if (!deletes || !this.#finished || this.#unsettled > 0) return
    unlink(resolve(directory, this.#path)).catch((error: Error) =>
      logger.warn('a file that was read cannot be deleted', {
        path: this.#path,
        reason: error.message,
      }),
    )
  }
}

const PATTERN = /[*?[\]{}]/

/** A path, or the folder that a pattern stays in. */
export function pathNeeds(paths: readonly string[]): readonly Need[] {
  return paths.map((name, index) => {
    const at = name.search(PATTERN)
    const reach = at < 0 ? name : name.slice(0, name.lastIndexOf('/', at) + 1) || '.'
    return { kind: 'file', name: reach, path: ['paths', index] }
  })
}

async function expand(paths: readonly string[], directory: string): Promise<string[]> {
  const files: string[] = []
  for (const path of paths) {
    if (!PATTERN.test(path) || (await isFile(resolve(directory, path)))) {
      if (!(await isFile(resolve(directory, path)))) throw failure(path, 'there is no such file')
      files.push(path)
      continue
    }
    const found: string[] = []
    for await (const name of glob(path, { cwd: directory })) {
      if (await isFile(resolve(directory, name))) found.push(name)
    }
    files.push(...found.sort())
  }
  return files
}

async function isFile(path: string): Promise<boolean> {
  try {
    return !(await stat(path)).isDirectory()
  } catch {
    return false
  }
}

function failure(path: string, cause: unknown): HeadgateError {
  if (cause instanceof HeadgateError) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new HeadgateError('InputFailed', `cannot read ${path}: ${reason}`, { cause })
}
