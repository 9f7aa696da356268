/**
 * Judges a spec against its kind's schema, all faults at once. The engine knows what breaks a schema; this file knows
 * how to say what it found, and where.
 */
import { DURATION_MAX, DURATION_PATTERN } from '../../crds/duration.ts'
import { NAME_PATTERN } from '../../crds/field.ts'
import type { JsonSchema } from '../../crds/json-schema.ts'
import { SIZE_MAX, SIZE_PATTERN } from '../../crds/size.ts'
import { type SchemaFault, type SchemaNode, schemaFaults } from '../../engine/schema-faults.ts'
import { nearest } from '../../engine/suggest.ts'
import { META_FIELDS } from './object-meta.ts'
import type { PathProblem } from './problem-list.ts'
import { isSecretName } from './secret-text.ts'
import type { Path } from './tree.ts'
import { type Found, found, valueText } from './value-text.ts'

type Fault = SchemaFault<JsonSchema>

/** `root` is where the value stands in its document: `['spec']`. */
export function checkSchema(
  schema: JsonSchema,
  value: unknown,
  root: Path,
): readonly PathProblem[] {
  const faults = schemaFaults(schema, value)
  return faults.filter((fault) => !isMisspelt(fault, faults)).map((fault) => toProblem(fault, root))
}

/** A field that is missing because its name is nearly right there is one mistake, told at the name. */
function isMisspelt({ keyword, node, path, field = '' }: Fault, faults: readonly Fault[]): boolean {
  if (keyword !== 'required') return false
  return faults.some(
    (other) =>
      other.keyword === 'additionalProperties' &&
      other.node === node &&
      samePath(other.path, path) &&
      nearest(other.field ?? '', [field]) !== undefined,
  )
}

function toProblem(fault: Fault, root: Path): PathProblem {
  const { keyword, node, value, field = '' } = fault
  const here = [...root, ...fault.path]
  const base = { layer: 'schema' as const }
  if (keyword === 'required') {
    const message = `expected ${pathText([...here, field])}, got none`
    const hint = `add ${field}: ${formToAdd(node.properties?.[field])}`
    return { ...base, code: 'FieldMissing', path: here, at: 'key', message, expected: field, hint }
  }
  if (keyword === 'additionalProperties') return unknownField(field, here, node)
  if (keyword === 'enum') return enumProblem(here, node, value)
  if (keyword === 'x-kubernetes-list-type') return repeatedProblem(fault, here)
  const scalar = typeof value !== 'object' && value !== undefined
  const secret = scalar && here.some((step) => typeof step === 'string' && isSecretName(step))
  const expected = expectation(fault)
  const text = secret
    ? { message: `expected ${expected}, got something else`, expected }
    : (measured(fault, expected) ?? found(expected, value))
  return {
    ...base,
    code: 'FieldInvalid',
    path: here,
    at: 'value',
    ...text,
    ...formHint(node, value),
  }
}

/** What a field looks like that is not there yet, as far as it has to be written. */
function formToAdd(schema: JsonSchema = {}): string {
  const { enum: values = [] } = schema
  if (values.length > 0 && values.length <= 3) return values.join(' or ')
  if (schema.type === 'array') return `[${formToAdd(schema.items)}]`
  if (schema.type !== 'object') return '…'
  return `{${(schema.required ?? []).map((name) => `${name}: …`).join(', ') || '…'}}`
}

function repeatedProblem({ node, value, index = 0 }: Fault, here: Path): PathProblem {
  const entry = entryText(node, (value as readonly unknown[])[index])
  return {
    layer: 'schema',
    code: 'FieldInvalid',
    path: [...here, index],
    at: 'value',
    message: `expected each entry once, got ${entry} a second time`,
    hint: 'remove one of them',
  }
}

function unknownField(name: string, here: Path, schema: JsonSchema): PathProblem {
  const known = Object.keys(schema.properties ?? {})
  const meant = nearest(name, known)
  return {
    layer: 'schema',
    code: 'FieldUnknown',
    path: [...here, name],
    at: 'key',
    message: `there is no field ${name} in ${pathText(here)}`,
    expected: `one of ${known.join(', ')}`,
    found: name,
    hint: meant === undefined ? elsewhereHint(name, here, schema) : `did you mean ${meant}?`,
  }
}

/** Labels belong to the envelope, however often they are looked for in the spec. */
function elsewhereHint(name: string, here: Path, { properties = {} }: JsonSchema): string {
  if (here.length === 1 && META_FIELDS.includes(name)) return 'write it beneath metadata'
  const fields = Object.keys(properties)
  const holder = fields.find((field) => Object.hasOwn(properties[field]?.properties ?? {}, name))
  return holder === undefined ? `its fields are ${fields.join(', ')}` : `write it beneath ${holder}`
}

/** As the API server writes it: `spec.properties[0].type`. */
function pathText(path: Path): string {
  return path
    .map((step, index) =>
      typeof step === 'number' ? `[${step}]` : `${index > 0 ? '.' : ''}${step}`,
    )
    .join('')
}

function enumProblem(here: Path, schema: JsonSchema, actual: unknown): PathProblem {
  const place = { layer: 'schema' as const, path: here, at: 'value' as const }
  const values = schema.enum ?? []
  const expected = values.length === 1 ? String(values[0]) : `one of ${values.join(', ')}`
  if (typeof actual === 'string' && schema.notYetAvailable?.includes(actual) === true) {
    const message = `${actual} is not yet available; expected ${expected}`
    return { ...place, code: 'NotYetAvailable', message, expected, found: actual }
  }
  const meant = typeof actual === 'string' ? nearest(actual, values) : undefined
  const only = values.length === 1 ? { hint: `write ${expected}` } : {}
  const hint = meant === undefined ? only : { hint: `did you mean ${meant}?` }
  return { ...place, code: 'FieldInvalid', ...found(expected, actual), ...hint }
}

