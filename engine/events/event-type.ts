/**
 * What a StreamType means once its base types and the types of its properties have been looked up: a flat list of
 * properties, and the keys in their order.
 *
 * It judges the declarations only, and reports all that is wrong with them at once; whether data fits a type is
 * `event-check.ts`.
 */
import { nearest } from '../suggest.ts'
import { jsonSchemaProblem } from './json-schema.ts'
import { type Scalar, scalarNames, scalarOf } from './scalar.ts'

/** A StreamType's spec, as far as its meaning goes: texts of units and descriptions have none here. */
export interface TypeDeclaration {
  readonly baseType?: string
  readonly properties?: readonly PropertyDeclaration[]
  readonly jsonSchema?: unknown
}

export interface PropertyDeclaration {
  readonly id: string
  readonly type: string | { readonly array: string }
  readonly key?: number
}

export interface EventType {
  readonly name: string
  /** Those of the base type first, then in the order of the declaration. */
  readonly properties: readonly EventProperty[]
  /** By their place; a type without keys can only be part of others. */
  readonly keys: readonly EventProperty[]
  /** Instead of properties. */
  readonly jsonSchema: unknown
}

export interface EventProperty {
  readonly id: string
  readonly value: ValueType
  /** The type that declares it: the base type's name for what is inherited. */
  readonly declaredBy: string
}

export type ValueType =
  | { readonly kind: 'scalar'; readonly scalar: Scalar }
  | { readonly kind: 'array'; readonly of: ValueType }
  | { readonly kind: 'object'; readonly type: EventType }

export interface TypeProblem {
  /** The StreamType that has it. */
  readonly type: string
  /** Within its spec. */
  readonly path: readonly (string | number)[]
  readonly message: string
  readonly hint?: string
}

export type ResolvedType =
  | { readonly ok: true; readonly type: EventType }
  | { readonly ok: false; readonly problems: readonly TypeProblem[] }

/** Three places sort an event; more is no index that anyone can write in a URL. */
export const TYPE_KEYS_MAX = 3
/** Base types and nested types together, from the outermost type inwards. */
export const TYPE_DEPTH_MAX = 10

const ARRAY_SUFFIX = 'Array'

export function resolveEventType(
  name: string,
  declarations: ReadonlyMap<string, TypeDeclaration>,
): ResolvedType {
  const resolver = new Resolver(declarations)
  const type = resolver.resolve(name, [], () => `there is no StreamType ${name}`)
  if (type === undefined || resolver.problems.length > 0) {
    return { ok: false, problems: resolver.problems }
  }
  return { ok: true, type }
}

/** Where a type is referred to: the type that does, and the place in its spec. */
interface Referrer {
  readonly type: string
  readonly path: readonly (string | number)[]
}

class Resolver {
  readonly problems: TypeProblem[] = []
  readonly #declarations: ReadonlyMap<string, TypeDeclaration>
  readonly #resolved = new Map<string, EventType>()

  constructor(declarations: ReadonlyMap<string, TypeDeclaration>) {
    this.#declarations = declarations
  }

