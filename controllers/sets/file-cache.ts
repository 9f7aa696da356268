/** Remembers readings by content, so that a file that did not change costs one hash. */
import { sha256 } from './digest.ts'
import type { Inspector } from './inspector.ts'
import type { FileLimits } from './limits.ts'
import { type FileReading, readFile } from './read-file.ts'

export class FileCache {
  readonly #inspector: Inspector
  #kept = new Map<
    string,
    { readonly bytes: Uint8Array; readonly hash: string; readonly reading: FileReading }
  >()

  constructor(inspector: Inspector) {
    this.#inspector = inspector
  }

  async read(path: string, bytes: Uint8Array, limits?: FileLimits): Promise<FileReading> {
    const known = this.#kept.get(path)
    if (known?.bytes === bytes) return known.reading
    const hash = sha256(bytes)
    if (known?.hash === hash) return known.reading
    const reading = await readFile(path, bytes, this.#inspector, limits)
    this.#kept.set(path, { bytes, hash, reading })
    return reading
  }

  /** Forgets what is not among these paths. */
  keep(paths: ReadonlySet<string>): void {
    this.#kept = new Map([...this.#kept].filter(([path]) => paths.has(path)))
  }
}
