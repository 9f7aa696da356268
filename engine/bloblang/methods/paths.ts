/** Keeping or removing what dot paths lead to, in new objects. Arrays are not entered. */
import { isObject } from '../values/kind-of.ts'
import { getKey, removeKey, setKey } from '../values/set-key.ts'
import type { ObjectValue } from '../values/value.ts'

export function keepPaths(object: ObjectValue, paths: readonly (readonly string[])[]): ObjectValue {
  const kept: ObjectValue = {}
  const byKey = new Map<string, (readonly string[])[]>()
  for (const [first, ...rest] of paths) {
    if (first !== undefined) byKey.set(first, [...(byKey.get(first) ?? []), rest])
  }
  for (const [key, value] of Object.entries(object)) {
    const deeper = byKey.get(key) ?? byKey.get('*')
    if (deeper === undefined) continue
    if (deeper.some((rest) => rest.length === 0)) setKey(kept, key, value)
    else if (isObject(value)) setKey(kept, key, keepPaths(value, deeper))
  }
  return kept
}

export function removePath(object: ObjectValue, path: readonly string[]): ObjectValue {
  const [first, ...rest] = path
  if (first === undefined) return object
  const value = getKey(object, first)
  if (value === undefined || (rest.length > 0 && !isObject(value))) return object
  const left: ObjectValue = { ...object }
  if (rest.length === 0) removeKey(left, first)
  else if (isObject(value)) setKey(left, first, removePath(value, rest))
  return left
}
