/**
 * Judges whether a record's data is an event of a type: one pass over the parsed document, one sentence when it is not.
 *
 * It runs on every append to a typed stream, so what a type demands is compiled to closures once. It changes nothing:
 * the bytes that were sent are the bytes that are stored.
 */
import { nearest } from '../suggest.ts'
import type { EventProperty, EventType, ValueType } from './event-type.ts'
import { compileJsonSchema } from './json-schema.ts'
import { ExactNumber, isBase64 } from './scalar.ts'

/** Undefined when the data fits, else one sentence that says what does not. */
export type EventCheck = (data: Uint8Array) => string | undefined

/** A value that is shown in a message is cut at this: a payload is no log line. */
export const SHOWN_LENGTH_MAX = 60

/** Undefined when the value fits; `at` is its path, for the sentence. */
type ValueCheck = (value: unknown, at: string) => string | undefined

export function compileEventCheck(type: EventType): EventCheck {
  const check = objectCheck(type, new Map())
  return (data) => {
    const document = parse(data)
    if (!document.ok) return document.problem
    try {
      return check(document.value, '')
    } catch (thrown) {
      // A schema may refer to itself, and data may be deeper than the stack.
      return `expected an event that can be checked, got one that cannot (${text(thrown)})`
    }
  }
}

type Parsed =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: string }

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
/** As many digits as this in a row may be more than a double holds; fewer never are. */
const DIGITS_INEXACT = /[0-9.]{16}/

type Reviver = (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown
const parseWith = JSON.parse as (text: string, reviver?: Reviver) => unknown

function parse(data: Uint8Array): Parsed {
  let json: string
  try {
    json = decoder.decode(data)
  } catch {
    return { ok: false, problem: 'expected a JSON object in UTF-8, got bytes that are no UTF-8' }
  }
  try {
    const value = DIGITS_INEXACT.test(json) ? parseWith(json, exact) : parseWith(json)
    return { ok: true, value }
  } catch {
    return { ok: false, problem: `expected a JSON object, got ${shorten(json)}` }
  }
}

const exact: Reviver = (_key, value, { source }) =>
  typeof value === 'number' && source !== undefined && DIGITS_INEXACT.test(source)
    ? new ExactNumber(source)
    : value

function objectCheck(type: EventType, compiled: Map<string, ValueCheck>): ValueCheck {
  const known = compiled.get(type.name)
  if (known !== undefined) return known
  const check = type.jsonSchema === undefined ? propertiesCheck(type, compiled) : schemaCheck(type)
  compiled.set(type.name, check)
  return check
}

function schemaCheck(type: EventType): ValueCheck {
  const validate = compileJsonSchema(type.jsonSchema)
  return (value, at) => {
    const problem = validate(withoutExact(value))
    if (problem === undefined) return undefined
    return at === '' ? problem : `property "${at}": ${problem}`
  }
}

function propertiesCheck(type: EventType, compiled: Map<string, ValueCheck>): ValueCheck {
  const checks = new Map(
    type.properties.map(({ id, value }) => [id, valueCheck(value, compiled)] as const),
  )
  const required = type.keys.map(({ id }) => id)
  return (value, at) => {
    if (!isObject(value)) {
      const where = at === '' ? '' : `property "${at}": `
      return `${where}expected a JSON object of type ${type.name}, got ${shown(value)}`
    }
    for (const id in value) {
      const check = checks.get(id)
      if (check === undefined) return unknownProperty(id, at, type)
      const problem = check(value[id], at === '' ? id : `${at}.${id}`)
      if (problem !== undefined) return problem
    }
    for (const id of required) {
      if (!Object.hasOwn(value, id)) return missingKey(id, at, type)
    }
    return undefined
  }
}

function valueCheck(value: ValueType, compiled: Map<string, ValueCheck>): ValueCheck {
  if (value.kind === 'scalar') return scalarCheck(value)
  if (value.kind === 'array') return arrayCheck(value, compiled)
  const check = objectCheck(value.type, compiled)
  return (given, at) => (given === null ? undefined : check(given, at))
}

function scalarCheck({ scalar }: Extract<ValueType, { kind: 'scalar' }>): ValueCheck {
  const { fits, nullable, name, expected } = scalar
  return (value, at) => {
    if (value === null ? nullable : fits(value)) return undefined
    return `property "${at}": expected ${name} (${expected}), got ${shown(value)}`
  }
}

function arrayCheck(
  { of }: Extract<ValueType, { kind: 'array' }>,
  compiled: Map<string, ValueCheck>,
): ValueCheck {
  const check = valueCheck(of, compiled)
  const bytes = of.kind === 'scalar' && of.scalar.name === 'Byte'
  return (value, at) => {
    if (value === null || (bytes && isBase64(value))) return undefined
    if (!Array.isArray(value)) return `property "${at}": expected an array, got ${shown(value)}`
    for (let index = 0; index < value.length; index++) {
      const problem = check(value[index], `${at}[${index}]`)
      if (problem !== undefined) return problem
    }
    return undefined
  }
}

function unknownProperty(id: string, at: string, type: EventType): string {
  const meant = nearest(id, idsOf(type.properties))
  const hint = meant === undefined ? '' : `; did you mean "${meant}"?`
  const path = at === '' ? id : `${at}.${id}`
  return `property "${shorten(path)}" is not one of type ${type.name}${hint}`
}

function missingKey(id: string, at: string, type: EventType): string {
  const path = at === '' ? id : `${at}.${id}`
  return `property "${path}" is missing; it is a key of type ${type.name}`
}

function idsOf(properties: readonly EventProperty[]): readonly string[] {
  return properties.map(({ id }) => id)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof ExactNumber)
  )
}

/** For a JSON Schema, which knows only JavaScript's numbers. */
function withoutExact(value: unknown): unknown {
  if (value instanceof ExactNumber) return Number(value.text)
  if (Array.isArray(value)) return value.map(withoutExact)
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutExact(item)]))
}

function shown(value: unknown): string {
  if (value instanceof ExactNumber) return shorten(value.text)
  if (Array.isArray(value)) return 'an array'
  if (isObject(value)) return 'an object'
  if (typeof value === 'string')
    return shorten(JSON.stringify(value.slice(0, SHOWN_LENGTH_MAX + 1)))
  return shorten(String(value))
}

function shorten(value: string): string {
  if (value === '') return 'nothing'
  return value.length <= SHOWN_LENGTH_MAX ? value : `${value.slice(0, SHOWN_LENGTH_MAX - 1)}…`
}

function text(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