function expectation({ keyword, node }: Fault): string {
  switch (keyword) {
    case 'type':
      if (node.patternText !== undefined) return node.patternText
      if (node.type === 'object' && node.required !== undefined && node.required.length > 0) {
        return `a mapping with ${node.required.join(' and ')}`
      }
      return TYPE_TEXTS[node.type ?? 'object'] ?? 'another type'
    case 'pattern':
      return node.patternText ?? `text that matches ${node.pattern}`
    case 'durationMin':
    case 'durationMax':
      return `a duration from ${node.durationMin} to ${node.durationMax}`
    case 'minimum':
    case 'maximum':
      return `a number from ${node.minimum} to ${node.maximum}`
    case 'anyOf':
      return (node.anyOf ?? []).map(formText).join(' or ')
    case 'minLength':
      return 'text that is not empty'
    default:
      return LIMIT_TEXTS[keyword]?.(Number((node as SchemaNode)[keyword])) ?? 'another value'
  }
}

const TYPE_TEXTS: Readonly<Record<string, string>> = {
  object: 'a mapping',
  array: 'a list',
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
}

const LIMIT_TEXTS: Partial<Record<Fault['keyword'], (limit: number) => string>> = {
  maxLength: (limit) => `at most ${limit} characters`,
  maxItems: (limit) => `at most ${limit} entries`,
  minItems: (limit) => `at least ${limit} ${limit === 1 ? 'entry' : 'entries'}`,
  maxProperties: (limit) => `at most ${limit} fields`,
  minProperties: (limit) => `at least ${limit} ${limit === 1 ? 'field' : 'fields'}`,
}

function formText(schema: JsonSchema): string {
  if (schema.type !== 'object') return TYPE_TEXTS[schema.type ?? ''] ?? 'a value'
  return `{${Object.keys(schema.properties ?? {}).join(', ')}: …}`
}

function entryText(schema: JsonSchema, entry: unknown): string {
  const key = schema['x-kubernetes-list-map-keys']?.[0]
  return valueText(key === undefined ? entry : (entry as Readonly<Record<string, unknown>>)[key])
}

/** For a limit, how much there is. */
function measured({ keyword, value: actual }: Fault, expected: string): Found | undefined {
  if (LIMIT_TEXTS[keyword] === undefined) return undefined
  const amount =
    typeof actual === 'string' ? [...actual].length : Object.keys(actual as object).length
  const count = amount === 0 ? 'none' : String(amount)
  return { message: `expected ${expected}, got ${count}`, expected, found: count }
}

/** How to write what was written in another form. */
function formHint(schema: JsonSchema, actual: unknown): { readonly hint?: string } {
  const scalar = typeof actual === 'number' || typeof actual === 'boolean'
  if (scalar && schema.pattern === DURATION_PATTERN)
    return { hint: `write a unit: ${actual}ms, ${actual}s, ${actual}m, …` }
  if (scalar && schema.pattern === SIZE_PATTERN) return { hint: `write a unit: ${actual}B` }
  const isCount = schema.anyOf?.some(({ type }) => type === 'integer') === true
  if (scalar && (schema.type === 'string' || (schema.anyOf?.some(isText) === true && !isCount))) {
    return { hint: 'put it in quotes' }
  }
  if (schema.anyOf?.some(({ properties }) => properties?.['fromSecret'] !== undefined) === true) {
    return { hint: 'a key of a Secret is {fromSecret: {name: …, key: …}}' }
  }
  const quoted = typeof actual === 'string'
  if (quoted && (schema.type === 'integer' || schema.type === 'number')) {
    return /^-?\d+(\.\d+)?$/.test(actual) ? { hint: 'remove the quotes' } : {}
  }
  if (quoted && schema.type === 'boolean' && /^(true|false)$/.test(actual)) {
    return { hint: 'remove the quotes' }
  }
  if (schema.type === 'array' && !Array.isArray(actual)) {
    const key = schema['x-kubernetes-list-map-keys']?.[0]
    if (key !== undefined) return { hint: `begin each entry with "- ${key}: …"` }
    return { hint: 'begin each entry with "- ", or write them as [a, b]' }
  }
  if (quoted && schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(actual)) {
    return amountHint(schema, actual)
  }
  const fields = Object.keys(schema.properties ?? {})
  if (schema.type === 'object' && fields.length > 0 && !isFields(actual)) {
    return { hint: `its fields are ${fields.join(', ')}` }
  }
  return {}
}

/** Of a duration or a size that is well written and more than can be counted. */
function amountHint({ pattern, durationMax }: JsonSchema, actual: string): { hint?: string } {
  if (pattern === DURATION_PATTERN && /^[1-9]\d*(ms|[smhd])$/.test(actual)) {
    return { hint: `the longest is ${durationMax ?? DURATION_MAX}` }
  }
  if (pattern === NAME_PATTERN && new RegExp(NAME_PATTERN, 'u').test(actual.toLowerCase())) {
    return { hint: `write ${actual.toLowerCase()}` }
  }
  // As Kubernetes writes them.
  if (pattern === SIZE_PATTERN && /^[1-9]\d*[KMGT]i$/.test(actual))
    return { hint: `write ${actual}B` }
  const isSize = pattern === SIZE_PATTERN && /^[1-9]\d*([KMGT]i)?B$/.test(actual)
  return isSize ? { hint: `the largest is ${SIZE_MAX}` } : {}
}

function isText({ type }: JsonSchema): boolean {
  return type === 'string'
}

function isFields(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function samePath(left: Path, right: Path): boolean {
  return left.length === right.length && left.every((step, index) => step === right[index])
}
