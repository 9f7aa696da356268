/**
 * Finds and reads every resource file beneath a folder, within limits, and says what it skipped and what it could not
 * examine. What it cannot be sure of is never taken for absence.
 *
 * Links are followed within the folder only, as Kubernetes mounts need it (`orders.yaml → ..data/orders.yaml`).
 */
import { type BigIntStats, constants } from 'node:fs'
import { type FileHandle, lstat, open, readdir, realpath } from 'node:fs/promises'
import { join, sep } from 'node:path'
import ignore, { type Ignore } from 'ignore'
import type { Unreadable } from '../sets/judge-file.ts'
import { FILE_BYTES_MAX, SET_BYTES_MAX, SET_FILES_MAX } from '../sets/limits.ts'
import { isResourceFile } from '../sets/read-file.ts'
import type { FileInput } from '../sets/read-set.ts'
import type { FileMemory } from './file-memory.ts'

export interface Walk {
  readonly files: readonly FileInput[]
  readonly notes: readonly string[]
  readonly unreadable: readonly Unreadable[]
  /** Something came, went or changed meanwhile: another look is needed to be sure. */
  readonly moved: boolean
}

export const FOLDER_LEVELS_MAX = 32
/** How often a file that changes while it is read is read again. */
export const READ_ATTEMPTS_MAX = 3
/** How many entries of a folder are looked at together: one after the other, most of the time is spent on waiting. */
const LOOKS_AT_ONCE = 32
export const IGNORE_FILE = '.headgateignore'
const KUSTOMIZATION = /^kustomization(\.ya?ml)?$/i
/** What lies beside modules: of package managers and compilers, and the packages themselves. */
const OF_PACKAGES =
  /^(?:package(?:-lock)?\.json|npm-shrinkwrap\.json|pnpm-(?:lock|workspace)\.yaml|[jt]sconfig(?:\..+)?\.json|biome\.json)$/
export const PACKAGES_FOLDER = 'node_modules'

/** `root` is a real path: whoever calls resolves links of the folder itself once, so that a swap is seen whole. */
export async function walkFiles(
  root: string,
  memory: FileMemory,
  signal?: AbortSignal,
): Promise<Walk> {
  const walker = new Walker(root, memory, signal)
  await walker.run()
  memory.settle()
  return walker
}

/**
 * Looks at these folders of the root only, and takes everything else as `last` found it. Undefined where that would be
 * no look at what is there: a folder that went, or that a link leads to.
 */
export async function walkFolders(
  root: string,
  folders: ReadonlySet<string>,
  last: Walk,
  memory: FileMemory,
  signal?: AbortSignal,
): Promise<Walk | undefined> {
  const walker = new Walker(root, memory, signal)
  for (const folder of folders) if ((await walker.narrow(folder)) === false) return undefined
  memory.absorb()
  if (walker.moved || walker.unreadable.length > 0) return undefined
  const isOther = (path: string): boolean =>
    ![...folders].some((folder) => path.startsWith(`${folder}/`))
  const files = [...last.files.filter(({ path }) => isOther(path)), ...walker.files]
  const bytes = files.reduce((sum, file) => sum + file.bytes.length, 0)
  if (files.length > SET_FILES_MAX || bytes > SET_BYTES_MAX) return undefined
  const notes = [...last.notes.filter(isOther), ...walker.notes]
  return { files, notes, unreadable: [], moved: false }
}

interface Entry extends Folder {
  readonly name: string
  /** Where its folder really is, and its name there. */
  readonly at: string
  readonly isLink: boolean
}

/** What is at an entry; a file's bytes where it is read and at rest. */
interface Found {
  readonly stats: BigIntStats
  readonly leadsOut: boolean
  readonly bytes: Uint8Array | undefined
}

interface Folder {
  readonly path: string
  readonly level: number
}

class Walker implements Walk {
  readonly files: FileInput[] = []
  readonly notes: string[] = []
  readonly unreadable: Unreadable[] = []
  moved = false
  readonly #root: string
  readonly #memory: FileMemory
  readonly #signal: AbortSignal | undefined
  readonly #seen = new Set<string>()
  #linked: Folder[] = []
  #ignore: Ignore = ignore()
  #bytes = 0
  #full = false

