/**
 * Compares a component's config with its schema: every problem at once, each at its own place, and the fields that
 * mean more than their type handed to a visitor.
 *
 * As lenient as YAML-typed configs are elsewhere: a number or a boolean may stand where text is expected, null stands
 * for an object with nothing but defaults, and a text that refers to an environment variable may stand for any scalar.
 */

import type { TSchema } from '../../crds/typebox.ts'
import { type SchemaFault, type SchemaNode, schemaFaults } from '../schema-faults.ts'
import { type ConfigPath, isRecord, kindOf, problem, suggestion } from './component-config.ts'
import { referencesIn } from './environment-variables.ts'
import { FIELD_KEYWORD, type FieldKind } from './fields.ts'
import type { ConfigProblem } from './pipeline.ts'
import { UNSUPPORTED_KEYWORD } from './unsupported-field.ts'

interface Node extends SchemaNode {
  /** How to call what is expected, where the type alone says too little. */
  readonly title?: string
  readonly properties?: Readonly<Record<string, Node>>
  readonly patternProperties?: Readonly<Record<string, Node>>
  readonly items?: Node
  readonly anyOf?: readonly Node[]
  readonly default?: unknown
  readonly [FIELD_KEYWORD]?: FieldKind
  readonly [UNSUPPORTED_KEYWORD]?: string
}

export interface CheckVisitor {
  problem(found: ConfigProblem): void
  /** A field of a special kind whose JSON type is right. */
  field(kind: FieldKind, value: unknown, path: ConfigPath): void
}

export function checkConfig(
  schema: TSchema,
  value: unknown,
  path: ConfigPath,
  visitor: CheckVisitor,
): undefined {
  check(schema as Node, value, path, visitor)
}

/** The config with its defaults filled in and scalars in the form that the schema asks for. It was checked before. */
export function conformConfig(schema: TSchema, value: unknown): unknown {
  return conform(schema as Node, value)
}

function check(node: Node, value: unknown, path: ConfigPath, visitor: CheckVisitor): undefined {
  const unsupported = node[UNSUPPORTED_KEYWORD]
  if (unsupported !== undefined) return checkUnsupported(node, unsupported, value, path, visitor)
  const kind = node[FIELD_KEYWORD]
  if (kind !== undefined) return checkField(node, kind, value, path, visitor)
  if (node.anyOf !== undefined) return checkUnion(node.anyOf, value, path, visitor)
  if (node.properties !== undefined) return checkObject(node, value, path, visitor)
  if (node.patternProperties !== undefined) return checkMap(node, value, path, visitor)
  if (node.items !== undefined) return checkList(node, node.items, value, path, visitor)
  checkLeaf(node, value, path, visitor)
}

function checkField(
  node: Node,
  kind: FieldKind,
  value: unknown,
  path: ConfigPath,
  visitor: CheckVisitor,
): undefined {
  const scalar = conformScalar(node, value)
  if (!fits(node, scalar)) return wrongType(node, value, path, visitor)
  visitor.field(kind, scalar, path)
}

/** What the expected value is helps nobody who wants the field to do something. */
function checkUnsupported(
  node: Node,
  reason: string,
  value: unknown,
  path: ConfigPath,
  visitor: CheckVisitor,
): undefined {
  if (isReference(value) || fits(node, conform(node, value))) return
  const message = `${path.at(-1)} is not supported: ${reason}`
  const hint = `Remove it; only ${JSON.stringify(node.default)} may stand here.`
  visitor.problem(problem({ path, at: 'value', message, found: kindOf(value), hint }))
}

function checkUnion(
  branches: readonly Node[],
  value: unknown,
  path: ConfigPath,
  visitor: CheckVisitor,
): undefined {
  const fitting = branches.find((branch) => fits(branch, conform(branch, value)))
  if (fitting !== undefined) return check(fitting, value, path, visitor)
  const sameType = branches.filter((branch) => branch.type === jsonType(value))
  const [only] = sameType
  if (only !== undefined && sameType.length === 1 && only.const === undefined) {
    return check(only, value, path, visitor)
  }
  if (isReference(value)) return
  const expected = choicesText(branches)
  const names = branches.flatMap((branch) =>
    typeof branch.const === 'string' ? [branch.const] : [],
  )
  visitor.problem(
    problem({
      path,
      at: 'value',
      message: `expected ${expected}, got ${kindOf(value)}`,
      expected,
      ...(typeof value === 'string' ? suggestion(value, names) : {}),
    }),
  )
}

/** Words that differ in the case of their letters only are one word to a reader. */
function choicesText(branches: readonly Node[]): string {
  const texts = branches.map(describe)
  const seen = new Set<string>()
  const distinct = texts.filter((text) => {
    const key = text.toLowerCase()
    return !seen.has(key) && seen.add(key)
  })
  return distinct.length > 4 ? `one of ${distinct.join(', ')}` : distinct.join(' or ')
}

function checkObject(
  node: Node,
  value: unknown,
  path: ConfigPath,
  visitor: CheckVisitor,
): undefined {
  const given = value ?? {}
  const properties = node.properties ?? {}
  if (!isRecord(given)) {
    const fields = Object.keys(properties).join(', ')
    const hint = fields === '' ? undefined : `Its fields are: ${fields}.`
    return wrongType(node, value, path, visitor, hint)
  }
  for (const [key, item] of Object.entries(given)) {
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined
    if (property !== undefined) check(property, item, [...path, key], visitor)
    else visitor.problem(unknownField(key, [...path, key], Object.keys(properties)))
  }
  for (const key of node.required ?? []) {
    if (Object.hasOwn(given, key) || properties[key]?.default !== undefined) continue
    const message = `missing field ${JSON.stringify(key)}`
    visitor.problem(problem({ path, at: 'key', message, expected: key, hint: `Add ${key}: ….` }))
  }
}

