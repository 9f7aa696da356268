/**
 * Whether a JSON Schema allows all that another one allowed, as far as that can be told keyword by keyword. What it does
 * not know to be wider it calls narrower: a record that nobody can read any more is worse than a refused change.
 */

type Schema = Readonly<Record<string, unknown>>

/** They describe; `format` is no more, for it judges nothing here. */
const ANNOTATIONS: ReadonlySet<string> = new Set([
  '$comment',
  'default',
  'deprecated',
  'description',
  'examples',
  'format',
  'readOnly',
  'title',
  'writeOnly',
])
/** Greater is wider, or may be absent. */
const UPPER: ReadonlySet<string> = new Set([
  'maximum',
  'exclusiveMaximum',
  'maxLength',
  'maxItems',
  'maxProperties',
])
const LOWER: ReadonlySet<string> = new Set([
  'minimum',
  'exclusiveMinimum',
  'minLength',
  'minItems',
  'minProperties',
])
/** Each stands for itself alone, so that without it more is allowed. */
const DROPPABLE: ReadonlySet<string> = new Set([
  ...UPPER,
  ...LOWER,
  'const',
  'enum',
  'multipleOf',
  'pattern',
  'required',
  'type',
  'uniqueItems',
])

/** With them, other keywords say which items are left over. */
const ITEMS_ENTANGLED: readonly string[] = ['prefixItems', 'unevaluatedItems']

/** Where it may allow less, as a path of keywords (`properties.value.maximum`; '' for all of it); undefined nowhere. */
export function schemaNarrowed(from: unknown, to: unknown, path = ''): string | undefined {
  if (to === true || isEqual(from, to) || from === false) return undefined
  if (from === true) return schemaNarrowed({}, to, path)
  if (!isSchema(from) || !isSchema(to)) return path
  for (const keyword of new Set([...Object.keys(from), ...Object.keys(to)])) {
    if (ANNOTATIONS.has(keyword) || isEqual(from[keyword], to[keyword])) continue
    const at = path === '' ? keyword : `${path}.${keyword}`
    const narrowed = keywordNarrowed(keyword, from, to, at)
    if (narrowed !== undefined) return narrowed
  }
  return undefined
}

function keywordNarrowed(
  keyword: string,
  from: Schema,
  to: Schema,
  at: string,
): string | undefined {
  const [before, after] = [from[keyword], to[keyword]]
  if (keyword === 'properties') return propertiesNarrowed(from, to, at)
  if (keyword === 'additionalProperties') return additionalNarrowed(from, to, at)
  if (keyword === 'items' && !ITEMS_ENTANGLED.some((other) => other in from || other in to))
    return schemaNarrowed(before ?? true, after ?? true, at)
  if (after === undefined) return DROPPABLE.has(keyword) ? undefined : at
  if (before === undefined) return at
  return isLooser(keyword, before, after) ? undefined : at
}

function isLooser(keyword: string, before: unknown, after: unknown): boolean {
  const areNumbers = typeof before === 'number' && typeof after === 'number'
  if (UPPER.has(keyword)) return areNumbers && after >= before
  if (LOWER.has(keyword)) return areNumbers && after <= before
  if (keyword === 'required') return isSubset(after, before)
  if (keyword === 'enum') return isSubset(before, after)
  if (keyword === 'uniqueItems') return after === false
  return keyword === 'type' && typesOf(before).every((type) => allowsType(typesOf(after), type))
}

function allowsType(types: readonly unknown[], type: unknown): boolean {
  return types.includes(type) || (type === 'integer' && types.includes('number'))
}

/** One that goes is judged by what is said of all others then, and one that comes by what was said of them. */
function propertiesNarrowed(from: Schema, to: Schema, at: string): string | undefined {
  if (isEntangled(from) || isEntangled(to)) return at
  const [before, after] = [schemasIn(from), schemasIn(to)]
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const was = Object.hasOwn(before, name) ? before[name] : (from['additionalProperties'] ?? true)
    const is = Object.hasOwn(after, name) ? after[name] : (to['additionalProperties'] ?? true)
    const narrowed = schemaNarrowed(was, is, `${at}.${name}`)
    if (narrowed !== undefined) return narrowed
  }
  return undefined
}

function additionalNarrowed(from: Schema, to: Schema, at: string): string | undefined {
  if (isEntangled(from) || isEntangled(to)) return at
  const narrowed = schemaNarrowed(
    from['additionalProperties'] ?? true,
    to['additionalProperties'] ?? true,
    at,
  )
  return narrowed ?? propertiesNarrowed(from, to, at)
}

/** Other keywords say which properties are left over. */
function isEntangled(schema: Schema): boolean {
  return schema['patternProperties'] !== undefined || schema['unevaluatedProperties'] !== undefined
}

function schemasIn(schema: Schema): Schema {
  const { properties } = schema as { readonly properties?: unknown }
  return isSchema(properties) ? properties : {}
}

function typesOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value]
}

function isSubset(some: unknown, all: unknown): boolean {
  if (!Array.isArray(some) || !Array.isArray(all)) return false
  const texts = new Set(all.map((item) => JSON.stringify(item)))
  return some.every((item) => texts.has(JSON.stringify(item)))
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isEqual(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}
