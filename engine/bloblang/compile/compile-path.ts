/** `this` and the paths that begin at it, at `root` or anywhere else. Paths never fail: what is not there is null. */
import type { Evaluate } from '../frame.ts'
import type { Position } from '../syntax/cursor.ts'
import type { Expression, FieldExpression, NameExpression } from '../syntax/tree.ts'
import { isArray, isContainer, isObject } from '../values/kind-of.ts'
import type { Result } from '../values/result.ts'
import type { ObjectValue, Value } from '../values/value.ts'
import { type Code, code, FAULTY, report, type Scope } from './code.ts'
import { compileExpression } from './compile-expression.ts'

export function thisAt(scope: Scope, at: Position): Code {
  const slot = scope.contexts.at(-1)
  if (slot === undefined) {
    report(scope, at, 'expected a name of a query around, got `this`, which a `->` has named', {
      hint: 'Use the name before `->`, or `json()` for the document.',
    })
    return FAULTY
  }
  return code(contextReader(scope, slot, true), 'field `this`')
}

/** Reads a context slot. `shared`: the reader may keep what it gets, so later writes must not change it. */
function contextReader(scope: Scope, slot: number, shared: boolean): Evaluate {
  if (slot !== 0 || scope.inMap) return (frame) => frame.contexts[slot] ?? null
  if (!scope.compilation.mutating) return (frame) => frame.run.input.document()
  return shared ? (frame) => frame.shareRoot() : (frame) => frame.readRoot()
}

/** A chain of fields is one closure over its list of keys. A bare word is a field of `this`, or a lambda's name. */
export function compileField(scope: Scope, expression: FieldExpression | NameExpression): Code {
  const keys: string[] = []
  let start: Expression = expression
  while (start.kind === 'field') {
    keys.push(start.name)
    start = start.target
  }
  keys.reverse()
  if (start.kind === 'word') {
    const named = scope.names.get(start.name)
    if (named === undefined) return pathFromThis(scope, start, [start.name, ...keys])
    const read = contextReader(scope, named, keys.length === 0)
    return code(
      readPath(read, keys, isRoot(scope, named)),
      `field \`${[start.name, ...keys].join('.')}\``,
    )
  }
  if (start.kind === 'this') return pathFromThis(scope, start, keys)
  if (start.kind === 'root') {
    return code(
      readPath((frame) => frame.readRoot(), keys, true),
      `field \`${['root', ...keys].join('.')}\``,
    )
  }
  const origin = compileExpression(scope, start)
  return code(readPath(origin.evaluate, keys, false), `${origin.label} path \`${keys.join('.')}\``)
}

function pathFromThis(scope: Scope, start: NameExpression, keys: readonly string[]): Code {
  const slot = scope.contexts.at(-1)
  if (slot === undefined) return thisAt(scope, start.at)
  const read = contextReader(scope, slot, false)
  return code(readPath(read, keys, isRoot(scope, slot)), `field \`${['this', ...keys].join('.')}\``)
}

/** In a mutation the outermost `this` is the root. */
function isRoot(scope: Scope, slot: number): boolean {
  return slot === 0 && !scope.inMap && scope.compilation.mutating
}

function readPath(read: Evaluate, keys: readonly string[], ofRoot: boolean): Evaluate {
  const [first] = keys
  if (first === undefined) return read
  if (ofRoot) {
    return (frame) => {
      const value = follow(read(frame), keys)
      // Whoever gets a structure may keep it, so it must not be written in place from here on.
      if (isContainer(value)) frame.share()
      return value
    }
  }
  // A name that every object inherits has to be asked for with care.
  if (keys.length > 1 || first in Object.prototype) return (frame) => follow(read(frame), keys)
  return (frame) => {
    const value = read(frame)
    if (!isOrdinary(value)) return step(value, first)
    return value[first] ?? null
  }
}

function follow(start: Result, keys: readonly string[]): Value {
  let value: Result = start
  for (let index = 0; index < keys.length; index++) {
    value = step(value, keys[index] as string)
    if (value === null) return null
  }
  return value as Value
}

/**
 * Whether it is an object and nothing else: not an array, and none of the classes that values have. An object with a
 * key `constructor` may be told from others; no value of such a key is this one.
 */
function isOrdinary(value: Result): value is ObjectValue {
  return typeof value === 'object' && value !== null && value.constructor === Object
}

const INDEX = /^\d{1,9}$/

/** One step of a path: a key of an object, or a number into an array. */
export function step(value: Result, key: string): Value {
  if (isArray(value)) return INDEX.test(key) ? (value[Number(key)] ?? null) : null
  if (!isObject(value)) return null
  return Object.hasOwn(value, key) ? (value[key] ?? null) : null
}