function unknownField(key: string, path: ConfigPath, known: readonly string[]): ConfigProblem {
  const hint = suggestion(key, known).hint
  return problem({
    path,
    at: 'key',
    message: `unknown field ${JSON.stringify(key)}`,
    found: key,
    hint: hint ?? `Fields here are: ${known.join(', ') || 'none'}.`,
  })
}

function checkMap(node: Node, value: unknown, path: ConfigPath, visitor: CheckVisitor): undefined {
  const [item] = Object.values(node.patternProperties ?? {})
  if (!isRecord(value) || item === undefined) return wrongType(node, value, path, visitor)
  for (const [key, entry] of Object.entries(value)) check(item, entry, [...path, key], visitor)
}

function checkList(
  node: Node,
  items: Node,
  value: unknown,
  path: ConfigPath,
  visitor: CheckVisitor,
): undefined {
  if (!Array.isArray(value)) return wrongType(node, value, path, visitor)
  for (const [index, item] of value.entries()) check(items, item, [...path, index], visitor)
  const { items: _, ...bounds } = node
  checkLeaf(bounds, value, path, visitor)
}

function checkLeaf(node: Node, value: unknown, path: ConfigPath, visitor: CheckVisitor): undefined {
  if (isReference(value) && node.type !== 'object' && node.type !== 'array') return
  const [fault] = schemaFaults(node, conformScalar(node, value))
  if (fault === undefined) return
  if (fault.keyword === 'type') return wrongType(node, value, path, visitor)
  const expected = BOUND_TEXTS[fault.keyword]?.(fault) ?? describe(node)
  const message = `expected ${expected}, got ${kindOf(value)}`
  visitor.problem(problem({ path, at: 'value', message, expected, found: kindOf(value) }))
}

const BOUND_TEXTS: Partial<Record<keyof SchemaNode, (fault: SchemaFault) => string>> = {
  minimum: ({ node }) => `a number of at least ${node.minimum}`,
  maximum: ({ node }) => `a number of at most ${node.maximum}`,
  minLength: ({ node }) => `at least ${amountText(node.minLength, 'character')}`,
  maxLength: ({ node }) => `at most ${amountText(node.maxLength, 'character')}`,
  minItems: ({ node }) => `at least ${amountText(node.minItems, 'item')}`,
  maxItems: ({ node }) => `at most ${amountText(node.maxItems, 'item')}`,
}

function amountText(amount: number | undefined, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`
}

function fits(node: Node, value: unknown): boolean {
  return schemaFaults(node, value).length === 0
}

function wrongType(
  node: Node,
  value: unknown,
  path: ConfigPath,
  visitor: CheckVisitor,
  hint?: string,
): undefined {
  if (isReference(value) && !['object', 'array'].includes(String(node.type))) return
  const expected = describe(node)
  const message = `expected ${expected}, got ${kindOf(value)}`
  const found = kindOf(value)
  const next = hint === undefined ? {} : { hint }
  visitor.problem(problem({ path, at: 'value', message, expected, found, ...next }))
}

function conform(node: Node, value: unknown): unknown {
  if (value === undefined) {
    // A default is a value like any other: what it leaves out has defaults of its own.
    return node.default === undefined ? value : conform(node, structuredClone(node.default))
  }
  if (node[FIELD_KEYWORD] !== undefined) return conformScalar(node, value)
  if (node.anyOf !== undefined) return conformUnion(node.anyOf, value)
  if (node.properties !== undefined) return conformObject(node.properties, value)
  if (node.patternProperties !== undefined) return conformMap(node.patternProperties, value)
  const { items } = node
  if (items !== undefined && Array.isArray(value)) return value.map((item) => conform(items, item))
  return conformScalar(node, value)
}

function conformUnion(branches: readonly Node[], value: unknown): unknown {
  for (const branch of branches) {
    const conformed = conform(branch, value)
    if (fits(branch, conformed)) return conformed
  }
  return value
}

function conformObject(properties: Readonly<Record<string, Node>>, value: unknown): unknown {
  const given = value ?? {}
  if (!isRecord(given)) return value
  const conformed: Record<string, unknown> = { ...given }
  for (const [key, property] of Object.entries(properties)) {
    const item = conform(property, given[key])
    if (item !== undefined) conformed[key] = item
  }
  return conformed
}

function conformMap(patterns: Readonly<Record<string, Node>>, value: unknown): unknown {
  const [item] = Object.values(patterns)
  if (!isRecord(value) || item === undefined) return value
  const entries = Object.entries(value).map(([key, entry]) => [key, conform(item, entry)])
  return Object.fromEntries(entries)
}

function conformScalar(node: Node, value: unknown): unknown {
  const scalar = typeof value === 'number' || typeof value === 'boolean'
  return scalar && node.type === 'string' ? String(value) : value
}

function isReference(value: unknown): boolean {
  return typeof value === 'string' && referencesIn(value).length > 0
}

function jsonType(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return typeof value
}

function describe(node: Node): string {
  if (node.title !== undefined) return node.title
  if (node.const !== undefined) return JSON.stringify(node.const)
  if (node.enum !== undefined) return choicesText(node.enum.map((item) => ({ const: item })))
  if (node.anyOf !== undefined) return node.anyOf.map(describe).join(' or ')
  const types = typeof node.type === 'string' ? [node.type] : (node.type ?? [])
  return types.map((type) => TYPE_NAMES[type] ?? type).join(' or ') || 'another value'
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  null: 'null',
}
