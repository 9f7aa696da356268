/**
 * Compares a value with a schema of ours: that of a kind, of headgate.yaml or of a component. All faults at once, each
 * with its place and the part of the schema that found it; how to say them is the caller's business.
 *
 * It knows the words of JSON Schema that these schemas use, and no others: a test holds that, and that the validator
 * which judges people's own JSON Schemas finds the same. That one takes half as long to compile the schemas of five
 * kinds as `headgate validate` may run at all, so these are walked as they are.
 */
import { DURATION_PATTERN, parseDurationMs } from '../crds/duration.ts'

/** What is read here of the schemas of kinds and components alike. */
export interface SchemaNode {
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly SchemaNode[]
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | SchemaNode
  /** One pattern that any key fits. */
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>
  readonly items?: SchemaNode
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly durationMin?: string
  readonly durationMax?: string
  readonly discriminator?: string
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map'
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
}

export type SchemaPath = readonly (string | number)[]

export interface SchemaFault<Node extends SchemaNode = SchemaNode> {
  /** The word of the schema that the value breaks. */
  readonly keyword: keyof SchemaNode
  readonly path: SchemaPath
  /** The value there. */
  readonly value: unknown
  readonly node: Node
  /** The field that is missing or unknown. */
  readonly field?: string
  /** The entry that a list has twice. */
  readonly index?: number
}

export function schemaFaults<Node extends SchemaNode>(
  schema: Node,
  value: unknown,
): readonly SchemaFault<Node>[] {
  const walk = new Walk()
  walk.check(schema, value)
  return walk.faults as unknown as readonly SchemaFault<Node>[]
}

/** Bounds of length, by the word that says them. */
type Bound =
  | 'minLength'
  | 'maxLength'
  | 'minItems'
  | 'maxItems'
  | 'minProperties'
  | 'maxProperties'
  | 'minimum'
  | 'maximum'

const patterns = new Map<string, RegExp>()
const DURATION = new RegExp(DURATION_PATTERN)

class Walk {
  faults: SchemaFault[] = []
  readonly #path: (string | number)[] = []

  check(node: SchemaNode, value: unknown): void {
    if (node.anyOf !== undefined) {
      this.#union(node, node.anyOf, value)
      return
    }
    // Which values there are says more than their type.
    if (node.enum !== undefined && !node.enum.includes(value)) this.#add('enum', node, value)
    else if (!hasType(node.type, value)) this.#add('type', node, value)
    else if (node.const !== undefined && value !== node.const) this.#add('const', node, value)
    else if (typeof value === 'string') this.#text(node, value)
    else if (typeof value === 'number') this.#bounds('minimum', 'maximum', node, value, value)
    else if (Array.isArray(value)) this.#list(node, value)
    else if (typeof value === 'object' && value !== null) this.#object(node, value)
  }

