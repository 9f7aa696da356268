/** The directories of the simulated disk: what each path names, and what is left of them after a power loss. */
import { dirname, normalize } from 'node:path'
import { diskFailure } from './disk-calls.ts'
import type { Random } from './random.ts'
import { type NameChange, SimulatedDirectory, type SimulatedNode } from './simulated-directory.ts'
import { SimulatedFile } from './simulated-file.ts'
import { type NamePolicy, nameSurvives, type SurvivorPolicy } from './survivors.ts'

export interface CrashPolicies {
  /** Of what was written and not synced. */
  readonly survivors: SurvivorPolicy
  /** Of names that no sync of their directory covered. */
  readonly names: NamePolicy
}

/** Where a name is, or could be. */
interface Place {
  readonly directory: SimulatedDirectory
  readonly name: string
}

export class SimulatedTree {
  readonly #root: SimulatedDirectory
  #changes = 0

  constructor(root: SimulatedDirectory = new SimulatedDirectory()) {
    this.#root = root
  }

  copy(): SimulatedTree {
    const copy = new SimulatedTree(this.#root.copy())
    copy.#changes = this.#changes
    return copy
  }

  node(path: string): SimulatedNode | undefined {
    return partsOf(path).reduce<SimulatedNode | undefined>(
      (node, part) => (node instanceof SimulatedDirectory ? node.get(part) : undefined),
      this.#root,
    )
  }

  file(path: string): SimulatedFile | undefined {
    const node = this.node(path)
    return node instanceof SimulatedFile ? node : undefined
  }

  directory(path: string): SimulatedDirectory {
    const node = this.node(path)
    if (node === undefined) throw diskFailure('ENOENT', path)
    if (node instanceof SimulatedFile) throw diskFailure('ENOTDIR', path)
    return node
  }

  place(path: string): Place {
    return { directory: this.directory(dirname(path)), name: partsOf(path).at(-1) ?? '' }
  }

  create(path: string): SimulatedFile {
    const { directory, name } = this.place(path)
    const file = new SimulatedFile()
    directory.change(this.#change([[name, file]]))
    return file
  }

  /** With its parents; `durably` as if each parent had been synced. */
  make(path: string, durably: boolean): void {
    let at = this.#root
    for (const name of partsOf(path)) {
      const found = at.get(name)
      if (found instanceof SimulatedFile) throw diskFailure('EEXIST', path)
      const next = found ?? new SimulatedDirectory()
      const change = this.#change([[name, next]])
      if (found === undefined && durably) at.changeDurably(change)
      else if (found === undefined) at.change(change)
      at = next
    }
  }

  rename(from: string, to: string): void {
    const node = this.node(from)
    if (node === undefined) throw diskFailure('ENOENT', from)
    const source = this.place(from)
    const target = this.place(to)
    const replaced = target.directory.get(target.name)
    if (replaced === node) return
    if (replaced instanceof SimulatedDirectory) {
      throw diskFailure(node instanceof SimulatedFile ? 'EISDIR' : 'ENOTEMPTY', to)
    }
    const gone = [source.name, undefined] as const
    const come = [target.name, node] as const
    if (source.directory === target.directory) {
      source.directory.change(this.#change([gone, come]))
      return
    }
    const change = this.#change([come])
    target.directory.change(change)
    source.directory.change({ id: change.id, names: new Map([gone]) })
  }

  remove(path: string): void {
    const node = this.node(path)
    if (node === undefined) throw diskFailure('ENOENT', path)
    if (node instanceof SimulatedDirectory && node.names.length > 0) {
      throw diskFailure('ENOTEMPTY', path)
    }
    const { directory, name } = this.place(path)
    directory.change(this.#change([[name, undefined]]))
  }

  settle({ survivors, names }: CrashPolicies, random: Random): void {
    const decided = new Map<number, boolean>()
    const survives = ({ id }: NameChange): boolean => {
      const known = decided.get(id) ?? nameSurvives(names, random)
      decided.set(id, known)
      return known
    }
    const settled = new Set<SimulatedNode>()
    const settle = (node: SimulatedNode): void => {
      if (settled.has(node)) return
      settled.add(node)
      if (node instanceof SimulatedFile) {
        node.settle(survivors, random)
        return
      }
      node.settle(survives)
      for (const child of node.nodes.values()) settle(child)
    }
    settle(this.#root)
  }

  /** Every file by its path. */
  files(): ReadonlyMap<string, SimulatedFile> {
    const files = new Map<string, SimulatedFile>()
    const walk = (directory: SimulatedDirectory, path: string): void => {
      for (const [name, node] of directory.nodes) {
        if (node instanceof SimulatedFile) files.set(`${path}/${name}`, node)
        else walk(node, `${path}/${name}`)
      }
    }
    walk(this.#root, '')
    return files
  }

  #change(names: readonly (readonly [string, SimulatedNode | undefined])[]): NameChange {
    return { id: ++this.#changes, names: new Map(names) }
  }
}

function partsOf(path: string): readonly string[] {
  return normalize(path)
    .split('/')
    .filter((part) => part !== '' && part !== '.')
}
