/**
 * Says "look again" when something in a folder may have changed: file events as a hint, gathered until they pause, and
 * a slow timer as the net beneath them, because a full kernel queue loses events without a word.
 */
import { basename } from 'node:path'
import { type FSWatcher, watch } from 'chokidar'
import type { Clock, Timer } from '../../engine/ports/clock.ts'

/** Editors write in several steps; the look comes after the last of them. */
export const QUIET_MS = 15
/** A storm of events may put a look off no longer than this. */
export const QUIET_MS_MAX = 200
export const SWEEP_EVERY_MS = 15_000

export class FolderWatch implements AsyncDisposable {
  readonly #clock: Clock
  readonly #lookAgain: () => void
  readonly #watcher: FSWatcher
  #quiet: Timer | undefined
  #waitingSinceMs: number | undefined
  #net: Timer | undefined
  #closed = false

  constructor(folder: string, clock: Clock, lookAgain: () => void) {
    this.#clock = clock
    this.#lookAgain = lookAgain
    this.#watcher = watch(folder, {
      // A watch per folder is enough: its raw events name the files. Hidden folders are none of ours.
      ignored: (path, stats) =>
        stats?.isFile() === true || (path !== folder && basename(path).startsWith('.')),
      ignoreInitial: true,
      followSymlinks: true,
    })
    this.#watcher.on('raw', () => this.#hint())
    this.#watcher.on('all', () => this.#hint())
    this.#watcher.on('ready', () => this.#hint())
    // What the watch cannot see, the timer does.
    this.#watcher.on('error', () => undefined)
    this.#schedule()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#quiet?.cancel()
    this.#net?.cancel()
    await this.#watcher.close()
  }

  #hint(): void {
    if (this.#closed) return
    const nowMs = this.#clock.monotonicMs()
    this.#waitingSinceMs ??= nowMs
    this.#quiet?.cancel()
    const leftMs = Math.max(0, this.#waitingSinceMs + QUIET_MS_MAX - nowMs)
    this.#quiet = this.#clock.schedule(Math.min(QUIET_MS, leftMs), () => {
      this.#waitingSinceMs = undefined
      this.#lookAgain()
    })
  }

  #schedule(): void {
    this.#net = this.#clock.schedule(SWEEP_EVERY_MS, () => {
      this.#lookAgain()
      if (!this.#closed) this.#schedule()
    })
  }
}
