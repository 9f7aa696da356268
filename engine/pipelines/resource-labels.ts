/** Which labels stand for a resource that pipelines share, besides those that a pipeline has of its own. */
export const RESOURCE_ROLES = ['cache', 'input', 'output', 'processor', 'rate_limit'] as const
export type ResourceRole = (typeof RESOURCE_ROLES)[number]

export interface SharedLabels {
  has(role: string, label: string): boolean
  of(role: string): readonly string[]
}

export class ResourceLabels implements SharedLabels {
  readonly #labels = new Map<string, Set<string>>()
  #epoch = 0

  /** Another number after each label that came: what was judged without it is to be judged again. */
  get epoch(): number {
    return this.#epoch
  }

  has(role: string, label: string): boolean {
    return this.#labels.get(role)?.has(label) === true
  }

  of(role: string): readonly string[] {
    return [...(this.#labels.get(role) ?? [])]
  }

  add(role: ResourceRole, label: string): void {
    if (this.has(role, label)) return
    this.#labels.set(role, new Set([...this.of(role), label]))
    this.#epoch += 1
  }
}
