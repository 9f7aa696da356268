/** How a PATCH changes a config: objects merge by key, and all else replaces what was there, lists and nulls too. */
import type { Span } from '../sets/source-text.ts'
import type { MapTree, Tree } from '../sets/tree.ts'

export function mergeConfig(onto: unknown, patch: unknown): unknown {
  if (!isObject(onto) || !isObject(patch)) return patch
  const merged = new Map(Object.entries(onto))
  for (const [key, value] of Object.entries(patch))
    merged.set(key, merged.has(key) ? mergeConfig(merged.get(key), value) : value)
  return Object.fromEntries(merged)
}

/** What `mergeConfig` makes, as a tree over the patch: what the patch leaves alone stands where the patch leads to it. */
export function mergeTree(onto: Readonly<Record<string, unknown>>, patch: MapTree): MapTree {
  return mergeMaps(onto, patch, patch.entries[0]?.keySpan ?? patch.span)
}

function mergeMaps(onto: Readonly<Record<string, unknown>>, patch: MapTree, around: Span): MapTree {
  const patched = new Map(patch.entries.map((entry) => [entry.key, entry]))
  const before = Object.entries(onto).map(([key, value]) => {
    const entry = patched.get(key)
    if (entry === undefined) return { key, keySpan: around, value: treeOf(value, around) }
    const { keySpan, value: next } = entry
    const isMerged = isObject(value) && next.kind === 'map'
    return { key, keySpan, value: isMerged ? mergeMaps(value, next, keySpan) : next }
  })
  const added = patch.entries.filter(({ key }) => !Object.hasOwn(onto, key))
  return { ...patch, entries: [...before, ...added] }
}

function treeOf(value: unknown, span: Span): Tree {
  if (Array.isArray(value)) {
    return { kind: 'list', span, items: value.map((item) => treeOf(item, span)) }
  }
  if (isObject(value)) {
    const entries = Object.entries(value).map(([key, item]) => {
      return { key, keySpan: span, value: treeOf(item, span) }
    })
    return { kind: 'map', span, entries }
  }
  // Folded text has no places within.
  return { kind: 'scalar', span, value: value as null, style: 'folded' }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
