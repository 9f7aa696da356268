/** A piece of YAML that shows a field in its place, taken from the examples of its kind or component. */
import { parseYaml } from '../controllers/sets/parse-yaml.ts'
import { SourceText } from '../controllers/sets/source-text.ts'
import { plainValue } from '../controllers/sets/tree.ts'
import { DURATION_PATTERN } from '../crds/duration.ts'
import { NAME_PATTERN } from '../crds/field.ts'
import type { FieldSchema } from '../crds/field-form.ts'
import { kinds } from '../crds/kinds.ts'
import { SIZE_PATTERN } from '../crds/size.ts'
import { childrenOf, type Topic } from './explain-topic.ts'
import type { ResolvedSchemas } from './resolved-schemas.ts'

/** A value in which the topic's path leads to an example of it. */
export function exampleOf(topic: Topic, resolved: ResolvedSchemas): unknown {
  const { component, componentDepth, path, kind } = topic
  const whole = kind === undefined ? undefined : exampleDocument(kinds[kind].example)
  if (whole !== undefined && has(whole, path))
    return path.length === 0 ? whole : picked(whole, path)
  if (component === undefined) return nest(topic, path, sampleOf(topic.schema, resolved))
  const own = path.slice(componentDepth)
  const examples = 'examples' in component ? (component.examples ?? []) : []
  const shown = examples
    .map(({ config }) => config)
    .filter((config) => has(config, own))
    .sort((one, other) => JSON.stringify(other).length - JSON.stringify(one).length)[0]
  if (shown !== undefined) return nest(topic, path.slice(0, componentDepth), shown)
  return nest(topic, path, sampleOf(topic.schema, resolved))
}

/** Just the value of the topic. */
export function exampleValueOf(topic: Topic, resolved: ResolvedSchemas): unknown {
  const { kind, path, schema } = topic
  const whole = kind === undefined ? undefined : exampleDocument(kinds[kind].example)
  return at(whole, path) ?? sampleOf(schema, resolved)
}

function exampleDocument(text: string): unknown {
  const [document] = parseYaml(new SourceText('example.yaml', text)).documents
  return document?.tree === undefined ? undefined : plainValue(document.tree)
}

/** Lists are passed through: a step is a field of their first entry that has it. */
function has(value: unknown, path: readonly string[]): boolean {
  return at(value, path) !== undefined
}

function at(value: unknown, path: readonly string[]): unknown {
  const [step, ...rest] = path
  if (step === undefined) return value
  if (Array.isArray(value))
    return value.map((one) => at(one, path)).find((one) => one !== undefined)
  if (typeof value !== 'object' || value === null) return undefined
  return at((value as Readonly<Record<string, unknown>>)[step], rest)
}

/** Just what leads to the field, and the field. */
function picked(value: unknown, path: readonly string[]): unknown {
  const [step, ...rest] = path
  if (step === undefined) return value
  if (Array.isArray(value)) {
    const entry = value.find((one) => has(one, path))
    // An entry of a list says too little without the fields beside it.
    return [entry]
  }
  return { [step]: picked((value as Readonly<Record<string, unknown>>)[step], rest) }
}

function nest(topic: Topic, path: readonly string[], value: unknown): unknown {
  return path.reduceRight<unknown>((inner, step, index) => {
    const field = { [step]: inner }
    return topic.entries[index] === true ? [field] : field
  }, value)
}

function sampleOf(schema: FieldSchema, resolved: ResolvedSchemas, depth = 0): unknown {
  const [example] = schema.examples ?? []
  if (schema['x-headgate'] === 'secret') return { fromEnv: 'TOKEN' }
  const given = example ?? schema.const ?? schema.default ?? schema.enum?.[0]
  if (given !== undefined && !isEmpty(given)) return given
  const [form] = schema.anyOf ?? []
  if (form !== undefined) return sampleOf(form, resolved, depth)
  if (schema.items !== undefined) return [sampleOf(schema.items, resolved, depth + 1)]
  if (schema.type === 'string') return textOf(schema)
  if (schema.type === 'boolean') return true
  if (schema.type === 'integer' || schema.type === 'number') return Math.max(schema.minimum ?? 1, 1)
  const needed = childrenOf(schema, resolved).filter(({ required }) => required)
  if (depth > 2) return {}
  return Object.fromEntries(
    needed.map(({ name, schema: one }) => [name, sampleOf(one, resolved, depth + 1)]),
  )
}

function isEmpty(value: unknown): boolean {
  return (
    value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
  )
}

function textOf(schema: FieldSchema): string {
  if (schema.pattern === DURATION_PATTERN) return '24h'
  if (schema.pattern === SIZE_PATTERN) return '64MiB'
  if (schema['x-headgate'] === 'duration') return '5s'
  if (schema['x-headgate'] === 'mapping') return 'root = this'
  return schema.pattern === NAME_PATTERN ? 'orders' : 'text'
}
