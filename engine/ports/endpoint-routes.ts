/**
 * Which of many paths a request is for: the path itself before paths with parameters, those before what ends with `/`,
 * and a longer one before a shorter.
 */
import { folderOf, hasParameters, type PathPattern, pathPattern } from './path-pattern.ts'

interface Parametric<Target> {
  readonly path: string
  readonly pattern: PathPattern
  readonly target: Target
}

export class EndpointRoutes<Target> {
  readonly #plain = new Map<string, Target>()
  /** By the folder that they lie in. */
  readonly #parametric = new Map<string, Parametric<Target>[]>()

  get size(): number {
    return this.#plain.size + this.#parametric.size
  }

  /** As they were set. */
  paths(): readonly string[] {
    const parametric = [...this.#parametric.values()].flat()
    return [...this.#plain.keys(), ...parametric.map(({ path }) => path)]
  }

  has(path: string): boolean {
    return this.get(path) !== undefined
  }

  /** By the path as it was set. */
  get(path: string): Target | undefined {
    if (!hasParameters(path)) return this.#plain.get(path)
    return this.#parametric.get(folderOf(path))?.find((one) => one.path === path)?.target
  }

  set(path: string, target: Target): void {
    if (!hasParameters(path)) {
      this.#plain.set(path, target)
      return
    }
    this.delete(path)
    const folder = folderOf(path)
    const others = this.#parametric.get(folder) ?? []
    this.#parametric.set(folder, [...others, { path, pattern: pathPattern(path), target }])
  }

  delete(path: string): void {
    if (!hasParameters(path)) {
      this.#plain.delete(path)
      return
    }
    const folder = folderOf(path)
    const left = (this.#parametric.get(folder) ?? []).filter((one) => one.path !== path)
    if (left.length > 0) this.#parametric.set(folder, left)
    else this.#parametric.delete(folder)
  }

  /** By the path of a request, as `pathOf` gives it. */
  find(path: string): Target | undefined {
    const exact = this.#plain.get(path)
    if (exact !== undefined) return exact
    for (const folder of foldersOf(path)) {
      const found = this.#parametricIn(folder, path) ?? this.#plain.get(folder)
      if (found !== undefined) return found
    }
    return undefined
  }

  #parametricIn(folder: string, path: string): Target | undefined {
    if (this.#parametric.size === 0) return undefined
    return this.#parametric.get(folder)?.find(({ pattern }) => pattern.match(path) !== undefined)
      ?.target
  }
}

/** The path of a request without its query, readable; what cannot be decoded stays. */
export function pathOf(url: string): string {
  const at = url.indexOf('?')
  const path = at < 0 ? url : url.slice(0, at)
  if (!path.includes('%')) return path
  try {
    return decodeURI(path)
  } catch {
    return path
  }
}

/** Each prefix of the path that ends with `/`, longest first. */
function foldersOf(path: string): readonly string[] {
  const folders: string[] = []
  for (let at = path.lastIndexOf('/'); at >= 0; at = path.lastIndexOf('/', at - 1)) {
    if (at + 1 < path.length) folders.push(path.slice(0, at + 1))
    if (at === 0) break
  }
  return folders
}
