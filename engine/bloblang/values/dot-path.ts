/** Dot paths in texts, as `get`, `exists` and `json` take them: `~1` is a dot, `~0` a tilde, `*` every element. */
import { isArray, isObject } from './kind-of.ts'
import type { Value } from './value.ts'

const INDEX = /^\d{1,9}$/

export function splitPath(path: string): readonly string[] {
  return path.split('.').map((segment) => segment.replaceAll('~1', '.').replaceAll('~0', '~'))
}

/** Undefined when there is nothing at the path. */
export function getPath(value: Value, path: string): Value | undefined {
  return follow(value, splitPath(path), 0)
}

function follow(start: Value, segments: readonly string[], from: number): Value | undefined {
  let value: Value | undefined = start
  for (let index = from; index < segments.length; index++) {
    const segment = segments[index] as string
    if (isArray(value)) {
      if (segment === '*') return collect(value, segments, index + 1)
      value = INDEX.test(segment) ? value[Number(segment)] : undefined
    } else if (isObject(value)) {
      if (segment === '*' && !Object.hasOwn(value, '*'))
        return collect(Object.values(value), segments, index + 1)
      value = Object.hasOwn(value, segment) ? value[segment] : undefined
    } else return undefined
    if (value === undefined) return undefined
  }
  return value
}

function collect(items: readonly Value[], segments: readonly string[], from: number): Value {
  return items.flatMap((item) => {
    const found = follow(item, segments, from)
    return found === undefined ? [] : [found]
  })
}
