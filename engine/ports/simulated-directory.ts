/** The names of one directory of the simulated disk, as they are now and as a power loss would leave them. */
import { PendingChanges } from './pending-changes.ts'
import type { SimulatedFile } from './simulated-file.ts'

export type SimulatedNode = SimulatedFile | SimulatedDirectory

/** Names that change together: a rename within a directory takes one away and gives the other. */
export interface NameChange {
  /** The same in both directories of a rename from one to the other. */
  readonly id: number
  readonly names: ReadonlyMap<string, SimulatedNode | undefined>
}

export class SimulatedDirectory {
  #current = new Map<string, SimulatedNode>()
  #durable = new Map<string, SimulatedNode>()
  #changes = new PendingChanges<NameChange>()

  get names(): readonly string[] {
    return [...this.#current.keys()]
  }

  get nodes(): ReadonlyMap<string, SimulatedNode> {
    return this.#current
  }

  get(name: string): SimulatedNode | undefined {
    return this.#current.get(name)
  }

  change(change: NameChange): void {
    apply(change, this.#current)
    this.#changes.add(change)
  }

  changeDurably(change: NameChange): void {
    apply(change, this.#current)
    apply(change, this.#durable)
    this.#changes.addDurable(change)
  }

  sync(): void {
    this.#changes.sync(this.#changes.mark, (change) => apply(change, this.#durable))
  }

  failSync(): void {
    this.#changes.failSync(this.#changes.mark)
  }

  settle(survives: (change: NameChange) => boolean): void {
    this.#changes.settle((change, certain) => {
      if (certain || survives(change)) apply(change, this.#durable)
    })
    this.#current = new Map(this.#durable)
  }

  /** `copies` keeps one node one: a file may be in two directories, or open only in what is durable. */
  copy(copies: Map<SimulatedNode, SimulatedNode> = new Map()): SimulatedDirectory {
    const copy = new SimulatedDirectory()
    copies.set(this, copy)
    const copyNode = (node: SimulatedNode): SimulatedNode => {
      const known = copies.get(node)
      if (known !== undefined) return known
      if (node instanceof SimulatedDirectory) return node.copy(copies)
      const file = node.copy()
      copies.set(node, file)
      return file
    }
    copy.#current = new Map([...this.#current].map(([name, node]) => [name, copyNode(node)]))
    copy.#durable = new Map([...this.#durable].map(([name, node]) => [name, copyNode(node)]))
    copy.#changes = this.#changes.copy(({ id, names }) => ({
      id,
      names: new Map([...names].map(([name, node]) => [name, node && copyNode(node)])),
    }))
    return copy
  }
}

function apply({ names }: NameChange, to: Map<string, SimulatedNode>): void {
  for (const [name, node] of names) {
    if (node === undefined) to.delete(name)
    else to.set(name, node)
  }
}
