/** A posted set as a source: what was posted last is all that it says. It changes when somebody posts another one. */
import type { SourceFile } from '../control-plane.ts'
import type { ResourceSet } from '../sets/resource-set.ts'
import type { Source, SourceDeclaration } from '../sources/source.ts'
import type { PostedStore } from './posted-store.ts'

export interface PostedSourceOptions {
  readonly declaration: SourceDeclaration
  readonly store: Pick<PostedStore, 'sets'>
  readonly readFiles: (files: readonly SourceFile[]) => Promise<ResourceSet>
}

export class PostedSource implements Source {
  readonly declaration: SourceDeclaration
  readonly #options: PostedSourceOptions
  #files: { readonly digest: string | undefined; readonly files: readonly SourceFile[] } | undefined

  constructor(options: PostedSourceOptions) {
    this.declaration = options.declaration
    this.#options = options
  }

  async read(): Promise<ResourceSet> {
    const { store, readFiles } = this.#options
    const { name } = this.declaration
    const digest = store.sets.digest(name)
    if (this.#files === undefined || this.#files.digest !== digest)
      this.#files = { digest, files: store.sets.files(name) }
    return readFiles(this.#files.files)
  }

  /** Whoever posts to it looks at once; there is nothing else to notice. */
  watch(): Disposable {
    return { [Symbol.dispose]: () => undefined }
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
