/**
 * Judges a spec against its kind's schema, all faults at once. The validator knows JSON Schema; this file knows how to
 * say what it found, and where.
 */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { parseDurationMs } from '../../crds/duration.ts'
import type { JsonSchema } from '../../crds/json-schema.ts'
import { nearest } from '../../engine/suggest.ts'
import type { PathProblem } from './problem-list.ts'
import { hasSecretInAddress, isSecretName } from './secret-text.ts'
import type { Path } from './tree.ts'
import { found, valueText } from './value-text.ts'

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

const REFERENCE = {
  expected: 'a reference: {fromEnv: …}, {fromFile: …} or {fromSecret: {name: …, key: …}}',
  hint: 'refer to it with {fromSecret: {name: …, key: …}}',
}
/** Part of an address cannot be a reference. */
const VARIABLE = {
  expected: 'an address without a login or a secret in it, or with a variable there',
  hint: 'write a variable in its place: ${NAME}',
}

/** Literal texts where a reference to a secret belongs. */
export function checkSecrets(
  schema: JsonSchema,
  value: unknown,
  root: Path,
): readonly PathProblem[] {
  const result: PathProblem[] = []
  walk(schema, value, root, (path, text, secret) => {
    const isAddress = String(path.at(-1)) === 'url' && hasSecretInAddress(text)
    if (!secret && !isAddress) return
    result.push({
      layer: 'schema',
      code: 'SecretLiteral',
      severity: 'warning',
      path,
      at: 'value',
      message: secret
        ? `${path.at(-1)} is a secret in the clear`
        : `${path.at(-1)} holds a secret in the clear`,
      ...(secret ? REFERENCE : VARIABLE),
    })
  })
  return result
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
        const ms = parseDurationMs(text)
        return ms === undefined || holds(ms, parseDurationMs(limit) ?? 0)
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
  const form = /\/anyOf\/(\d+)\//.exec(error.schemaPath)
  const union = path.slice(0, unionDepth(schema, path))
  const forms = schemaAt(schema, union).anyOf
  if (forms === undefined) return true
  const meant = meantForm(forms, valueAt(value, union))
  return form === null ? meant === undefined : Number(form[1]) === meant
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
      : form.type === (Number.isInteger(value) ? 'integer' : typeof value),
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
    const message = `expected ${[...here, name].join('.')}, got none`
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
  const secret = here.some((step) => typeof step === 'string' && isSecretName(step))
  const expected = expectation(error, formSchema(node, actual))
  const said = secret ? found(expected, undefined) : found(expected, measured(error, actual))
  const text = secret ? { message: `expected ${expected}, got something else`, expected } : said
  return {
    ...base,
    code: 'FieldInvalid',
    path: here,
    at: 'value',
    ...text,
    ...quoteHint(node, actual),
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
    message: `there is no field ${name} in ${here.join('.')}`,
    expected: `one of ${known.join(', ')}`,
    found: name,
    ...(meant === undefined ? {} : { hint: `did you mean ${meant}?` }),
  }
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
  minItems: (limit) => `at least ${limit} entries`,
  maxProperties: (limit) => `at most ${limit} fields`,
  minProperties: (limit) => `at least ${limit} fields`,
}

function formText(schema: JsonSchema): string {
  if (schema.type !== 'object') return TYPE_TEXTS[schema.type ?? ''] ?? 'a value'
  return `{${Object.keys(schema.properties ?? {}).join(', ')}: …}`
}

function entryText(schema: JsonSchema, entry: unknown): string {
  const key = schema['x-kubernetes-list-map-keys']?.[0]
  return valueText(key === undefined ? entry : (entry as Readonly<Record<string, unknown>>)[key])
}

/** For a limit, how much there is; for everything else, what there is. */
function measured(error: ErrorObject, actual: unknown): unknown {
  if (error.keyword === 'maxLength') return [...String(actual)].length
  if (/Items$/.test(error.keyword)) return (actual as readonly unknown[]).length
  if (/Properties$/.test(error.keyword)) return Object.keys(actual as object).length
  return actual
}

function quoteHint(schema: JsonSchema, actual: unknown): { readonly hint?: string } {
  const scalar = typeof actual === 'number' || typeof actual === 'boolean'
  return schema.type === 'string' && scalar ? { hint: 'put it in quotes' } : {}
}

/** The schema at a path; within a union, that of the form that was meant is found by `formSchema`. */
function schemaAt(schema: JsonSchema, path: Path): JsonSchema {
  let node: JsonSchema = schema
  for (const step of path) {
    const holders = node.anyOf === undefined ? [node] : node.anyOf
    node = holders.map((holder) => step1(holder, step)).find((next) => next !== undefined) ?? {}
  }
  return node
}

function step1(schema: JsonSchema, step: string | number): JsonSchema | undefined {
  if (typeof step === 'number') return schema.items
  const own = schema.properties?.[step]
  if (own !== undefined) return own
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined
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

function walk(
  schema: JsonSchema,
  value: unknown,
  path: Path,
  visit: (path: Path, text: string, secret: boolean) => void,
  secret = false,
): void {
  if (typeof value === 'string') visit(path, value, secret)
  if (typeof value !== 'object' || value === null) return
  const list = Array.isArray(value)
  for (const [name, field] of Object.entries(value)) {
    const step = list ? Number(name) : name
    const next = step1(schema, step)
    const literal = typeof field === 'string' && schema.secretKeys === true && isSecretName(name)
    if (next !== undefined) walk(next, field, [...path, step], visit, literal)
  }
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
