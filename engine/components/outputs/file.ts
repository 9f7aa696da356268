/**
 * Writes messages to files below the pipeline's directory, or wherever an absolute path says.
 *
 * A path may differ from message to message; the text before its first `${!` then names a folder that no message can
 * leave. Files stay open between batches, up to a limit. A batch is delivered once the kernel has it.
 */

import { type FileHandle, open } from 'node:fs/promises'
import { dirname, relative, resolve, sep } from 'node:path'
import { Type } from '../../../crds/typebox.ts'
import type { Interpolation } from '../../bloblang/mapping.ts'
import { HeadgateError } from '../../error.ts'
import { looksAtBatch } from '../../pipelines/alone.ts'
import { defineOutput, type Output, type OutputDefinition } from '../../pipelines/component.ts'
import { interpolatedField } from '../../pipelines/fields.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import { codecFaults, codecField, delimiterOf, framed } from '../codec.ts'
import { makeFolders } from '../make-folders.ts'

/** The one that was not written to for the longest time is closed for another. */
export const OPEN_FILES_MAX = 64

export const file: OutputDefinition = defineOutput({
  name: 'file',
  status: 'stable',
  effects: 'write',
  summary: 'Writes messages to files.',
  config: Type.Object({
    path: interpolatedField({
      description: 'The file. Folders that are missing are made.',
      examples: ['./out.jsonl', './out/${! this.day }.jsonl'],
    }),
    codec: codecField,
  }),
  alone: ({ path }) => !looksAtBatch(path),
  delivery: 'sends',
  batching: true,
  exclusive: ({ path }) => (path.includes('${') ? [] : [`file:${path}`]),
  needs: ({ path }) => [{ kind: 'file', name: reachOf(path), path: ['path'] }],
  check: ({ codec }) => codecFaults(codec),
  examples: [
    { title: 'One file', config: { path: './out.jsonl' } },
    { title: 'A file a message', config: { path: './${! @name }.bin', codec: 'all-bytes' } },
  ],
  build: ({ path, codec }, context) => {
    const { directory } = context.environment
    return new FileOutput({
      path: context.interpolation(path),
      directory,
      root: resolve(directory, reachOf(path)),
      codec,
    })
  },
})

interface FileOptions {
  readonly path: Interpolation
  readonly directory: string
  /** What a path that depends on messages cannot leave. */
  readonly root: string
  readonly codec: string
}

class FileOutput implements Output {
  readonly #options: FileOptions
  readonly #delimiter: Buffer
  /** In the order of their last use. */
  #closed = false
  readonly #handles = new Map<string, FileHandle>()

  constructor(options: FileOptions) {
    this.#options = options
    this.#delimiter = delimiterOf(options.codec)
  }

  async connect(): Promise<void> {
    const { path, directory, codec } = this.#options
    if (path.constant === undefined || codec === 'all-bytes') return
    await this.#handle(resolve(directory, path.constant))
  }

  async write(batch: Batch): Promise<void> {
    for (const [path, messages] of this.#byPath(batch)) {
      if (this.#options.codec === 'all-bytes') await this.#replace(path, messages)
      else await this.#append(path, messages)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    const handles = [...this.#handles.values()]
    this.#handles.clear()
    for (const handle of handles) await handle.close()
  }

  #byPath(batch: Batch): ReadonlyMap<string, readonly Message[]> {
    const { path, directory } = this.#options
    if (path.constant !== undefined) return new Map([[resolve(directory, path.constant), batch]])
    const groups = new Map<string, Message[]>()
    batch.forEach((message, index) => {
      const target = this.#within(resolve(directory, path.text(batch, index)))
      const group = groups.get(target)
      if (group === undefined) groups.set(target, [message])
      else group.push(message)
    })
    return groups
  }

  #within(path: string): string {
    const below = relative(this.#options.root, path)
    if (below !== '' && below !== '..' && !below.startsWith(`..${sep}`)) return path
    throw new HeadgateError('OutputFailed', `expected a file below ${this.#options.root}`, {
      hint: 'a message cannot choose a path outside of the folder that the config names',
    })
  }

  async #append(path: string, messages: readonly Message[]): Promise<void> {
    const handle = await this.#handle(path)
    try {
      await writeAll(handle, framed(messages, this.#delimiter))
    } catch (cause) {
      this.#handles.delete(path)
      await handle.close().catch(() => {})
      throw failure(path, cause)
    }
  }

  async #replace(path: string, messages: readonly Message[]): Promise<void> {
    const last = messages.at(-1)
    if (last === undefined) return
    const handle = await opened(path, 'w')
    try {
      await handle.writeFile(last.content())
    } catch (cause) {
      throw failure(path, cause)
    } finally {
      await handle.close()
    }
  }

  async #handle(path: string): Promise<FileHandle> {
    const known = this.#handles.get(path)
    const handle = known ?? (await opened(path, 'a'))
    // Closed by force meanwhile: nobody else would close it, and what it was for comes again.
    if (this.#closed) {
      await handle.close()
      throw new HeadgateError('OutputFailed', `${path} is closed`)
    }
    this.#handles.delete(path)
    this.#handles.set(path, handle)
    if (this.#handles.size > OPEN_FILES_MAX) {
      const [oldest] = this.#handles
      if (oldest !== undefined) {
        this.#handles.delete(oldest[0])
        await oldest[1].close()
      }
    }
    return handle
  }
}

/** One call, as a rule: a file takes all of it unless the disk is full. */
async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at)
    at += bytesWritten
  }
}

/** The path itself, or the folder that a path with `${! … }` stays in. */
function reachOf(path: string): string {
  const dynamic = path.indexOf('${')
  return dynamic < 0 ? path : path.slice(0, path.lastIndexOf('/', dynamic) + 1) || '.'
}

async function opened(path: string, flags: 'a' | 'w'): Promise<FileHandle> {
  try {
    await makeFolders(dirname(path))
    return await open(path, flags)
  } catch (cause) {
    throw failure(path, cause)
  }
}

function failure(path: string, cause: unknown): HeadgateError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new HeadgateError('OutputFailed', `cannot write ${path}: ${reason}`, { cause })
}
