/** JSON Schema: values that must have a certain form. */
import { createRequire } from 'node:module'
import type { Ajv, ErrorObject, ValidateFunction } from 'ajv'
import type { MethodDefinition } from '../definition.ts'
import { foreign } from '../formats/foreign.ts'
import { MappingError } from '../mapping-error.ts'
import { compileRegexp } from '../regexp/regexp.ts'
import { encodeJson } from '../values/encode-payload.ts'
import { expectValue } from '../values/kind-of.ts'
import type { Value } from '../values/value.ts'
import { toPlain } from './plain-value.ts'

const require = createRequire(import.meta.url)

/** Patterns run in linear time, whatever the text. */
const linearRegExp = Object.assign(
  (pattern: string) => {
    const expression = compileRegexp(pattern)
    return { test: (text: string) => expression.test(text) }
  },
  { code: '' },
)

/** Where and why a value does not fit; nothing where it does. */
export type SchemaCheck = (value: Value) => readonly string[]

export function compileJsonSchema(text: string): SchemaCheck {
  const validate = compileSchema(text)
  return (value) => {
    const plain = toPlain(value)
    if (validate(plain)) return []
    return (validate.errors ?? []).map((error) => explain(error, plain))
  }
}

/**
 * Ajv compares each item with each other one, which takes hours for some hundred thousand; this takes as long as
 * writing them down.
 */
function addUniqueItems(ajv: Ajv): Ajv {
  ajv.removeKeyword('uniqueItems')
  return ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    error: { message: 'array items must be unique' },
    validate: (wanted: boolean, items: readonly Value[]) =>
      !wanted || new Set(items.map((item) => encodeJson(item))).size === items.length,
  }) as Ajv
}

function compileSchema(text: string): ValidateFunction {
  const schema = foreign('expected a JSON schema', () => JSON.parse(text) as unknown)
  const version =
    typeof schema === 'object' && schema !== null && '$schema' in schema
      ? String(schema.$schema)
      : ''
  const options = {
    allErrors: true,
    strict: false,
    logger: false,
    validateFormats: false,
    validateSchema: false,
    code: { regExp: linearRegExp },
  } as const
  return foreign('expected a JSON schema', () => {
    if (/2019-09|2020-12/.test(version)) {
      const { Ajv2020 } = require('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js')
      return addUniqueItems(new Ajv2020(options)).compile(schema as object)
    }
    const { Ajv } = require('ajv') as typeof import('ajv')
    return addUniqueItems(new Ajv(options)).compile(schema as object)
  })
}

/** As users of upstream know it: the place, and what is wrong there. */
function explain(error: ErrorObject, root: unknown): string {
  const steps = error.instancePath.split('/').slice(1).map(unescapeStep)
  const place = steps.length === 0 ? '(root)' : steps.join('.')
  return `${place} ${reason(error, valueAt(root, steps))}`
}

function unescapeStep(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~')
}

function valueAt(root: unknown, steps: readonly string[]): unknown {
  let found = root
  for (const step of steps) found = (found as Record<string, unknown>)[step]
  return found
}

function reason({ keyword, params, message }: ErrorObject, given: unknown): string {
  switch (keyword) {
    case 'type':
      return `invalid type. expected: ${[params['type']].flat().join(',')}, given: ${typeOf(given)}`
    case 'required':
      return `${params['missingProperty']} is required`
    case 'additionalProperties':
      return `additional property ${params['additionalProperty']} is not allowed`
    case 'minimum':
      return `must be greater than or equal to ${params['limit']}`
    case 'maximum':
      return `must be less than or equal to ${params['limit']}`
    case 'minLength':
      return `string length must be greater than or equal to ${params['limit']}`
    case 'maxLength':
      return `string length must be less than or equal to ${params['limit']}`
    case 'pattern':
      return `does not match pattern '${params['pattern']}'`
    default:
      return message ?? 'does not fit the schema'
  }
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

export const jsonSchemaMethods: readonly MethodDefinition[] = [
  {
    name: 'json_schema',
    category: 'objects and arrays',
    status: 'beta',
    description: 'The value when it fits a JSON schema, or a failure that tells where it does not.',
    parameters: [{ name: 'schema', type: 'string', description: 'The schema, as JSON text.' }],
    examples: [
      {
        mapping:
          'root = this.json_schema("""{"type":"object","properties":{"a":{"type":"string"}}}""")',
        input: '{"a":"b"}',
        output: '{"a":"b"}',
      },
      {
        mapping: 'root = this.json_schema("""{"properties":{"a":{"type":"string"}}}""")',
        input: '{"a":5}',
        error: 'field `this`: a invalid type. expected: string, given: integer',
      },
      { mapping: 'root = this.json_schema("{")', error: 'expected a JSON schema' },
    ],
    build: (site) => {
      const schema = site.derived('schema', compileJsonSchema)
      return (target, frame) => {
        const value = expectValue(target)
        const reasons = schema(frame)(value)
        if (reasons.length === 0) return value
        throw new MappingError(reasons.join('\n'))
      }
    },
  },
]
