/**
 * Sets of fields, as managedFields has them (FieldsV1): a tree whose steps are `f:name` for a field, `k:{"id":"a"}` for
 * the entry of a list by its keys, `v:"a"` for the entry of a set; a step `.` says that the place itself is meant.
 *
 * Here a set is a plain set of paths, each the steps of it in one text, so that union and difference are what they seem.
 */

export type FieldSet = ReadonlySet<string>

const SEPARATOR = '\u0000'

export function pathOf(steps: readonly string[]): string {
  return steps.join(SEPARATOR)
}

export function stepsOf(path: string): readonly string[] {
  return path.split(SEPARATOR)
}

export function union(...sets: readonly FieldSet[]): FieldSet {
  return new Set(sets.flatMap((set) => [...set]))
}

export function difference(set: FieldSet, ...others: readonly FieldSet[]): FieldSet {
  return new Set([...set].filter((path) => !others.some((other) => other.has(path))))
}

export function intersection(set: FieldSet, other: FieldSet): FieldSet {
  return new Set([...set].filter((path) => other.has(path)))
}

export function isSameSet(a: FieldSet, b: FieldSet): boolean {
  return a.size === b.size && [...a].every((path) => b.has(path))
}

/** With every place that something of the set lies in. */
export function withAncestors(set: FieldSet): FieldSet {
  const all = new Set(set)
  for (const path of set) {
    const steps = stepsOf(path)
    for (let length = 1; length < steps.length; length += 1) all.add(pathOf(steps.slice(0, length)))
  }
  return all
}

interface Tree {
  readonly [step: string]: Tree
}

export function encodeFields(set: FieldSet): object {
  const root: Record<string, Tree> = {}
  for (const path of [...set].sort()) {
    let at = root
    for (const step of stepsOf(path)) {
      at[step] ??= {}
      at = at[step] as Record<string, Tree>
    }
  }
  markMembers(root, '', set)
  return root
}

/** A place with something beneath it is a member only if it says so. */
function markMembers(tree: Record<string, Tree>, path: string, set: FieldSet): void {
  const steps = Object.keys(tree)
  for (const step of steps) {
    const at = path === '' ? step : `${path}${SEPARATOR}${step}`
    const below = tree[step] as Record<string, Tree>
    if (Object.keys(below).length === 0) continue
    markMembers(below, at, set)
    if (set.has(at)) tree[step] = { '.': {}, ...below }
  }
}

/** What a client sent; anything that is no such tree is none. */
export function decodeFields(fields: unknown): FieldSet {
  const set = new Set<string>()
  collect(fields, [], set)
  return set
}

function collect(tree: unknown, steps: readonly string[], set: Set<string>): void {
  if (typeof tree !== 'object' || tree === null) return
  const names = Object.keys(tree)
  if (steps.length > 0 && (names.length === 0 || names.includes('.'))) set.add(pathOf(steps))
  for (const name of names) if (isStep(name)) collect((tree as Tree)[name], [...steps, name], set)
}

function isStep(name: string): boolean {
  if (name.startsWith('f:')) return true
  if (!/^[kvi]:/.test(name)) return false
  try {
    const value: unknown = JSON.parse(name.slice(2))
    return !name.startsWith('k:') || (typeof value === 'object' && value !== null)
  } catch {
    return false
  }
}

/** As messages have it: `.spec.properties[id="a"].type`. */
export function pathText(path: string): string {
  return stepsOf(path)
    .map((step) => {
      const rest = step.slice(2)
      if (step.startsWith('f:')) return `.${rest}`
      if (!step.startsWith('k:')) return `[=${rest}]`
      const keys = Object.entries(JSON.parse(rest) as Record<string, unknown>)
      return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`
    })
    .join('')
}
