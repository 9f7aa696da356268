/**
 * Changes between two values: which paths were created, updated or deleted.
 *
 * The elements of arrays are compared without their order, as far as they occur on both sides; what is left is told by
 * its place. So `patch` gives back the other value but for the order of elements that merely moved.
 */
import type { MethodDefinition } from '../definition.ts'
import { MappingError } from '../mapping-error.ts'
import { sortedKeys } from '../values/encode-payload.ts'
import { deepEqual } from '../values/equality.ts'
import {
  expectArray,
  expectObject,
  expectText,
  expectValue,
  isArray,
  isObject,
  kindOf,
} from '../values/kind-of.ts'
import { getKey, removeKey, setKey } from '../values/set-key.ts'
import type { ObjectValue, Value } from '../values/value.ts'

const objects = { category: 'objects and arrays', status: 'beta' } as const

type ChangeType = 'create' | 'update' | 'delete'

interface Change {
  readonly type: ChangeType
  readonly path: readonly string[]
  readonly from: Value
  readonly to: Value
}

function compare(from: Value, to: Value, path: readonly string[], changes: Change[]): void {
  if (isObject(from) && isObject(to)) compareObjects(from, to, path, changes)
  else if (isArray(from) && isArray(to)) compareArrays(from, to, path, changes)
  else if (!deepEqual(from, to)) changes.push({ type: 'update', path, from, to })
}

function compareObjects(
  from: ObjectValue,
  to: ObjectValue,
  path: readonly string[],
  changes: Change[],
): void {
  for (const key of sortedKeys({ ...from, ...to })) {
    compareMembers(getKey(from, key), getKey(to, key), [...path, key], changes)
  }
}

function compareMembers(
  before: Value | undefined,
  after: Value | undefined,
  path: readonly string[],
  changes: Change[],
): void {
  if (before === undefined) changes.push({ type: 'create', path, from: null, to: after ?? null })
  else if (after === undefined) changes.push({ type: 'delete', path, from: before, to: null })
  else compare(before, after, path, changes)
}

/** Comparing arrays costs the product of their lengths. */
export const DIFF_LENGTH_MAX = 10_000

function compareArrays(
  from: readonly Value[],
  to: readonly Value[],
  path: readonly string[],
  changes: Change[],
): void {
  if (from.length > DIFF_LENGTH_MAX || to.length > DIFF_LENGTH_MAX) {
    throw new MappingError(
      `expected arrays of at most ${DIFF_LENGTH_MAX} elements, got ${Math.max(from.length, to.length)}`,
    )
  }
  const gone = withoutCounterpart(from, to)
  const come = withoutCounterpart(to, from)
  const places = [...new Set([...gone, ...come])].sort((left, right) => left - right)
  for (const place of places) {
    compareMembers(
      gone.has(place) ? from[place] : undefined,
      come.has(place) ? to[place] : undefined,
      [...path, String(place)],
      changes,
    )
  }
}

/** The places of the elements that have no equal of their own among the others. */
function withoutCounterpart(
  items: readonly Value[],
  others: readonly Value[],
): ReadonlySet<number> {
  const free = new Set(others.keys())
  const lone = new Set<number>()
  items.forEach((item, place) => {
    let counterpart: number | undefined
    for (const candidate of free) {
      if (!deepEqual(item, others[candidate] as Value)) continue
      counterpart = candidate
      break
    }
    if (counterpart === undefined) lone.add(place)
    else free.delete(counterpart)
  })
  return lone
}

function readChange(value: Value): Change {
  const change = expectObject(value)
  const type = expectText(getKey(change, 'type') ?? null)
  if (type !== 'create' && type !== 'update' && type !== 'delete') {
    throw new MappingError(`expected a change of type create, update or delete, got "${type}"`)
  }
  const path = expectArray(getKey(change, 'path') ?? null).map(expectText)
  return { type, path, from: getKey(change, 'from') ?? null, to: getKey(change, 'to') ?? null }
}

/**
 * Whatever moves no other element comes first; then elements are removed from the end of their array, and at last the
 * new ones take their places.
 */