  /** Of several forms, the one that was meant judges; the other forms' faults are nobody's. */
  #union(node: SchemaNode, forms: readonly SchemaNode[], value: unknown): void {
    const before = this.faults
    for (const form of forms) {
      this.faults = []
      this.check(form, value)
      if (this.faults.length > 0) continue
      this.faults = before
      return
    }
    this.faults = before
    const meant = meantForm(forms, value)
    if (meant === undefined) this.#add('anyOf', node, value)
    else this.check(meant, value)
  }

  #text(node: SchemaNode, text: string): void {
    const { pattern, minLength, maxLength, durationMin, durationMax } = node
    if (minLength !== undefined || maxLength !== undefined) {
      this.#bounds('minLength', 'maxLength', node, text, lengthOf(text))
    }
    if (pattern !== undefined && !patternOf(pattern).test(text)) this.#add('pattern', node, text)
    if ((durationMin ?? durationMax) === undefined || !DURATION.test(text)) return
    const ms = parseDurationMs(text) ?? 0
    const limit = (bound: string | undefined): number | undefined =>
      bound === undefined ? undefined : parseDurationMs(bound)
    if (ms < (limit(durationMin) ?? 0)) this.#add('durationMin', node, text)
    if (ms > (limit(durationMax) ?? ms)) this.#add('durationMax', node, text)
  }

  #list(node: SchemaNode, list: readonly unknown[]): void {
    this.#bounds('minItems', 'maxItems', node, list, list.length)
    const index = repeated(node, list)
    if (index !== undefined) this.#add('x-kubernetes-list-type', node, list, { index })
    const { items } = node
    if (items === undefined) return
    for (const [position, item] of list.entries()) this.#within(position, items, item)
  }

  #object(node: SchemaNode, value: object): void {
    const before = this.faults.length
    const fields = value as Readonly<Record<string, unknown>>
    const { properties = {}, required = [], additionalProperties, patternProperties } = node
    const names = Object.keys(fields)
    this.#bounds('minProperties', 'maxProperties', node, value, names.length)
    for (const field of required) {
      if (fields[field] === undefined || !Object.hasOwn(fields, field)) {
        this.#add('required', node, value, { field })
      }
    }
    const others = additionalProperties ?? Object.values(patternProperties ?? {})[0]
    for (const field of names) {
      const property = Object.hasOwn(properties, field) ? properties[field] : undefined
      if (property !== undefined) this.#within(field, property, fields[field])
      else if (others === false) this.#add('additionalProperties', node, value, { field })
      else if (typeof others === 'object') this.#within(field, others, fields[field])
    }
    if (this.faults.length > before) this.#discriminate(node, before)
  }

  /** While it is wrong which form an object has, its other fields are not judged. */
  #discriminate({ discriminator }: SchemaNode, before: number): void {
    if (discriminator === undefined) return
    const depth = this.#path.length
    const wrong = this.faults
      .slice(before)
      .find(({ keyword, path }) => keyword === 'enum' && path.slice(depth).join() === discriminator)
    if (wrong !== undefined) this.faults.splice(before, Number.POSITIVE_INFINITY, wrong)
  }

  #within(step: string | number, node: SchemaNode, value: unknown): void {
    if (value === undefined) return
    this.#path.push(step)
    this.check(node, value)
    this.#path.pop()
  }

  #bounds(min: Bound, max: Bound, node: SchemaNode, value: unknown, amount: number): void {
    if (amount < (node[min] ?? amount)) this.#add(min, node, value)
    if (amount > (node[max] ?? amount)) this.#add(max, node, value)
  }

  #add(
    keyword: keyof SchemaNode,
    node: SchemaNode,
    value: unknown,
    detail: Pick<SchemaFault, 'field' | 'index'> = {},
  ): void {
    this.faults.push({ keyword, path: [...this.#path], value, node, ...detail })
  }
}

/** Which form a value was meant to have: by its type, and for objects by a field that only that form has. */
function meantForm(forms: readonly SchemaNode[], value: unknown): SchemaNode | undefined {
  const objects = forms.filter(({ type }) => type === 'object')
  if (hasType('object', value)) {
    const named = (form: SchemaNode): boolean =>
      (form.required ?? []).some((name) => Object.hasOwn(value as object, name))
    return objects.length === 1 ? objects[0] : objects.find(named)
  }
  return forms.find(({ type }) => type !== undefined && hasType(type, value))
}

function hasType(type: SchemaNode['type'], value: unknown): boolean {
  if (type === undefined) return true
  if (typeof type !== 'string') return type.some((one) => hasType(one, value))
  switch (type) {
    case 'array':
      return Array.isArray(value)
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    case 'integer':
      return Number.isInteger(value)
    case 'number':
      return Number.isFinite(value)
    case 'null':
      return value === null
    default:
      return typeof value === type
  }
}

/** The position of the first item that says the same as one before it, in a set or a list with keys. */
function repeated(node: SchemaNode, items: readonly unknown[]): number | undefined {
  const type = node['x-kubernetes-list-type'] ?? 'atomic'
  if (type === 'atomic') return undefined
  const keys = node['x-kubernetes-list-map-keys']
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

/** In characters, not in the halves that some of them have. */
function lengthOf(text: string): number {
  let length = 0
  for (const _ of text) length++
  return length
}

function patternOf(pattern: string): RegExp {
  const known = patterns.get(pattern)
  if (known !== undefined) return known
  const compiled = new RegExp(pattern, 'u')
  patterns.set(pattern, compiled)
  return compiled
}
