/**
 * StreamTypes: keeps the declared types and compiles the checks of typed streams, once per type and change.
 *
 * Types live in the control plane only; a stream's record names its type, and its data are judged by what stands here.
 */
import { type Identity, identityKey } from '../../crds/resource.ts'
import type { Resource } from '../sets/resource-set.ts'
import { isSo } from '../status/conditions.ts'
import { KeyListeners } from './key-listeners.ts'
import type { ApplyRequest, Observation, Reconciler, RemoveRequest } from './reconciler.ts'

/** Undefined when the data fits the type, else one sentence that says what does not. */
export type DataCheck = (data: Uint8Array) => string | undefined

/** Compiles the check of a type among those of its namespace; a text says why that cannot be done. */
export type CompileCheck = (
  name: string,
  declarations: ReadonlyMap<string, Readonly<Record<string, unknown>>>,
) => DataCheck | string

export class StreamTypeReconciler implements Reconciler {
  readonly kind = 'StreamType'
  readonly #compile: CompileCheck
  readonly #namespaces = new Map<string, Map<string, Resource>>()
  readonly #checks = new Map<string, DataCheck>()
  readonly #listeners = new KeyListeners()

  constructor(compile: CompileCheck) {
    this.#compile = compile
  }

  async apply({ resource }: ApplyRequest): Promise<void> {
    this.restore(resource)
    this.#listeners.tell(identityKey(resource.identity))
  }

  /** What was accepted before the process started. */
  restore(resource: Resource): void {
    const { namespace, name } = resource.identity
    const types = this.#namespaces.get(namespace) ?? new Map<string, Resource>()
    this.#namespaces.set(namespace, types.set(name, resource))
    this.#checks.clear()
  }

  async remove({ resource: { identity } }: RemoveRequest): Promise<void> {
    this.#namespaces.get(identity.namespace)?.delete(identity.name)
    this.#checks.clear()
    this.#listeners.tell(identityKey(identity))
  }

  observe({ identity }: Resource): Observation {
    const known = this.#namespaces.get(identity.namespace)?.has(identity.name) === true
    return {
      conditions: [
        known
          ? isSo('Ready', 'Stored', 'The type is in force.')
          : {
              type: 'Ready',
              status: 'False',
              reason: 'NotApplied',
              message: 'It is not applied yet.',
            },
      ],
      status: {},
    }
  }

  watch(listener: (key: string) => void): Disposable {
    return this.#listeners.add(listener)
  }

  /**
   * The check of a type by its name, resolved anew after every change of a type: a pipeline that holds it keeps
   * checking by the type of now.
   */
  checkOf({ namespace, name }: Pick<Identity, 'namespace' | 'name'>): DataCheck {
    const key = `${namespace}/${name}`
    return (data) => {
      const compiled = this.#checks.get(key)
      if (compiled !== undefined) return compiled(data)
      const fresh = this.#compiled(namespace, name)
      this.#checks.set(key, fresh)
      return fresh(data)
    }
  }

  #compiled(namespace: string, name: string): DataCheck {
    const types = this.#namespaces.get(namespace) ?? new Map<string, Resource>()
    const declarations = new Map([...types].map(([type, { spec }]) => [type, spec]))
    const check = this.#compile(name, declarations)
    return typeof check === 'string' ? () => `the type ${name} cannot be used: ${check}` : check
  }
}