function inOrder(value: Value, changes: readonly Change[]): readonly Change[] {
  const moves = (change: Change): boolean =>
    change.type !== 'update' && isArray(containerOf(value, change.path))
  const still = changes.filter((change) => !moves(change))
  const moving = changes.filter(moves)
  const removed = moving.filter(({ type }) => type === 'delete').toReversed()
  return [...still, ...removed, ...moving.filter(({ type }) => type === 'create')]
}

function containerOf(value: Value, path: readonly string[]): Value {
  let container: Value = value
  for (const key of path.slice(0, -1)) {
    if (isArray(container)) container = container[Number(key)] ?? null
    else container = isObject(container) ? (getKey(container, key) ?? null) : null
  }
  return container
}

function apply(value: Value, change: Change, depth: number): Value {
  const key = change.path[depth]
  if (key === undefined) return change.type === 'delete' ? null : change.to
  const last = depth === change.path.length - 1
  if (isArray(value)) return applyToArray(value, change, depth, key, last)
  if (!isObject(value)) {
    throw new MappingError(
      `expected an object or array on the path ${change.path.join('.')}, got ${kindOf(value)}`,
    )
  }
  const copy: ObjectValue = { ...value }
  if (!last) setKey(copy, key, apply(getKey(value, key) ?? null, change, depth + 1))
  else if (change.type === 'delete') removeKey(copy, key)
  else setKey(copy, key, change.to)
  return copy
}

function applyToArray(
  items: readonly Value[],
  change: Change,
  depth: number,
  key: string,
  last: boolean,
): Value {
  if (!/^\d{1,9}$/.test(key)) throw new MappingError(`expected an index of an array, got "${key}"`)
  const place = Number(key)
  if (last && change.type === 'delete') return items.toSpliced(place, 1)
  if (last && place >= items.length) return [...items, change.to]
  if (last && change.type === 'create') return items.toSpliced(place, 0, change.to)
  if (place >= items.length) {
    throw new MappingError(`index '${key}' was out of bounds for array size ${items.length}`)
  }
  return items.with(place, apply(items[place] as Value, change, depth + 1))
}

export const changeMethods: readonly MethodDefinition[] = [
  {
    name: 'diff',
    ...objects,
    description:
      'What changed from the value to another one: a list of `{type, path, from, to}`, of types create, update and delete. Elements of arrays are compared without their order.',
    parameters: [{ name: 'other', type: 'any', description: 'The value to compare with.' }],
    examples: [
      {
        mapping: 'root = this.a.diff(this.b)',
        input: '{"a":{"x":1,"y":[1,2]},"b":{"x":2,"y":[2],"z":true}}',
        output:
          '[{"from":1,"path":["x"],"to":2,"type":"update"},{"from":1,"path":["y","0"],"to":null,"type":"delete"},{"from":null,"path":["z"],"to":true,"type":"create"}]',
      },
    ],
    build: (site) => {
      const other = site.any('other')
      return (target, frame) => {
        const changes: Change[] = []
        compare(expectValue(target), other(frame), [], changes)
        return changes.map(({ from, path, to, type }) => ({ from, path, to, type }))
      }
    },
  },
  {
    name: 'patch',
    ...objects,
    description: 'The value with the changes that `diff` tells.',
    parameters: [{ name: 'changelog', type: 'array', description: 'The list of changes.' }],
    examples: [
      {
        mapping: 'root = this.a.patch(this.a.diff(this.b))',
        input: '{"a":{"x":1,"y":[1,2]},"b":{"x":2,"y":[2],"z":true}}',
        output: '{"x":2,"y":[2],"z":true}',
      },
      {
        mapping: 'root = {}.patch([{"type": "move", "path": ["a"]}])',
        error: 'expected a change of type create, update or delete, got "move"',
      },
    ],
    build: (site) => {
      const changelog = site.array('changelog')
      return (target, frame) => {
        const value = expectValue(target)
        const changes = inOrder(value, changelog(frame).map(readChange))
        return changes.reduce<Value>((patched, change) => apply(patched, change, 0), value)
      }
    },
  },
]
