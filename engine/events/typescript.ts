/**
 * TypeScript of event types: an interface for each, and `Streams`, which says what each stream holds.
 *
 * A key is always there and anything else may be missing, as the check of appends has it. Integers beyond 2^53 and
 * numbers that are not finite (JSON has them as text) are not what `number` promises; who has them knows.
 */
import type { EventProperty, EventType, ValueType } from './event-type.ts'
import { isIdentifier, propertyName } from './property-name.ts'
import { schemaType } from './schema-typescript.ts'

const HEAD = `// Written by \`headgate types\` from what the folder declares. Write it again rather than edit it.
`
const NUMBERS = /^(Nullable)?(S?Byte|U?Int(16|32|64)|Single|Double|Decimal)(Enum)?$/
const ANY_LISTS = ['Array', 'IList', 'IEnumerable']

/** `streams`: the name of each, and of its type where it has one. */
export function typescriptOf(
  types: readonly EventType[],
  streams: ReadonlyMap<string, string | undefined>,
): string {
  const names = interfaceNames(types.map(({ name }) => name))
  const interfaces = types.map((type) => interfaceOf(type, names))
  const entries = [...streams].map(([stream, type]) => {
    const held = type === undefined ? 'unknown' : (names.get(type) ?? 'unknown')
    return `  readonly ${propertyName(stream)}: ${held}\n`
  })
  const last = `/** What each stream holds. */\nexport interface Streams {\n${entries.join('')}}\n`
  return [HEAD, ...interfaces, last].join('\n')
}

/** `order-line` is `OrderLine`; two that would be the same are told apart by a number. */
function interfaceNames(types: readonly string[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  const taken = new Set(['Streams'])
  for (const type of types) {
    const words = type.split(/[^A-Za-z0-9]+/).filter((word) => word !== '')
    const joined = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
    const base = isIdentifier(joined) ? joined : `Type${joined}`
    let name = base
    for (let count = 2; taken.has(name); count++) name = `${base}${count}`
    taken.add(name)
    names.set(type, name)
  }
  return names
}

function interfaceOf(
  { name, properties, keys, jsonSchema }: EventType,
  names: ReadonlyMap<string, string>,
): string {
  const called = names.get(name) ?? name
  const head = `/** StreamType ${name}. */\n`
  if (jsonSchema !== undefined) return `${head}export type ${called} = ${schemaType(jsonSchema)}\n`
  const lines = properties.map((property) => {
    const mark = keys.some(({ id }) => id === property.id) ? '' : '?'
    return `  readonly ${propertyName(property.id)}${mark}: ${typeOf(property, names)}\n`
  })
  return `${head}export interface ${called} {\n${lines.join('')}}\n`
}

function typeOf({ value }: EventProperty, names: ReadonlyMap<string, string>): string {
  return valueType(value, names)
}

function valueType(value: ValueType, names: ReadonlyMap<string, string>): string {
  if (value.kind === 'array') return `readonly (${valueType(value.of, names)})[]`
  if (value.kind === 'object') return `${names.get(value.type.name) ?? 'object'} | null`
  const { name, nullable } = value.scalar
  const base = scalarType(name)
  return nullable && base !== 'unknown' && base !== 'null' ? `${base} | null` : base
}

function scalarType(name: string): string {
  if (NUMBERS.test(name)) return 'number'
  if (/^(Nullable)?Boolean$/.test(name)) return 'boolean'
  if (name === 'Empty' || name === 'DBNull') return 'null'
  if (name === 'Object') return 'unknown'
  if (name === 'IDictionary') return 'Readonly<Record<string, unknown>>'
  return ANY_LISTS.includes(name) ? 'readonly unknown[]' : 'string'
}
