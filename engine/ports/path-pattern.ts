/**
 * Paths with parameters: `{name}` stands for one segment or a part of one, and a path that ends with `/` for everything
 * beneath it.
 */

export interface PathPattern {
  /** Whether it has any: without, a path that is known to fit need not be matched. */
  readonly hasParameters: boolean
  /** The parameters' values when the path fits, decoded; undefined when it does not. */
  match(path: string): ReadonlyMap<string, string> | undefined
}

const PARAMETER = /\{([^{}/]*)\}/g
const NAME = /^[A-Za-z_][A-Za-z0-9_.-]*$/

/** What is wrong with a path, in one sentence, or undefined. */
export function pathFault(path: string): string | undefined {
  if (!path.startsWith('/')) return `expected a path that begins with /, got ${path}`
  const names = namesOf(path)
  const strange = names.find((name) => !NAME.test(name))
  if (strange !== undefined || /[{}]/.test(path.replaceAll(PARAMETER, ''))) {
    return `expected parameters such as {name} in a path, got ${path}`
  }
  return new Set(names).size === names.length
    ? undefined
    : `expected each parameter once, got ${path}`
}

export function hasParameters(path: string): boolean {
  return path.includes('{')
}

/** The folder that every path which fits lies in: `/a/` of `/a/{b}/c`. */
export function folderOf(path: string): string {
  const at = path.indexOf('{')
  return path.slice(0, path.lastIndexOf('/', at < 0 ? path.length : at) + 1)
}

export function pathPattern(path: string): PathPattern {
  if (!hasParameters(path)) {
    return { hasParameters: false, match: (given) => (fits(path, given) ? NONE : undefined) }
  }
  const names = namesOf(path)
  const texts = path.split(PARAMETER).filter((_, index) => index % 2 === 0)
  const end = path.endsWith('/') ? '' : '$'
  const form = new RegExp(`^${texts.map(literal).join('([^/]+?)')}${end}`)
  return {
    hasParameters: true,
    match: (given) => {
      const found = form.exec(given)
      if (found === null) return undefined
      return new Map(names.map((name, index) => [name, decoded(found[index + 1] ?? '')]))
    },
  }
}

function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}

const NONE: ReadonlyMap<string, string> = new Map()

function fits(path: string, given: string): boolean {
  return given === path || (path.endsWith('/') && given.startsWith(path))
}

function namesOf(path: string): readonly string[] {
  return [...path.matchAll(PARAMETER)].map(([, name = '']) => name)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
