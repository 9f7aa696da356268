/**
 * Judges a spec against its kind's schema, all faults at once. The validator knows JSON Schema; this file knows how to
 * say what it found, and where.
 */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { DURATION_PATTERN, parseDurationMs } from '../../crds/duration.ts'
import type { JsonSchema } from '../../crds/json-schema.ts'
import { SIZE_PATTERN } from '../../crds/size.ts'
import { nearest } from '../../engine/suggest.ts'
import { META_FIELDS } from './object-meta.ts'
import type { PathProblem } from './problem-list.ts'
import { schemaAt } from './schema-path.ts'
import { isSecretName } from './secret-text.ts'
import type { Path } from './tree.ts'
import { type Found, found, valueText } from './value-text.ts'

const DURATION = new RegExp(DURATION_PATTERN)

const validators = new WeakMap<JsonSchema, ValidateFunction>()

/** `root` is where the value stands in its document: `['spec']`. */
export function checkSchema(
  schema: JsonSchema,
  value: unknown,
  root: Path,
): readonly PathProblem[] {
  const validate = validatorOf(schema)
  if (validate(value)) return []
  const faults = (validate.errors ?? []).map((error) => ({
    error,
    path: pathOf(error.instancePath, value),
  }))
  const judged = faults.filter((fault) => isJudged(fault, faults, schema, value))
  const problems = judged.map(({ error, path }) => toProblem(error, path, schema, value, root))
  return distinct(problems)
}

interface Fault {
  readonly error: ErrorObject
  readonly path: Path
}

function validatorOf(schema: JsonSchema): ValidateFunction {
  const known = validators.get(schema)
  if (known !== undefined) return known
  const compiled = newAjv().compile(schema)
  validators.set(schema, compiled)
  return compiled
}

function newAjv(): Ajv {
  const ajv = new Ajv({ allErrors: true, strict: false, unicodeRegExp: true, logger: false })
  const bound = (keyword: string, holds: (ms: number, limit: number) => boolean): void => {
    ajv.addKeyword({
      keyword,
      type: 'string',
      validate: (limit: string, text: string) => {
        if (!DURATION.test(text)) return true
        // What no number holds exactly is longer than any bound.
        const ms = parseDurationMs(text) ?? Number.POSITIVE_INFINITY
        return holds(ms, parseDurationMs(limit) ?? 0)
      },
    })
  }
  bound('durationMin', (ms, limit) => ms >= limit)
  bound('durationMax', (ms, limit) => ms <= limit)
  ajv.addKeyword({
    keyword: 'x-kubernetes-list-type',
    type: 'array',
    validate: (type: string, items: readonly unknown[], parent?: unknown) =>
      type === 'atomic' || repeated(parent as JsonSchema, items) === undefined,
  })
  return ajv
}

/** The position of the first item that says the same as one before it, in a set or a list with keys. */
function repeated(schema: JsonSchema, items: readonly unknown[]): number | undefined {
  const keys = schema['x-kubernetes-list-map-keys']
  const seen = new Set<string>()
  for (const [index, item] of items.entries()) {
    const identity =
      keys === undefined ? item : keys.map((key) => (item as Record<string, unknown> | null)?.[key])
    const text = JSON.stringify(identity)
    if (seen.has(text)) return index
    seen.add(text)
  }
  return undefined
}

/** Faults that follow from another one are not told: siblings of a wrong discriminator, forms that were not meant. */
function isJudged(
  { error, path }: Fault,
  faults: readonly Fault[],
  schema: JsonSchema,
  value: unknown,
): boolean {
  for (let length = 0; length <= path.length; length++) {
    const parent = path.slice(0, length)
    const { discriminator } = schemaAt(schema, parent)
    if (discriminator === undefined) continue
    const wrong = faults.some(
      (other) => other.error.keyword === 'enum' && samePath(other.path, [...parent, discriminator]),
    )
    if (wrong && !(error.keyword === 'enum' && samePath(path, [...parent, discriminator])))
      return false
  }
  if (error.keyword === 'type' && schemaAt(schema, path).enum !== undefined) return false
  if (error.keyword === 'required' && isMisspelt(error, path, faults)) return false
  const form = /\/anyOf\/(\d+)\//.exec(error.schemaPath)
  const union = path.slice(0, unionDepth(schema, path))
  const forms = schemaAt(schema, union).anyOf
  if (forms === undefined) return true
  const meant = meantForm(forms, valueAt(value, union))
  return form === null ? meant === undefined : Number(form[1]) === meant
}