  constructor(root: string, memory: FileMemory, signal: AbortSignal | undefined) {
    this.#root = root
    this.#memory = memory
    this.#signal = signal
  }

  /** Folders themselves come before links to folders, so that a link to a folder of the tree reads nothing twice. */
  async run(): Promise<void> {
    await this.#readIgnoreFile()
    await this.#folder({ path: '', level: 0 })
    while (this.#linked.length > 0) {
      const linked = this.#linked
      this.#linked = []
      for (const folder of linked) await this.#folder(folder)
    }
  }

  /** False where the folder is not simply there. */
  async narrow(path: string): Promise<boolean> {
    const full = join(this.#root, path)
    if ((await realpath(full).catch(() => undefined)) !== full) return false
    await this.#readIgnoreFile()
    const parts = path.split('/')
    const isSkipped = parts.some(
      (name, index) =>
        name.startsWith('.') ||
        name === PACKAGES_FOLDER ||
        this.#ignore.ignores(`${parts.slice(0, index + 1).join('/')}/`),
    )
    if (!isSkipped) await this.#folder({ path, level: parts.length })
    return this.#linked.length === 0
  }

  async #folder({ path, level }: Folder): Promise<void> {
    this.#signal?.throwIfAborted()
    if (level > FOLDER_LEVELS_MAX) {
      this.#refuse(path, `expected at most ${FOLDER_LEVELS_MAX} levels of folders`)
      return
    }
    try {
      const real = await realpath(join(this.#root, path))
      if (this.#seen.has(real)) return
      this.#seen.add(real)
      const entries = await readdir(real, { withFileTypes: true })
      entries.sort((left, right) => (left.name < right.name ? -1 : 1))
      for (let from = 0; from < entries.length; from += LOOKS_AT_ONCE) {
        const together = entries.slice(from, from + LOOKS_AT_ONCE).map(
          (entry): Entry => ({
            path: path === '' ? entry.name : `${path}/${entry.name}`,
            name: entry.name,
            level,
            at: join(real, entry.name),
            isLink: entry.isSymbolicLink(),
          }),
        )
        await this.#entries(together)
      }
    } catch (error) {
      this.#failed(path === '' ? '.' : path, error)
    }
  }

  async #entries(entries: readonly Entry[]): Promise<void> {
    if (this.#full) return
    const kept = entries.filter(({ path, name }) => !this.#isSkipped(path, name))
    const looks = await Promise.allSettled(kept.map((entry) => this.#look(entry)))
    for (const [index, entry] of kept.entries()) {
      this.#signal?.throwIfAborted()
      if (this.#full) return
      const look = looks[index]
      if (look?.status === 'fulfilled') await this.#take(entry, look.value)
      else if (isResourceFile(entry.name) || !entry.isLink) this.#failed(entry.path, look?.reason)
    }
  }

  async #look({ name, at, isLink }: Entry): Promise<Found> {
    const full = isLink ? await realpath(at) : at
    const stats = await lstat(full, { bigint: true })
    const leadsOut = isLink && full !== this.#root && !full.startsWith(this.#root + sep)
    const isRead = stats.isFile() && isResourceFile(name) && !leadsOut
    const bytes = isRead
      ? (this.#memory.recall(full, stats) ?? (await readStable(full, this.#memory)))
      : undefined
    return { stats, leadsOut, bytes }
  }

  async #take({ path, name, level, isLink }: Entry, found: Found): Promise<void> {
    const { stats, leadsOut, bytes } = found
    const looksLikeResource = isResourceFile(name)
    if (leadsOut) {
      if (looksLikeResource || stats.isDirectory()) {
        this.#refuse(path, 'expected a link within the folder, got one that leads out of it')
      }
    } else if (stats.isDirectory()) {
      if (looksLikeResource) this.#refuse(path, 'expected a file, got a folder')
      else if (this.#ignore.ignores(`${path}/`))
        this.notes.push(`${path}: skipped, in ${IGNORE_FILE}`)
      else if (isLink) this.#linked.push({ path, level: level + 1 })
      else await this.#folder({ path, level: level + 1 })
    } else if (looksLikeResource) {
      if (stats.isFile()) this.#keep(path, bytes)
      else this.#refuse(path, 'expected a file, got something else')
    }
  }

  #isSkipped(path: string, name: string): boolean {
    if (name.startsWith('.')) {
      if (name !== IGNORE_FILE && isResourceFile(name))
        this.notes.push(`${path}: skipped, a hidden file`)
      return true
    }
    if (name === PACKAGES_FOLDER) return true
    if (OF_PACKAGES.test(name))
      this.notes.push(`${path}: skipped, it is for packages and compilers`)
    else if (KUSTOMIZATION.test(name)) this.notes.push(`${path}: skipped, it is for kustomize`)
    else if (this.#ignore.ignores(path)) this.notes.push(`${path}: skipped, in ${IGNORE_FILE}`)
    else return false
    return true
  }

  #keep(path: string, bytes: Uint8Array | undefined): void {
    if (this.files.length === SET_FILES_MAX) {
      this.#full = true
      this.#refuse(path, `expected at most ${SET_FILES_MAX} files`)
      return
    }
    if (bytes === undefined) {
      this.moved = true
      this.#refuse(path, 'expected a file at rest, got one that is being written')
      return
    }
    this.#bytes += bytes.length
    if (this.#bytes > SET_BYTES_MAX) {
      this.#full = true
      this.#refuse(path, `expected at most ${SET_BYTES_MAX} bytes in all files together`)
      return
    }
    this.files.push({ path, bytes })
  }

  async #readIgnoreFile(): Promise<void> {
    try {
      const bytes = await readStable(join(this.#root, IGNORE_FILE))
      this.#ignore = ignore().add(new TextDecoder().decode(bytes))
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') this.#failed(IGNORE_FILE, error)
    }
  }

  #failed(path: string, error: unknown): void {
    this.#signal?.throwIfAborted()
    const code = errorCode(error)
    if (code === 'ENOENT') this.moved = true
    this.#refuse(path, REASONS[code] ?? `it cannot be read (${code})`)
  }

  #refuse(path: string, because: string): void {
    this.unreadable.push({ path, because })
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it leads to nothing, or went away while it was read (ENOENT)',
  ELOOP: 'its links lead in a circle (ELOOP)',
  EACCES: 'it may not be read (EACCES)',
  EPERM: 'it may not be read (EPERM)',
  EIO: 'the disk cannot read it (EIO)',
}

export function errorCode(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | null)?.code
  return typeof code === 'string' ? code : String(error)
}

/** The bytes of a file that did not change meanwhile, at most one more than a file may have; else undefined. */
async function readStable(path: string, memory?: FileMemory): Promise<Uint8Array | undefined> {
  for (let attempt = 0; attempt < READ_ATTEMPTS_MAX; attempt++) {
    const handle = await open(path, OPEN_FLAGS)
    try {
      const before = await handle.stat({ bigint: true })
      const bytes = await readUpTo(handle, Math.min(Number(before.size), FILE_BYTES_MAX) + 1)
      const after = await handle.stat({ bigint: true })
      const still = before.size === after.size && before.mtimeNs === after.mtimeNs
      const whole = BigInt(bytes.length) === after.size || bytes.length > FILE_BYTES_MAX
      if (!still || !whole) continue
      memory?.remember(path, after, bytes)
      return bytes
    } finally {
      await handle.close()
    }
  }
  return undefined
}

/** A link that appears in the last moment is not followed, and a pipe does not hold us up. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

async function readUpTo(handle: FileHandle, bytesMax: number): Promise<Uint8Array> {
  const buffer = Buffer.alloc(bytesMax)
  let length = 0
  for (;;) {
    const { bytesRead } = await handle.read(buffer, length, bytesMax - length, length)
    length += bytesRead
    if (bytesRead === 0 || length === bytesMax) return buffer.subarray(0, length)
  }
}
