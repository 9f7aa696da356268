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
import { readSet, type Unreadable } from '../sets/read-set.ts'
import type { ResourceSet } from '../sets/resource-set.ts'
import { FileMemory } from './file-memory.ts'
import { errorCode, type Walk, walkFiles } from './file-walk.ts'
import { FolderWatch } from './folder-watch.ts'
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
  readonly #cache: FileCache
  readonly #memory: FileMemory
  readonly #watches = new Set<FolderWatch>()
  /** Files that held resources when they were read last; before the first look, what the catalog knows of them. */
  #held: ReadonlySet<string> | undefined

  constructor(options: DirectorySourceOptions) {
    this.declaration = options.declaration
    this.#options = options
    this.#cache = new FileCache(options.inspector)
    this.#memory = new FileMemory(options.clock)
  }

  async read(signal?: AbortSignal): Promise<ResourceSet> {
    const walk = await this.#sweep(signal)
    const { name, scope, grants } = this.declaration
    const { directory, known } = this.#options
    const held = this.#held ?? this.#options.held()
    const set = await readSet({
      source: name,
      scope,
      grants,
      directory,
      known,
      held: (path) => held.has(path),
      files: walk.files,
      notes: walk.notes,
      unreadable: walk.unreadable,
      cache: this.#cache,
    })
    this.#remember(held, set, walk)
    return set
  }

  watch(lookAgain: () => void): Disposable {
    const watch = new FolderWatch(this.declaration.location, this.#options.clock, lookAgain)
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

  #remember(held: ReadonlySet<string>, set: ResourceSet, walk: Walk): void {
    const present = new Set([...walk.files, ...walk.unreadable].map(({ path }) => path))
    const rootIsAway = present.has('.')
    const kept = [...held].filter((path) => rootIsAway || present.has(path))
    this.#held = new Set([...kept, ...[...set.members.values()].map(({ origin }) => origin.file)])
  }
}

function away(path: string, because: string): Walk {
  const unreadable: Unreadable[] = [{ path, because }]
  return { files: [], notes: [], unreadable, moved: false }
}
