/** Remembers readings by content, so that a file that did not change costs one hash, and nothing while its bytes are kept. */
import type { Template } from '../../engine/pipelines/templates/template.ts'
import { isTemplateFile } from './config-names.ts'
import { sha256 } from './digest.ts'
import type { Inspector } from './inspector.ts'
import type { FileLimits } from './limits.ts'
import { type FileReading, readFile } from './read-file.ts'
import { templatesOf } from './template-file.ts'

interface Kept {
  readonly bytes: Uint8Array
  readonly hash: string
  readonly epoch: number
  readonly reading: FileReading
}

export class FileCache {
  #inspector: Inspector
  #templates: readonly Template[] = []
  readonly #kept = new Map<string, Kept>()

  constructor(inspector: Inspector) {
    this.#inspector = inspector
  }

  /** What readings from now on may use; other templates make other readings of the same bytes. */
  use(templates: readonly Template[]): void {
    const before = this.#templates
    const isSame =
      before.length === templates.length && before.every((one, index) => one === templates[index])
    if (isSame) return
    for (const path of this.#kept.keys()) if (!isTemplateFile(path)) this.#kept.delete(path)
    this.#templates = templates
    this.#inspector = { ...this.#inspector, templates: templatesOf(templates) }
  }

  /** The reading of just these bytes, if it is known. */
  recall(path: string, bytes: Uint8Array): FileReading | undefined {
    const known = this.#known(path)
    return known?.bytes === bytes ? known.reading : undefined
  }

  async read(path: string, bytes: Uint8Array, limits?: FileLimits): Promise<FileReading> {
    const epoch = this.#epoch()
    const known = this.#known(path)
    if (known?.bytes === bytes) return known.reading
    const hash = sha256(bytes)
    const reading =
      known?.hash === hash ? known.reading : await readFile(path, bytes, this.#inspector, limits)
    this.#kept.set(path, { bytes, hash, epoch, reading })
    return reading
  }

  #known(path: string): Kept | undefined {
    const known = this.#kept.get(path)
    return known?.epoch === this.#epoch() ? known : undefined
  }

  #epoch(): number {
    return this.#inspector.epoch?.() ?? 0
  }

  /** Forgets what is not among these paths. */
  keep(paths: { has(path: string): boolean }): void {
    for (const path of this.#kept.keys()) if (!paths.has(path)) this.#kept.delete(path)
  }
}
