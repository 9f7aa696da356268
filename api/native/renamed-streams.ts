/**
 * Finds streams by the name that dead letters know: where nothing has it any more, the Stream that says that it was moved
 * from there. The annotation may stay for good, and so leads there for good.
 */
import { MOVED_FROM } from '../../controllers/plan/moved-from.ts'
import type { StreamDirectory, StreamTarget } from '../../engine/pipelines/pipeline.ts'
import type { NativeContext } from './context.ts'

export class RenamedStreams implements StreamDirectory {
  readonly #context: Pick<NativeContext, 'controlPlane' | 'streams'>
  /** By namespace, from former names to those of now; made when a name is not there. */
  readonly #names = new Map<string, ReadonlyMap<string, string>>()

  constructor(context: Pick<NativeContext, 'controlPlane' | 'streams'>) {
    this.#context = context
  }

  resolve(namespace: string, name: string): StreamTarget | undefined {
    return this.#context.streams.resolve(namespace, this.nameNow(namespace, name))
  }

  /** The same name where it is still there, or nothing was moved from it. */
  nameNow(namespace: string, name: string): string {
    if (this.#context.streams.resolve(namespace, name) !== undefined) return name
    const names = this.#names.get(namespace) ?? this.#formerNames(namespace)
    this.#names.set(namespace, names)
    return names.get(name) ?? name
  }

  #formerNames(namespace: string): ReadonlyMap<string, string> {
    const objects = this.#context.controlPlane.resources.list('Stream', namespace)
    return new Map(
      objects.flatMap(({ metadata: { name, annotations } }): [string, string][] => {
        const former = annotations?.[MOVED_FROM]
        return former === undefined ? [] : [[former, name]]
      }),
    )
  }
}
