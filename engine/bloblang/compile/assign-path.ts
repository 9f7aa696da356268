/**
 * Writing beneath root.
 *
 * Values are shared rather than copied: a container is copied when it is written for the first time, and written in
 * place from then on, until somebody else may have got hold of it.
 */
import type { Frame } from '../frame.ts'
import { MappingError } from '../mapping-error.ts'
import { isArray, isObject, kindOf } from '../values/kind-of.ts'
import type { Result } from '../values/result.ts'
import { isMarker } from '../values/result.ts'
import { removeKey, setKey } from '../values/set-key.ts'
import type { ObjectValue, Value } from '../values/value.ts'

export function assignPath(frame: Frame, path: readonly string[], value: Value): void {
  const before = isMarker(frame.root) ? newObject(frame) : frame.root
  let container = writable(frame, before, path, 0)
  frame.root = container
  for (let depth = 0; depth < path.length - 1; depth++) {
    const key = path[depth] as string
    const child = childOf(container, key, path, depth)
    const next = writable(frame, child === undefined ? newObject(frame) : child, path, depth + 1)
    put(container, key, next, path, depth)
    container = next
  }
  put(container, path.at(-1) as string, value, path, path.length - 1)
}

/** Removes a key or an element; what is not there is gone already. */
export function deletePath(frame: Frame, path: readonly string[]): void {
  if (!exists(frame.root, path)) return
  let container = writable(frame, frame.root, path, 0)
  frame.root = container
  for (let depth = 0; depth < path.length - 1; depth++) {
    const key = path[depth] as string
    const next = writable(frame, childOf(container, key, path, depth) ?? null, path, depth + 1)
    put(container, key, next, path, depth)
    container = next
  }
  const last = path.at(-1) as string
  if (Array.isArray(container)) container.splice(Number(last), 1)
  else removeKey(container as ObjectValue, last)
}

type Container = ObjectValue | Value[]

function newObject(frame: Frame): ObjectValue {
  const created: ObjectValue = {}
  frame.own(created)
  return created
}

function writable(frame: Frame, value: Result, path: readonly string[], depth: number): Container {
  if (isArray(value)) {
    if (frame.owns(value)) return value as Value[]
    const copy = [...value]
    frame.own(copy)
    return copy
  }
  if (isObject(value)) {
    if (frame.owns(value)) return value
    const copy = { ...value }
    frame.own(copy)
    return copy
  }
  const place = depth === 0 ? 'root' : path.slice(0, depth).join('.')
  throw new MappingError(
    `unable to set target path ${path.join('.')} as the value of ${place} was a non-object type (${kindOf(value)})`,
  )
}

const INDEX = /^\d{1,9}$/

function childOf(
  container: Container,
  key: string,
  path: readonly string[],
  depth: number,
): Value | undefined {
  if (!Array.isArray(container)) return Object.hasOwn(container, key) ? container[key] : undefined
  return key === '-' ? undefined : container[indexIn(container, key, path, depth)]
}

function put(
  container: Container,
  key: string,
  value: Value,
  path: readonly string[],
  depth: number,
): void {
  if (!Array.isArray(container)) setKey(container, key, value)
  else if (key === '-') container.push(value)
  else container[indexIn(container, key, path, depth)] = value
}

function indexIn(
  array: readonly Value[],
  key: string,
  path: readonly string[],
  depth: number,
): number {
  const target = path.slice(0, depth + 1).join('.')
  if (!INDEX.test(key)) {
    throw new MappingError(
      `unable to set target path ${target}: expected an index of the array, got '${key}'`,
    )
  }
  if (Number(key) >= array.length) {
    throw new MappingError(
      `unable to set target path ${target}: index '${key}' was out of bounds of ${array.length} elements`,
    )
  }
  return Number(key)
}

function exists(root: Result, path: readonly string[]): boolean {
  let value: Result | undefined = root
  for (const key of path) {
    if (isArray(value as Result)) {
      if (!INDEX.test(key)) return false
      value = (value as readonly Value[])[Number(key)]
    } else if (value !== undefined && isObject(value) && Object.hasOwn(value, key))
      value = value[key]
    else return false
    if (value === undefined) return false
  }
  return true
}
