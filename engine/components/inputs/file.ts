/**
 * Reads files, one after the other, and ends.
 *
 * The list of files is made once, on connecting. A file that is to be deleted goes when all of its messages were
 * delivered, so a crash before that reads it again. One that cannot be understood to its end stays.
 */
import { type FileHandle, glob, open, stat, unlink } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Type } from '../../../crds/typebox.ts'
import { HeadgateError } from '../../error.ts'
import {
  defineInput,
  type Input,
  type InputBatch,
  type InputDefinition,
} from '../../pipelines/component.ts'
import type { MetadataView } from '../../pipelines/message.ts'
import type { Logger } from '../../ports/logger.ts'
import type { OpenScanner, Scanner } from '../scanners/scanner.ts'
import { openScanner, scannerFaults, scannerField } from '../scanners/scanner-field.ts'

const CHUNK_BYTES = 65_536

export const file: InputDefinition = defineInput({
  name: 'file',
  status: 'stable',
  effects: 'read',
  summary: 'Reads files: their lines, or what the scanner makes of them.',
  description: 'Metadata: `path`, `mod_time`, `mod_time_unix`, and what the scanner adds.',
  config: Type.Object({
    paths: Type.Array(Type.String({ minLength: 1 }), {
      minItems: 1,
      description: 'Files, in this order; `*`, `?`, `[…]` and `**` stand for names.',
    }),
    scanner: scannerField,
    delete_on_finish: Type.Boolean({
      default: false,
      description: 'Whether a file is deleted once all of it was delivered.',
    }),
  }),
  nack: 'replay',
  needs: ({ paths }) =>
    paths.map((name, index) => ({ kind: 'file', name: reachOf(name), path: ['paths', index] })),
  check: ({ scanner }) => scannerFaults(scanner, ['scanner']),
  examples: [
    { title: 'One file', config: { paths: ['./in.jsonl'] } },
    { title: 'All of a folder', config: { paths: ['./in/*.jsonl'], delete_on_finish: true } },
    {
      title: 'Compressed CSV',
      config: {
        paths: ['./in/*.csv.gz'],
        scanner: { decompress: { algorithm: 'gzip', into: { csv: {} } } },
      },
    },
  ],
  build: ({ paths, scanner, delete_on_finish }, { environment }) =>
    new FileInput({
      paths,
      scan: openScanner(scanner),
      deletes: delete_on_finish,
      directory: environment.directory,
      logger: environment.logger,
    }),
})

interface FileInputOptions {
  readonly paths: readonly string[]
  readonly scan: OpenScanner
  readonly deletes: boolean
  readonly directory: string
  readonly logger: Logger
}

class FileInput implements Input {
  readonly #options: FileInputOptions
  #files: string[] | undefined
  #open: OpenFile | undefined

  constructor(options: FileInputOptions) {
    this.#options = options
  }

  async connect(): Promise<void> {
    this.#files ??= await expand(this.#options.paths, this.#options.directory)
  }

  read(signal: AbortSignal): InputBatch | undefined | Promise<InputBatch | undefined> {
    return this.#open?.take() ?? this.#wait(signal)
  }

  async close(): Promise<void> {
    await this.#open?.close()
    this.#open = undefined
  }

  async #wait(signal: AbortSignal): Promise<InputBatch | undefined> {
    for (;;) {
      signal.throwIfAborted()
      if (this.#open === undefined) {
        const path = this.#files?.shift()
        if (path === undefined) return undefined
        this.#open = await OpenFile.open(path, this.#options)
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
  readonly #options: FileInputOptions
  #unsettled = 0
  #ended = false
  #finished = false

  private constructor(
    path: string,
    handle: FileHandle,
    metadata: MetadataView,
    options: FileInputOptions,
  ) {
    this.#path = path
    this.#handle = handle
    this.#options = options
    this.#scanner = options.scan({ name: path, metadata })
  }

  static async open(path: string, options: FileInputOptions): Promise<OpenFile> {
    try {
      const handle = await open(resolve(options.directory, path), 'r')
      const { mtime } = await handle.stat()
      const metadata = new Map<string, string | number>([
        ['path', path],
        ['mod_time', mtime.toISOString()],
        ['mod_time_unix', Math.floor(mtime.getTime() / 1_000)],
      ])
      return new OpenFile(path, handle, metadata, options)
    } catch (cause) {
      throw failure(path, cause)
    }
  }

  /** The next message, where it has been read. */
  take(): InputBatch | undefined {
    const message = this.#scanner.next()
    if (message === undefined) return undefined
    const messages = [message]
    if (!this.#options.deletes) return { messages }
    this.#unsettled += 1
    return {
      messages,
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
      // Messages are views on the chunk, so each chunk is a new one.
      const { bytesRead, buffer } = await this.#handle.read(Buffer.allocUnsafeSlow(CHUNK_BYTES))
      if (bytesRead > 0) {
        await this.#scanner.push(buffer.subarray(0, bytesRead))
      } else {
        this.#ended = true
        await this.#scanner.end()
      }
      return true
    } catch (cause) {
      throw failure(this.#path, cause)
    }
  }

  finish(): void {
    this.#finished = !this.#scanner.broken
    this.#deleteWhenDone()
  }

  async close(): Promise<void> {
    await this.#handle.close()
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
function reachOf(path: string): string {
  const at = path.search(PATTERN)
  return at < 0 ? path : path.slice(0, path.lastIndexOf('/', at) + 1) || '.'
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
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new HeadgateError('InputFailed', `cannot read ${path}: ${reason}`, { cause })
}
