/**
 * A folder as a source: what its files say now is what is wanted.
 *
 * The sweep is the truth and events are a hint. A folder that is away, a link into nothing or a file that is being
 * written makes the set incomplete, and an incomplete set deletes nothing.
 */
import { realpath } from 'node:fs/promises'
import type { Identity } from '../../crds/resource.ts'
import type { Clock } from '../../engine/ports/clock.ts'
import { FileCache } from '../sets/file-cache.ts'
import type { Inspector } from '../sets/inspector.ts'
import type { Unreadable } from '../sets/judge-file.ts'
import { SetReader } from '../sets/read-set.ts'
import type { ResourceSet } from '../sets/resource-set.ts'
import { FileMemory } from './file-memory.ts'
import { errorCode, type Walk, walkFiles, walkFolders } from './file-walk.ts'
import { FolderWatch, type Hint } from './folder-watch.ts'
import type { Source, SourceDeclaration } from './source.ts'

export interface DirectorySourceOptions {
  readonly declaration: SourceDeclaration
  readonly clock: Clock
  readonly inspector: Inspector
  /** What the catalog has, besides what the folder declares. */
  readonly known: (identity: Identity) => boolean
  /** The files of this source that held resources before the start; asked once, at the first look. */
  readonly held: () => ReadonlySet<string>
  /** Where relative paths of `file` components begin. */
  readonly directory: string
}

/** How often a folder that changes while it is swept is swept again before the set is given as incomplete. */
export const SWEEP_ATTEMPTS_MAX = 3

export class DirectorySource implements Source {
  readonly declaration: SourceDeclaration
  readonly #options: DirectorySourceOptions
  readonly #reader: SetReader
  readonly #memory: FileMemory
  readonly #watches = new Set<FolderWatch>()
  /** Files that held resources when they were read last; before the first look, what the catalog knows of them. */
  #held: Set<string> | undefined
  /** What the last look found, where it found everything; a narrow look starts from it. */
  #last: Walk | undefined
  /** Hinted at since the last look; undefined where everything is to be looked at. */
  #hinted: Set<string> | undefined

  constructor(options: DirectorySourceOptions) {
    this.declaration = options.declaration
    this.#options = options
    this.#memory = new FileMemory(options.clock)
    const { name, scope, grants } = options.declaration
    const { directory, known, inspector } = options
    const cache = new FileCache(inspector)
    this.#reader = new SetReader({ source: name, scope, grants, directory, known, cache })
  }

  async read(signal?: AbortSignal): Promise<ResourceSet> {
    const narrow = await this.#lookNarrowly(signal)
    const walk = narrow ?? (await this.#sweep(signal))
    this.#last = walk.unreadable.length === 0 ? walk : undefined
    const held = this.#held ?? this.#options.held()
    const set = await this.#reader.read({ ...filesOf(walk), held: (path) => held.has(path) })
    const looked: ResourceSet = narrow === undefined ? set : { ...set, isNarrow: true }
    this.#remember(held, looked, walk)
    return looked
  }

  watch(lookAgain: () => void): Disposable {
    const { location } = this.declaration
    const watch = new FolderWatch(location, this.#options.clock, (hint) => {
      this.#note(hint)
      lookAgain()
    })
    this.#watches.add(watch)
    return {
      [Symbol.dispose]: () => {
        this.#watches.delete(watch)
        void watch[Symbol.asyncDispose]()
      },
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const watches = [...this.#watches]
    this.#watches.clear()
    await Promise.all(watches.map((watch) => watch[Symbol.asyncDispose]()))
  }

  #note(hint: Hint): void {
    if (hint === undefined || this.#last === undefined) this.#hinted = undefined
    else for (const folder of hint) this.#hinted?.add(folder)
  }

  /** Undefined where everything has to be looked at. Whoever looks without a hint gets everything. */
  async #lookNarrowly(signal: AbortSignal | undefined): Promise<Walk | undefined> {
    const hinted = this.#hinted
    const last = this.#last
    this.#hinted = new Set()
    if (hinted === undefined || hinted.size === 0 || last === undefined) return undefined
    try {
      const root = await realpath(this.declaration.location)
      return await walkFolders(root, hinted, last, this.#memory, signal)
    } catch {
      return undefined
    }
  }

  /** What moved while we looked may have been seen half: look again, and say so when it never rests. */
  async #sweep(signal: AbortSignal | undefined): Promise<Walk> {
    let walk = away('.', 'the folder was not looked at')
    for (let attempt = 0; attempt < SWEEP_ATTEMPTS_MAX; attempt++) {
      try {
        signal?.throwIfAborted()
        const root = await realpath(this.declaration.location)
        walk = await walkFiles(root, this.#memory, signal)
        if (!walk.moved && (await realpath(this.declaration.location)) === root) return walk
      } catch (error) {
        if (signal?.aborted === true) return away('.', 'the look was stopped')
        walk = away(
          '.',
          `the folder ${this.declaration.location} cannot be read (${errorCode(error)})`,
        )
      }
    }
    if (walk.unreadable.length > 0) return walk
    return { ...walk, unreadable: [{ path: '.', because: 'the folder changed while it was read' }] }
  }

  /** What a narrow look did not find stays until everything is looked at. */
  #remember(before: ReadonlySet<string>, { members, isNarrow }: ResourceSet, walk: Walk): void {
    const held = this.#held ?? new Set(before)
    this.#held = held
    for (const { origin } of members.values()) held.add(origin.file)
    if (isNarrow === true) return
    const present = new Set([...walk.files, ...walk.unreadable].map(({ path }) => path))
    if (present.has('.')) return
    for (const path of held) if (!present.has(path)) held.delete(path)
  }
}

function filesOf({ files, notes, unreadable }: Walk): Pick<Walk, 'files' | 'notes' | 'unreadable'> {
  return { files, notes, unreadable }
}

function away(path: string, because: string): Walk {
  const unreadable: Unreadable[] = [{ path, because }]
  return { files: [], notes: [], unreadable, moved: false }
}
