/**
 * Functions that make objects of certain keys, generated: an object literal in code of its own is made several times
 * faster than an object that is filled key by key.
 *
 * Keys come from mappings and from documents. They stand in the code as JSON strings, which no text can
 * leave.
 */
import type { Evaluate } from '../frame.ts'
import type { ObjectValue, Value } from './value.ts'

/** Longer literals gain little. */
const KEYS_MAX = 64

/** The values of the keys, one function each, as one function. `onMarker` takes over where one of them is no value. */
export function literalCode(
  keys: readonly string[],
  evaluators: readonly Evaluate[],
  onMarker: (values: readonly unknown[]) => Value,
): Evaluate | undefined {
  const names = keys.map((_, index) => `value${index}`)
  const reads = names.map((name, index) => `const ${name} = evaluate${index}(frame)`)
  const markers = names.map((name) => `typeof ${name} === 'symbol'`)
  const body = `return (frame) => {
    ${reads.join('\n')}
    if (${markers.join(' || ')}) return onMarker([${names.join(', ')}])
    return ${literal(keys, (_, index) => names[index] ?? '')}
  }`
  const parameters = evaluators.map((_, index) => `evaluate${index}`)
  const made = generate(keys, [...parameters, 'onMarker'], body)
  return made?.(...evaluators, onMarker) as Evaluate | undefined
}

/** The same members in another order. */
export function reorderCode(
  keys: readonly string[],
): ((from: Readonly<Record<string, unknown>>) => ObjectValue) | undefined {
  const body = `return (from) => (${literal(keys, (key) => `from[${JSON.stringify(key)}]`)})`
  return generate(keys, [], body)?.() as ((from: object) => ObjectValue) | undefined
}

function literal(keys: readonly string[], value: (key: string, index: number) => string): string {
  const members = keys.map((key, index) => {
    const name = JSON.stringify(key)
    // Without brackets this one name would set the prototype; the others are faster without.
    return `${key === '__proto__' ? `[${name}]` : name}: ${value(key, index)}`
  })
  return `{${members.join(', ')}}`
}

/** Undefined where code may not be generated (`node --disallow-code-generation-from-strings`), or is not worth it. */
function generate(
  keys: readonly string[],
  parameters: readonly string[],
  body: string,
): ((...given: readonly unknown[]) => unknown) | undefined {
  if (keys.length === 0 || keys.length > KEYS_MAX) return undefined
  try {
    return new Function(...parameters, `'use strict'\n${body}`) as () => unknown
  } catch {
    return undefined
  }
}