/** A field that is missing because its name is nearly right there is one mistake, told at the name. */
function isMisspelt({ params }: ErrorObject, path: Path, faults: readonly Fault[]): boolean {
  const missing = String(params['missingProperty'])
  return faults.some(
    ({ error, path: other }) =>
      error.keyword === 'additionalProperties' &&
      samePath(path, other) &&
      nearest(String(error.params['additionalProperty']), [missing]) !== undefined,
  )
}

function unionDepth(schema: JsonSchema, path: Path): number {
  for (let length = 0; length <= path.length; length++) {
    if (schemaAt(schema, path.slice(0, length)).anyOf !== undefined) return length
  }
  return path.length
}

/** Which form a value was meant to have: by its type, and for objects by a field that only that form has. */
function meantForm(forms: readonly JsonSchema[], value: unknown): number | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  const objects = forms.filter(({ type }) => type === 'object')
  const index = forms.findIndex((form) =>
    isObject
      ? form.type === 'object' &&
        (objects.length === 1 || (form.required ?? []).some((name) => Object.hasOwn(value, name)))
      : form.type ===
        (Number.isInteger(value) ? 'integer' : Array.isArray(value) ? 'array' : typeof value),
  )
  return index < 0 ? undefined : index
}

function toProblem(
  error: ErrorObject,
  path: Path,
  schema: JsonSchema,
  value: unknown,
  root: Path,
): PathProblem {
  const here = [...root, ...path]
  const node = schemaAt(schema, path)
  const actual = valueAt(value, path)
  const base = { layer: 'schema' as const }
  if (error.keyword === 'required') {
    const name = String(error.params['missingProperty'])
    const message = `expected ${pathText([...here, name])}, got none`
    return {
      ...base,
      code: 'FieldMissing',
      path: here,
      at: 'key',
      message,
      expected: name,
      hint: `add ${name}`,
    }
  }
  if (error.keyword === 'additionalProperties') {
    return unknownField(String(error.params['additionalProperty']), here, formSchema(node, actual))
  }
  if (error.keyword === 'enum') return enumProblem(here, node, actual)
  if (error.keyword === 'x-kubernetes-list-type') {
    const index = repeated(node, actual as readonly unknown[]) ?? 0
    const message = `expected each entry once, got ${entryText(node, (actual as readonly unknown[])[index])} a second time`
    return {
      ...base,
      code: 'FieldInvalid',
      path: [...here, index],
      at: 'value',
      message,
      hint: 'remove one of them',
    }
  }
  const scalar = typeof actual !== 'object' && actual !== undefined
  const secret = scalar && here.some((step) => typeof step === 'string' && isSecretName(step))
  const expected = expectation(error, formSchema(node, actual))
  const text = secret
    ? { message: `expected ${expected}, got something else`, expected }
    : (measured(error, actual, expected) ?? found(expected, actual))
  return {
    ...base,
    code: 'FieldInvalid',
    path: here,
    at: 'value',
    ...text,
    ...formHint(formSchema(node, actual), actual),
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
    hint: meant === undefined ? elsewhereHint(name, here, known) : `did you mean ${meant}?`,
  }
}

/** Labels belong to the envelope, however often they are looked for in the spec. */
function elsewhereHint(name: string, here: Path, known: readonly string[]): string {
  if (here.length === 1 && META_FIELDS.includes(name)) return 'write it beneath metadata'
  return `its fields are ${known.join(', ')}`
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
  const hint = meant === undefined ? {} : { hint: `did you mean ${meant}?` }
  return { ...place, code: 'FieldInvalid', ...found(expected, actual), ...hint }
}

