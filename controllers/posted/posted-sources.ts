/** Makes the sources that are posted to: the one of single objects, the configured ones, and those that a post makes. */
import { identityKey } from '../../crds/resource.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { CONNECT_SOURCE, loweredFile } from '../connect/stored-stream.ts'
import type { SourceFile } from '../control-plane.ts'
import type { ControlPlaneOptions } from '../control-plane-options.ts'
import { API_SOURCE } from '../resource-writes.ts'
import type { ResourceSet } from '../sets/resource-set.ts'
import type { SourceDeclaration } from '../sources/source.ts'
import { ApiSource } from './api-source.ts'
import { postedDeclaration } from './posted-declaration.ts'
import { PostedSource } from './posted-source.ts'
import type { PostedStore } from './posted-store.ts'

export interface PostedSourcesOptions {
  readonly options: Pick<
    ControlPlaneOptions,
    'sources' | 'posted' | 'builders' | 'directory' | 'logger'
  >
  readonly catalog: Pick<Catalog, 'entries'>
  readonly store: PostedStore
}

export class PostedSources {
  readonly api: ApiSource
  readonly #parts: PostedSourcesOptions

  constructor(parts: PostedSourcesOptions) {
    this.#parts = parts
    const declaration = this.#declarationOf(API_SOURCE)
    this.api = new ApiSource({
      declaration,
      store: parts.store,
      readFiles: (files) => parts.options.builders.readFiles(declaration, files, () => true),
    })
  }

  /** Besides `api`: those of headgate.yaml, and those that something was posted to. */
  all(): readonly PostedSource[] {
    const { options, store } = this.#parts
    const others = new Set(options.sources.map(({ declaration }) => declaration.name))
    const declared = (options.posted ?? []).map(({ name }) => name)
    const names = new Set([...declared, ...store.sets.names()])
    return [...names].flatMap((name) => {
      if (name === API_SOURCE) return []
      if (!others.has(name)) return [this.open(name)]
      options.logger.warn('A set was posted to a source that reads something else now.', {
        source: name,
      })
      return []
    })
  }

  open(name: string): PostedSource {
    const declaration = this.#declarationOf(name)
    return new PostedSource({
      declaration,
      store: this.#parts.store,
      readFiles: (files) => this.readFiles(declaration, files),
    })
  }

  /** As if they were all that the source holds, beside what the catalog has. */
  readFiles(declaration: SourceDeclaration, files: readonly SourceFile[]): Promise<ResourceSet> {
    const { options, catalog } = this.#parts
    const isConnect = declaration.name === CONNECT_SOURCE
    return options.builders.readFiles(
      declaration,
      isConnect ? files.map((file) => loweredFile(file)) : files,
      (identity) => catalog.entries.get(identityKey(identity)) !== undefined,
    )
  }

  #declarationOf(name: string): SourceDeclaration {
    const { posted = [], directory } = this.#parts.options
    const declared = posted.find((one) => one.name === name) ?? postedDeclaration(name, directory)
    // Each post of it is all or nothing; between two posts one stream that fails holds up no other.
    return name === CONNECT_SOURCE ? { ...declared, atomic: false } : declared
  }
}