  /** `within` are the types that this one stands in, outermost first: meeting one of them again is a cycle. */
  resolve(
    name: string,
    within: readonly string[],
    unknown: () => string,
    referrer: Referrer = { type: name, path: [] },
  ): EventType | undefined {
    const known = this.#resolved.get(name)
    if (known !== undefined) return known
    const declaration = this.#declarations.get(name)
    if (declaration === undefined) {
      const meant = nearest(name, [...this.#declarations.keys(), ...scalarNames()])
      return this.#refuse(referrer, unknown(), meant && `did you mean ${meant}?`)
    }
    if (within.includes(name)) {
      const circle = [...within.slice(within.indexOf(name)), name].join(' → ')
      return this.#refuse(referrer, `a type cannot contain itself: ${circle}`)
    }
    if (within.length >= TYPE_DEPTH_MAX) {
      return this.#refuse(referrer, `expected at most ${TYPE_DEPTH_MAX} types within each other`)
    }
    const type = this.#build(name, declaration, [...within, name])
    this.#resolved.set(name, type)
    return type
  }

  #build(name: string, declaration: TypeDeclaration, within: readonly string[]): EventType {
    const base = this.#base(name, declaration, within)
    const own = declaration.properties ?? []
    const properties: EventProperty[] = [...(base?.properties ?? [])]
    const placed = new Map<number, EventProperty>()
    for (const [index, key] of (base?.keys ?? []).entries()) placed.set(index + 1, key)
    own.forEach((property, index) => {
      const path = ['properties', index]
      this.#refuseTwin(properties, property.id, { type: name, path: [...path, 'id'] })
      const value = this.#value(property.type, { type: name, path: [...path, 'type'] }, within)
      if (value === undefined) return
      const resolved = { id: property.id, value, declaredBy: name }
      properties.push(resolved)
      if (property.key !== undefined) this.#place(placed, property.key, resolved, name, index)
    })
    this.#refuseGaps(placed, name, own)
    if (declaration.jsonSchema !== undefined) this.#judgeSchema(name, declaration)
    const keys = Array.from(placed)
      .sort(([one], [other]) => one - other)
      .map(([, property]) => property)
    return { name, properties, keys, jsonSchema: declaration.jsonSchema }
  }

  #base(name: string, { baseType }: TypeDeclaration, within: readonly string[]) {
    if (baseType === undefined) return undefined
    const referrer = { type: name, path: ['baseType'] }
    const unknown = () => `there is no StreamType ${baseType} that ${name} could extend`
    const base = this.resolve(baseType, within, unknown, referrer)
    if (base?.jsonSchema === undefined) return base
    return this.#refuse(
      referrer,
      `${baseType} is a jsonSchema; only a type with properties extends`,
    )
  }

  #value(
    declared: PropertyDeclaration['type'],
    referrer: Referrer,
    within: readonly string[],
  ): ValueType | undefined {
    if (typeof declared !== 'string') {
      const at = { ...referrer, path: [...referrer.path, 'array'] }
      const of = this.#value(declared.array, at, within)
      return of && { kind: 'array', of }
    }
    const scalar = scalarOf(declared)
    if (scalar !== undefined) return { kind: 'scalar', scalar }
    // The codes that are arrays themselves, such as Int32Array; a StreamType of that name goes before.
    const element = declared.endsWith(ARRAY_SUFFIX) && !this.#declarations.has(declared)
    const of = element ? scalarOf(declared.slice(0, -ARRAY_SUFFIX.length)) : undefined
    if (of !== undefined) return { kind: 'array', of: { kind: 'scalar', scalar: of } }
    const unknown = () => `expected a type code or the name of a StreamType, got ${declared}`
    const type = this.resolve(declared, within, unknown, referrer)
    return type && { kind: 'object', type }
  }

  #refuseTwin(properties: readonly EventProperty[], id: string, referrer: Referrer): void {
    const lower = id.toLowerCase()
    const twin = properties.find((property) => property.id.toLowerCase() === lower)
    if (twin === undefined) return
    const where =
      twin.declaredBy === referrer.type ? 'above' : `by its base type ${twin.declaredBy}`
    this.#refuse(
      referrer,
      `property ${id} is declared ${where} already (as ${twin.id})`,
      'property names must differ in more than the case of their letters',
    )
  }

  #place(
    placed: Map<number, EventProperty>,
    key: number,
    property: EventProperty,
    type: string,
    index: number,
  ): void {
    const referrer = { type, path: ['properties', index, 'key'] }
    const holder = placed.get(key)
    if (!Number.isInteger(key) || key < 1 || key > TYPE_KEYS_MAX) {
      this.#refuse(referrer, `expected a key place from 1 to ${TYPE_KEYS_MAX}, got ${key}`)
    } else if (holder !== undefined) {
      this.#refuse(referrer, `expected each key place once; ${holder.id} has ${key} already`)
    } else if (property.value.kind !== 'scalar' || !property.value.scalar.sorts) {
      this.#refuse(
        { type, path: ['properties', index, 'type'] },
        `expected a type that can be a key, and ${property.id} has none`,
        'a key is a number, a text, a point in time or a Guid, and never nullable',
      )
    } else {
      placed.set(key, property)
    }
  }

  #refuseGaps(
    placed: ReadonlyMap<number, EventProperty>,
    type: string,
    own: readonly PropertyDeclaration[],
  ): void {
    const last = Math.max(0, ...placed.keys())
    for (let key = 1; key < last; key++) {
      if (placed.has(key)) continue
      const index = own.findIndex((property) => property.key === last)
      const path = index < 0 ? [] : ['properties', index, 'key']
      this.#refuse({ type, path }, `expected key places without a gap, and place ${key} is free`)
    }
  }

  #judgeSchema(name: string, { baseType, properties, jsonSchema }: TypeDeclaration): void {
    const referrer = { type: name, path: ['jsonSchema'] }
    if (properties !== undefined || baseType !== undefined) {
      this.#refuse(referrer, 'expected either jsonSchema or properties, got both')
    }
    const problem = jsonSchemaProblem(jsonSchema)
    if (problem !== undefined) this.#refuse(referrer, `expected a JSON Schema: ${problem}`)
  }

  #refuse({ type, path }: Referrer, message: string, hint?: string): undefined {
    this.problems.push({ type, path, message, ...(hint === undefined ? {} : { hint }) })
    return undefined
  }
}
