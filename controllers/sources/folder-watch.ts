/**
 * Says "look again" when something in a folder may have changed: file events as a hint, gathered until they pause, and
 * timers as the net beneath them, because a full kernel queue loses events without a word: one that comes soon after
 * the events, and a slow one.
 */
import { basename, relative } from 'node:path'
import { type FSWatcher, watch } from 'chokidar'
import type { Clock, Timer } from '../../engine/ports/clock.ts'

/** Editors write in several steps; the look comes after the last of them. */
export const QUIET_MS = 15
/** A storm of events may put a look off no longer than this. */
export const QUIET_MS_MAX = 200
export const SWEEP_EVERY_MS = 15_000
/** After a hint everything is looked at, once it has been quiet for so long. */
export const SWEEP_AFTER_MS = 3_000
/** More folders than these are no hint any more. */
export const HINTED_FOLDERS_MAX = 16

/** Which folders beneath the watched one something happened in; undefined where that cannot be told. */
export type Hint = ReadonlySet<string> | undefined

export class FolderWatch implements AsyncDisposable {
  readonly #clock: Clock
  readonly #folder: string
  readonly #lookAgain: (hint: Hint) => void
  readonly #watcher: FSWatcher
  #quiet: Timer | undefined
  #waitingSinceMs: number | undefined
  #net: Timer | undefined
  #hinted: Set<string> | undefined = new Set()
  #closed = false

  constructor(folder: string, clock: Clock, lookAgain: (hint: Hint) => void) {
    this.#folder = folder
    this.#clock = clock
    this.#lookAgain = lookAgain
    this.#watcher = watch(folder, {
      // A watch per folder is enough: its raw events name the files. Hidden folders and packages are none of ours.
      ignored: (path, stats) =>
        stats?.isFile() === true || (path !== folder && /^\.|^node_modules$/.test(basename(path))),
      ignoreInitial: true,
      followSymlinks: true,
    })
    this.#watcher.on('raw', (_event, _path, details) => this.#hint(watchedPath(details)))
    this.#watcher.on('all', () => this.#hint(undefined))
    this.#watcher.on('ready', () => this.#hint(undefined))
    // What the watch cannot see, the timer does.
    this.#watcher.on('error', () => undefined)
    this.#schedule(SWEEP_EVERY_MS)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#quiet?.cancel()
    this.#net?.cancel()
    await this.#watcher.close()
  }

  #hint(watched: string | undefined): void {
    if (this.#closed) return
    this.#note(watched)
    const nowMs = this.#clock.monotonicMs()
    this.#waitingSinceMs ??= nowMs
    this.#quiet?.cancel()
    const leftMs = Math.max(0, this.#waitingSinceMs + QUIET_MS_MAX - nowMs)
    this.#quiet = this.#clock.schedule(Math.min(QUIET_MS, leftMs), () => {
      const hinted = this.#hinted
      this.#waitingSinceMs = undefined
      this.#hinted = new Set()
      if (hinted !== undefined) this.#schedule(SWEEP_AFTER_MS)
      this.#lookAgain(hinted)
    })
  }

  #note(watched: string | undefined): void {
    const folder = watched === undefined ? '' : relative(this.#folder, watched)
    const isBeneath = folder !== '' && !folder.split('/').includes('..')
    if (!isBeneath) this.#hinted = undefined
    this.#hinted?.add(folder)
    if ((this.#hinted?.size ?? 0) > HINTED_FOLDERS_MAX) this.#hinted = undefined
  }

  #schedule(afterMs: number): void {
    this.#net?.cancel()
    this.#net = this.#clock.schedule(afterMs, () => {
      this.#lookAgain(undefined)
      if (!this.#closed) this.#schedule(SWEEP_EVERY_MS)
    })
  }
}

function watchedPath(details: unknown): string | undefined {
  const path = (details as { readonly watchedPath?: unknown } | undefined)?.watchedPath
  return typeof path === 'string' ? path : undefined
}
