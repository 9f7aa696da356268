/**
 * The truth about a folder: one sweep by stat, reading what changed, answering every file in scope with its bytes.
 *
 * It judges no content. What it cannot examine it names, because a set with a blind spot must not delete anything.
 * Symbolic links are followed only within the folder; the root is resolved once a sweep, so that a swap of a `..data`
 * link (as the kubelet does it) is seen whole or not at all.
 */
import { createHash } from 'node:crypto'
import { type BigIntStats, constants } from 'node:fs'
import { open, readdir, readFile, realpath, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import ignore, { type Ignore } from 'ignore'
import type { Clock } from '../../engine/ports/clock.ts'

export const FILES_MAX = 20_000
export const FILES_BYTES_MAX: number = 256 * 1024 * 1024
export const FOLDER_LEVELS_MAX = 32
export const IGNORE_FILE = '.headgateignore'
const RESOURCE_ENDING = /\.(ya?ml|json)$/i
/** A file whose last change is younger than this may change again within the granularity of its timestamp. */
const STAT_TRUSTED_AFTER_US = 2_000_000n
/** A writer may be at work: how often a file is read again before it counts as unreadable. */
const READS_MAX = 3

export interface SweptFile {
  /** From the root, with forward slashes. */
  readonly path: string
  readonly bytes: Uint8Array
  /** sha256 in hex. */
  readonly hash: string
}

export interface Blind {
  /** From the root; empty for the root itself. */
  readonly path: string
  /** One sentence. */
  readonly why: string
}

export interface Sweep {
  /** In order of path. */
  readonly files: readonly SweptFile[]
  /** What could not be examined: the set is not complete. */
  readonly blind: readonly Blind[]
  readonly notes: readonly string[]
}

interface Known {
  readonly signature: string
  readonly trusted: boolean
  readonly file: SweptFile
}

interface Walk {
  readonly root: string
  readonly ignored: Ignore
  readonly visited: Set<string>
  readonly files: SweptFile[]
  readonly blind: Blind[]
  readonly notes: string[]
  readonly known: Map<string, Known>
  bytes: number
}

/** Remembers between sweeps what each file was, so that an unchanged folder costs one stat a file. */
export class DirectorySweeper {
  readonly #location: string
  readonly #clock: Clock
  #known: ReadonlyMap<string, Known> = new Map()

  constructor(location: string, clock: Clock) {
    this.#location = location
    this.#clock = clock
  }

  async sweep(): Promise<Sweep> {
    let root: string
    let ignored: Ignore
    try {
      root = await realpath(this.#location)
      ignored = await readIgnoreFile(root)
    } catch (error) {
      return { files: [], blind: [{ path: '', why: reason(error) }], notes: [] }
    }
    const walk: Walk = {
      root,
      ignored,
      visited: new Set([root]),
      files: [],
      blind: [],
      notes: [],
      known: new Map(),
      bytes: 0,
    }
    await this.#walkFolder(walk, '', 0)
    this.#known = walk.known
    walk.files.sort((a, b) => (a.path < b.path ? -1 : 1))
    return walk
  }

  async #walkFolder(walk: Walk, folder: string, level: number): Promise<void> {
    if (level > FOLDER_LEVELS_MAX) {
      walk.blind.push({
        path: folder,
        why: `folders are nested deeper than ${FOLDER_LEVELS_MAX} levels`,
      })
      return
    }
    let names: string[]
    try {
      names = await readdir(join(walk.root, folder))
    } catch (error) {
      walk.blind.push({ path: folder, why: reason(error) })
      return
    }
    for (const name of names.sort())
      await this.#walkEntry(walk, folder === '' ? name : `${folder}/${name}`, name, level)
  }

  async #walkEntry(walk: Walk, path: string, name: string, level: number): Promise<void> {
    const isResource = RESOURCE_ENDING.test(name)
    if (name.startsWith('.')) {
      if (isResource) walk.notes.push(`${path} is skipped: its name begins with a dot.`)
      return
    }
    if (/^kustomization\.ya?ml$/i.test(name)) {
      walk.notes.push(`${path} is skipped: it is Kustomize's own file.`)
      return
    }
    try {
      const real = await realpath(join(walk.root, path))
      const found = await stat(real, { bigint: true })
      if (!isResource && !found.isDirectory()) return
      if (walk.ignored.ignores(found.isDirectory() ? `${path}/` : path)) return
      if (!isWithin(walk.root, real)) throw new Error('it is a link that leads out of the folder')
      if (found.isDirectory() && isResource)
        throw new Error('it is a folder with the name of a file')
      if (found.isDirectory()) {
        if (walk.visited.has(real)) return
        walk.visited.add(real)
        await this.#walkFolder(walk, path, level + 1)
      } else if (found.isFile()) {
        await this.#takeFile(walk, path, real, found)
      } else {
        throw new Error('it is not a regular file')
      }
    } catch (error) {
      if (isResource || !isVanished(error)) walk.blind.push({ path, why: reason(error) })
    }
  }

  async #takeFile(walk: Walk, path: string, real: string, found: BigIntStats): Promise<void> {
    if (walk.files.length >= FILES_MAX)
      throw new Error(`the folder holds more than ${FILES_MAX} files`)
    const known = this.#known.get(path)
    const current =
      known?.trusted === true && known.signature === signatureOf(found)
        ? known
        : await this.#read(path, real)
    walk.bytes += current.file.bytes.length
    if (walk.bytes > FILES_BYTES_MAX)
      throw new Error(`the folder holds more than ${FILES_BYTES_MAX} bytes`)
    walk.known.set(path, current)
    walk.files.push(current.file)
  }

  /** Reads until the file was the same before and after, so that half of two versions is never one. */
  async #read(path: string, real: string): Promise<Known> {
    for (let attempt = 0; attempt < READS_MAX; attempt++) {
      // No link is followed here: what was a file when it was resolved must still be one.
      await using handle = await open(
        real,
        constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
      )
      const before = await handle.stat({ bigint: true })
      if (before.size > FILES_BYTES_MAX)
        throw new Error(`it is larger than ${FILES_BYTES_MAX} bytes`)
      const bytes = await handle.readFile()
      const after = await handle.stat({ bigint: true })
      if (signatureOf(before) !== signatureOf(after) || BigInt(bytes.length) !== after.size)
        continue
      const age = BigInt(this.#clock.wallUs()) - after.mtimeNs / 1000n
      const hash = createHash('sha256').update(bytes).digest('hex')
      return {
        signature: signatureOf(after),
        trusted: age > STAT_TRUSTED_AFTER_US,
        file: { path, bytes, hash },
      }
    }
    throw new Error('it changes while it is read')
  }
}

async function readIgnoreFile(root: string): Promise<Ignore> {
  try {
    return ignore().add(await readFile(join(root, IGNORE_FILE), 'utf8'))
  } catch (error) {
    if (isVanished(error)) return ignore()
    throw error
  }
}

function isWithin(root: string, path: string): boolean {
  const from = relative(root, path)
  return from !== '..' && !from.startsWith(`..${sep}`)
}

function signatureOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${dev}/${ino}/${size}/${mtimeNs}/${ctimeNs}`
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code
const isVanished = (error: unknown): boolean => codeOf(error) === 'ENOENT'

const SENTENCES: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist, or is a link to nothing',
  ENOTDIR: 'it is not a folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ELOOP: 'its links lead in a circle',
  EIO: 'the disk reports an error',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
}

function reason(error: unknown): string {
  const code = codeOf(error)
  if (code !== undefined) return SENTENCES[code] ?? `it cannot be examined (${code})`
  return error instanceof Error ? error.message : String(error)
}
