/** AccessPolicies: stored and listed. Nothing enforces them yet, and their status says so. */
import type { Resource } from '../sets/resource-set.ts'
import { isSo } from '../status/conditions.ts'
import { KeyListeners } from './key-listeners.ts'
import type { Observation, Reconciler } from './reconciler.ts'

export class AccessPolicyReconciler implements Reconciler {
  readonly kind = 'AccessPolicy'
  readonly #listeners = new KeyListeners()

  /** The catalog is where it is stored; there is nothing else to do. */
  async apply(): Promise<void> {}

  async remove(): Promise<void> {}

  observe(_resource: Resource): Observation {
    return {
      conditions: [isSo('Ready', 'Stored', 'The policy is stored; policies are not enforced yet.')],
      status: { enforced: false },
    }
  }

  watch(listener: (key: string) => void): Disposable {
    return this.#listeners.add(listener)
  }
}
