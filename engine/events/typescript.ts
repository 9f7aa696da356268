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
const IMPORT = `import type { Processor, ProcessorResult } from 'headgate/processor'
`
const OWN_NAMES = ['Streams', 'Processor', 'ProcessorResult']
const NUMBERS = /^(Nullable)?(S?Byte|U?Int(16|32|64)|Single|Double|Decimal)(Enum)?$/
const ANY_LISTS = ['Array', 'IList', 'IEnumerable']

/** The streams that a function reads and writes, by name; undefined where nobody can tell what it gets or gives. */
export interface ProcessorStreams {
  readonly pipeline: string
  readonly reads: readonly string[] | undefined
  readonly writes: readonly string[] | undefined
}

/** `streams`: the name of each, and of its type where it has one. */
export function typescriptOf(
  types: readonly EventType[],
  streams: ReadonlyMap<string, string | undefined>,
  processors: readonly ProcessorStreams[] = [],
): string {
  const names = interfaceNames(types.map(({ name }) => name))
  const interfaces = types.map((type) => interfaceOf(type, names))
  const entries = [...streams].map(([stream, type]) => {
    const held = type === undefined ? 'unknown' : (names.get(type) ?? 'unknown')
    return `  readonly ${propertyName(stream)}: ${held}\n`
  })
  const last = `/** What each stream holds. */\nexport interface Streams {\n${entries.join('')}}\n`
  if (processors.length === 0) return [HEAD, ...interfaces, last].join('\n')
  const heldBy = (list: readonly string[] | undefined): string => {
    const held = (list ?? []).map((stream) => names.get(streams.get(stream) ?? '') ?? 'unknown')
    return held.length === 0 || held.includes('unknown')
      ? 'unknown'
      : [...new Set(held)].join(' | ')
  }
  const taken = new Set([...OWN_NAMES, ...names.values()])
  const functions = processors.map(({ pipeline, reads, writes }) => {
    const [reading, writing] = [heldBy(reads), heldBy(writes)]
    const name = freeName(`${typeName(pipeline)}Processor`, taken)
    const result = freeName(`${typeName(pipeline)}Result`, taken)
    return `/** What the module of Pipeline ${pipeline} exports, and what that returns. */
export type ${name} = Processor<${reading}, ${writing}>
export type ${result} = ProcessorResult<${writing}>
`
  })
  return [`${HEAD}${IMPORT}`, ...interfaces, last, ...functions].join('\n')
}

/** `order-line` is `OrderLine`; two that would be the same are told apart by a number. */
function interfaceNames(types: readonly string[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  const taken = new Set(OWN_NAMES)
  for (const type of types) names.set(type, freeName(typeName(type), taken))
  return names
}

function typeName(text: string): string {
  const words = text.split(/[^A-Za-z0-9]+/).filter((word) => word !== '')
  const joined = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
  return isIdentifier(joined) ? joined : `Type${joined}`
}

function freeName(base: string, taken: Set<string>): string {
  let name = base
  for (let count = 2; taken.has(name); count++) name = `${base}${count}`
  taken.add(name)
  return name
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