function expectation(error: ErrorObject, schema: JsonSchema): string {
  switch (error.keyword) {
    case 'type':
      if (schema.patternText !== undefined) return schema.patternText
      if (schema.type === 'object' && schema.required !== undefined && schema.required.length > 0) {
        return `a mapping with ${schema.required.join(' and ')}`
      }
      return TYPE_TEXTS[schema.type ?? 'object'] ?? 'another type'
    case 'pattern':
      return schema.patternText ?? `text that matches ${schema.pattern}`
    case 'durationMin':
    case 'durationMax':
      return `a duration from ${schema.durationMin} to ${schema.durationMax}`
    case 'minimum':
    case 'maximum':
      return `a number from ${schema.minimum} to ${schema.maximum}`
    case 'anyOf':
      return (schema.anyOf ?? []).map(formText).join(' or ')
    case 'minLength':
      return 'text that is not empty'
    default:
      return (
        LIMIT_TEXTS[error.keyword]?.(Number(error.params['limit'])) ??
        error.message ??
        'another value'
      )
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

const LIMIT_TEXTS: Readonly<Record<string, (limit: number) => string>> = {
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
function measured(error: ErrorObject, actual: unknown, expected: string): Found | undefined {
  if (!Object.hasOwn(LIMIT_TEXTS, error.keyword)) return undefined
  const amount =
    typeof actual === 'string' ? [...actual].length : Object.keys(actual as object).length
  const count = amount === 0 ? 'none' : String(amount)
  return { message: `expected ${expected}, got ${count}`, expected, found: count }
}

/** How to write what was written in another form. */
function formHint(schema: JsonSchema, actual: unknown): { readonly hint?: string } {
  const scalar = typeof actual === 'number' || typeof actual === 'boolean'
  if (scalar && schema.pattern === DURATION_PATTERN) return { hint: `write a unit: ${actual}s` }
  if (scalar && schema.pattern === SIZE_PATTERN) return { hint: `write a unit: ${actual}B` }
  if (scalar && (schema.type === 'string' || schema.anyOf?.some(isText) === true)) {
    return { hint: 'put it in quotes' }
  }
  const quoted = typeof actual === 'string'
  if (quoted && (schema.type === 'integer' || schema.type === 'number')) {
    return /^-?\d+(\.\d+)?$/.test(actual) ? { hint: 'remove the quotes' } : {}
  }
  if (quoted && schema.type === 'boolean' && /^(true|false)$/.test(actual)) {
    return { hint: 'remove the quotes' }
  }
  if (schema.type === 'array' && !Array.isArray(actual)) {
    return { hint: 'begin each entry with "- ", or write them as [a, b]' }
  }
  const fields = Object.keys(schema.properties ?? {})
  if (schema.type === 'object' && fields.length > 0 && !isFields(actual)) {
    return { hint: `its fields are ${fields.join(', ')}` }
  }
  return {}
}

function isText({ type }: JsonSchema): boolean {
  return type === 'string'
}

function isFields(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function formSchema(schema: JsonSchema, actual: unknown): JsonSchema {
  const meant = schema.anyOf === undefined ? undefined : meantForm(schema.anyOf, actual)
  return meant === undefined ? schema : (schema.anyOf?.[meant] ?? schema)
}

function pathOf(pointer: string, value: unknown): Path {
  let node = value
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((step) => {
      const key = Array.isArray(node) ? Number(step) : step
      node = valueAt(node, [key])
      return key
    })
}

function valueAt(value: unknown, path: Path): unknown {
  let node = value
  for (const step of path)
    node = (node as Readonly<Record<string | number, unknown>> | null | undefined)?.[step]
  return node
}

function samePath(left: Path, right: Path): boolean {
  return left.length === right.length && left.every((step, index) => step === right[index])
}

function distinct(problems: readonly PathProblem[]): readonly PathProblem[] {
  const seen = new Set<string>()
  return problems.filter((problem) => {
    const key = JSON.stringify([problem.path, problem.at, problem.message])
    return !seen.has(key) && seen.add(key)
  })
}
