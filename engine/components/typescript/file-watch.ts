/** Says that one of some files may have changed, once it has been quiet for a moment: editors write in several steps. */
import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { Clock, Timer } from '../../ports/clock.ts'

export const FILES_QUIET_MS = 10

export class FileWatch implements Disposable {
  readonly #clock: Clock
  readonly #changed: () => void
  /** By folder: what replaces a file is seen there, and not at the file. */
  readonly #watchers = new Map<string, FSWatcher>()
  #names: ReadonlySet<string> = new Set()
  #quiet: Timer | undefined

  constructor(clock: Clock, changed: () => void) {
    this.#clock = clock
    this.#changed = changed
  }

  /** From now on these files, and no others. */
  watch(paths: readonly string[]): void {
    this.#names = new Set(paths.map((path) => basename(path)))
    const folders = new Set(paths.map((path) => dirname(path)))
    for (const [folder, watcher] of this.#watchers) {
      if (folders.has(folder)) continue
      watcher.close()
      this.#watchers.delete(folder)
    }
    for (const folder of folders) this.#open(folder)
  }

  [Symbol.dispose](): void {
    this.#quiet?.cancel()
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }

  #open(folder: string): void {
    if (this.#watchers.has(folder)) return
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => this.#hint(name))
      // A folder that went away; whatever comes next names it again.
      watcher.on('error', () => {
        watcher.close()
        this.#watchers.delete(folder)
      })
      this.#watchers.set(folder, watcher)
    } catch {
      // Without it a change counts when the pipeline starts again.
    }
  }

  #hint(name: string | null): void {
    if (name !== null && !this.#names.has(name)) return
    this.#quiet?.cancel()
    this.#quiet = this.#clock.schedule(FILES_QUIET_MS, this.#changed)
  }
}
