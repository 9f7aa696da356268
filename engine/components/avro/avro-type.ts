/**
 * Schemas of Avro 1.11, read into types.
 *
 * Own code rather than a library's: a file brings its own schema, so that neither the schema nor what is read by it may
 * be trusted, and numbers of 64 bits are to stay exact.
 */
import { HeadgateError } from '../../error.ts'

export const PRIMITIVES = [
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
] as const

export interface PrimitiveType {
  readonly kind: (typeof PRIMITIVES)[number]
  readonly logical: string
  /** Of decimals. */
  readonly scale: number
}

export interface RecordType {
  readonly kind: 'record'
  readonly name: string
  /** Filled once the names of what it is made of are known. */
  readonly fields: AvroField[]
}

export interface AvroField {
  readonly name: string
  readonly type: AvroType
  /** As JSON; undefined where there is none. */
  readonly default: unknown
}

export interface EnumType {
  readonly kind: 'enum'
  readonly name: string
  readonly symbols: readonly string[]
}

export interface FixedType {
  readonly kind: 'fixed'
  readonly name: string
  readonly size: number
  readonly logical: string
  readonly scale: number
}

export interface UnionType {
  readonly kind: 'union'
  readonly branches: readonly AvroType[]
}

export type AvroType =
  | PrimitiveType
  | RecordType
  | EnumType
  | FixedType
  | UnionType
  | { readonly kind: 'array'; readonly items: AvroType }
  | { readonly kind: 'map'; readonly values: AvroType }

/** A `fixed` may not be larger. */
export const FIXED_SIZE_MAX = 16_777_216
/** Types within types, deeper than this, are refused. */
export const AVRO_TYPE_DEPTH_MAX = 200

const NAME = /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*$/

export function parseAvroSchema(text: string): AvroType {
  let schema: unknown
  try {
    schema = JSON.parse(text)
  } catch (cause) {
    // A primitive type may stand without quotes.
    if (!isPrimitive(text.trim())) throw invalid(`expected JSON: ${(cause as Error).message}`)
    schema = text.trim()
  }
  return new SchemaParser().type(schema, '', 0)
}

/** What a union calls the branch: the name of what has one, else the kind. */
export function branchName(type: AvroType): string {
  return 'name' in type ? type.name : type.kind
}

type Node = Readonly<Record<string, unknown>>

class SchemaParser {
  readonly #named = new Map<string, AvroType>()

  type(schema: unknown, namespace: string, depth: number): AvroType {
    if (depth > AVRO_TYPE_DEPTH_MAX) {
      throw invalid(`types are nested more than ${AVRO_TYPE_DEPTH_MAX} deep`)
    }
    if (typeof schema === 'string') return this.#reference(schema, namespace)
    if (Array.isArray(schema)) return this.#union(schema, namespace, depth)
    if (typeof schema !== 'object' || schema === null) {
      throw invalid(`expected a type, got ${JSON.stringify(schema)}`)
    }
    const node = schema as Node
    switch (node['type']) {
      case 'record':
      case 'error':
        return this.#record(node, namespace, depth)
      case 'enum':
        return this.#enum(node, namespace)
      case 'fixed':
        return this.#fixed(node, namespace)
      case 'array':
        return { kind: 'array', items: this.type(node['items'], namespace, depth + 1) }
      case 'map':
        return { kind: 'map', values: this.type(node['values'], namespace, depth + 1) }
      default:
        return withLogical(this.type(node['type'], namespace, depth + 1), node)
    }
  }

  #reference(name: string, namespace: string): AvroType {
    if (isPrimitive(name)) return { kind: name, logical: '', scale: 0 }
    const found = this.#named.get(fullName(name, namespace)) ?? this.#named.get(name)
    if (found === undefined) throw invalid(`there is no type named ${JSON.stringify(name)}`)
    return found
  }

  #union(schemas: readonly unknown[], namespace: string, depth: number): AvroType {
    const branches = schemas.map((one) => this.type(one, namespace, depth + 1))
    const names = branches.map(branchName)
    const again = names.find((name, index) => names.indexOf(name) < index || name === 'union')
    if (again !== undefined) throw invalid(`a union cannot have ${again} twice, or a union`)
    if (branches.length === 0) throw invalid('expected a union of at least one type')
    return { kind: 'union', branches }
  }

  #record(node: Node, namespace: string, depth: number): AvroType {
    const name = nameOf(node, namespace)
    const fields: AvroField[] = []
    const record: RecordType = { kind: 'record', name, fields }
    this.#name(name, record)
    if (!Array.isArray(node['fields'])) throw invalid(`expected the fields of ${name} as a list`)
    const inner = name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : ''
    for (const field of node['fields'] as readonly Node[]) {
      const own = field?.['name']
      if (typeof own !== 'string' || !NAME.test(own) || fields.some((one) => one.name === own)) {
        throw invalid(`expected another name of a field of ${name}, got ${JSON.stringify(own)}`)
      }
      const type = this.type(field['type'], inner, depth + 1)
      fields.push({ name: own, type, default: field['default'] })
    }
    return record
  }

  #enum(node: Node, namespace: string): AvroType {
    const { symbols } = node
    const name = nameOf(node, namespace)
    if (!Array.isArray(symbols) || !symbols.every((symbol) => typeof symbol === 'string')) {
      throw invalid(`expected the symbols of ${name} as a list of texts`)
    }
    return this.#name(name, { kind: 'enum', name, symbols })
  }

  #fixed(node: Node, namespace: string): AvroType {
    const size = node['size']
    const name = nameOf(node, namespace)
    if (!Number.isSafeInteger(size) || Number(size) < 0 || Number(size) > FIXED_SIZE_MAX) {
      throw invalid(`expected a size of ${name} from 0 to ${FIXED_SIZE_MAX}, got ${String(size)}`)
    }
    const { logical, scale } = logicalOf(node)
    return this.#name(name, { kind: 'fixed', name, size: Number(size), logical, scale })
  }

  #name<T extends AvroType>(name: string, type: T): T {
    if (this.#named.has(name)) throw invalid(`there are two types named ${name}`)
    this.#named.set(name, type)
    return type
  }
}

function isPrimitive(name: string): name is PrimitiveType['kind'] {
  return (PRIMITIVES as readonly string[]).includes(name)
}

function withLogical(type: AvroType, node: Node): AvroType {
  return isPrimitive(type.kind) ? { ...(type as PrimitiveType), ...logicalOf(node) } : type
}

function logicalOf(node: Node): { logical: string; scale: number } {
  const { logicalType, scale } = node
  const known = typeof logicalType === 'string' ? logicalType : ''
  return { logical: known, scale: Number.isSafeInteger(scale) ? Number(scale) : 0 }
}

function nameOf(node: Node, namespace: string): string {
  const { name, namespace: own } = node
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw invalid(`expected the name of a type, got ${JSON.stringify(name)}`)
  }
  return fullName(name, typeof own === 'string' ? own : namespace)
}

function fullName(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`
}

function invalid(message: string): HeadgateError {
  return new HeadgateError('ComponentConfigInvalid', `expected a schema of Avro: ${message}`)
}
