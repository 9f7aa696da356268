/** What was written object by object, as a source. It is always there, even where nothing was written. */
import { type Identity, identityKey } from '../../crds/resource.ts'
import type { SourceFile } from '../control-plane.ts'
import type { WrittenObject } from '../resource-writes.ts'
import type { Place } from '../sets/problem.ts'
import type { ResourceSet } from '../sets/resource-set.ts'
import type { Source, SourceDeclaration } from '../sources/source.ts'
import type { PostedStore } from './posted-store.ts'

export interface ApiSourceOptions {
  readonly declaration: SourceDeclaration
  readonly store: Pick<PostedStore, 'objects'>
  /** Takes every reference for resolved: what is missing is the planner's to say. */
  readonly readFiles: (files: readonly SourceFile[]) => Promise<ResourceSet>
}

/** One write, as it would be. */
export interface ObjectChange {
  readonly identity: Identity
  /** Undefined takes it away. */
  readonly written: WrittenObject | undefined
}

export class ApiSource implements Source {
  readonly declaration: SourceDeclaration
  readonly #options: ApiSourceOptions
  readonly #files = new Map<string, SourceFile>()

  constructor(options: ApiSourceOptions) {
    this.declaration = options.declaration
    this.#options = options
    for (const { identity, written } of options.store.objects.all().values())
      this.#remember({ identity, written })
  }

  read(): Promise<ResourceSet> {
    return this.#options.readFiles([...this.#files.values()])
  }

  /** What it would say after this change. */
  readWith({ identity, written }: ObjectChange): Promise<ResourceSet> {
    const key = identityKey(identity)
    const others = [...this.#files].filter(([other]) => other !== key).map(([, file]) => file)
    const own = written === undefined ? [] : [fileOf(identity, written)]
    return this.#options.readFiles([...others, ...own])
  }

  /** Durable when it returns; the next look finds it. */
  write(change: ObjectChange): void {
    const { identity, written } = change
    const { objects } = this.#options.store
    if (written === undefined) objects.remove(identityKey(identity))
    else objects.put(identity, written)
    this.#remember(change)
  }

  /** Where its text stands, as problems tell it. */
  pathOf(identity: Identity): string {
    return pathOf(identity)
  }

  originOf(identity: Identity): Place {
    return { file: pathOf(identity), line: 1, column: 1 }
  }

  watch(): Disposable {
    return { [Symbol.dispose]: () => undefined }
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #remember({ identity, written }: ObjectChange): void {
    const key = identityKey(identity)
    if (written === undefined) this.#files.delete(key)
    else this.#files.set(key, fileOf(identity, written))
  }
}

/** Each field stands on a line of its own, so that a line tells the field. */
function fileOf(identity: Identity, { object }: WrittenObject): SourceFile {
  return { path: pathOf(identity), text: JSON.stringify(object, undefined, 2) }
}

function pathOf({ kind, namespace, name }: Identity): string {
  return `${kind}/${namespace}/${name}.json`
}
