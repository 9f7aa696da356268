/**
 * A kind's schema as the structural schema that a CustomResourceDefinition wants. What only our own validator knows is
 * left out or said otherwise, so that both judge alike; what has no such form is refused, so that no manifest is weaker
 * than the kind without anybody noticing.
 *
 * The API server takes no `type` within `anyOf`, and hides from rules what has several types. Of one of several forms
 * it is therefore told what each type may not be: bounds that nothing meets keep out numbers and lists, the bounds of
 * the text hold for texts, and each form of a mapping is known by a field of its own.
 */
import { parseDurationMs, UNIT_MS } from './duration.ts'
import type { JsonSchema } from './json-schema.ts'

type Structural = Readonly<Record<string, unknown>>

/** Words that mean the same to the API server. */
const SHARED: ReadonlySet<string> = new Set([
  'type',
  'description',
  'default',
  'required',
  'enum',
  'pattern',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'minimum',
  'maximum',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-int-or-string',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
])

/** Words that only we judge by, or that generators read. */
const OURS: ReadonlySet<string> = new Set([
  'title',
  'examples',
  'patternText',
  'discriminator',
  'notYetAvailable',
  'secretKeys',
])

const NO_NUMBER: Structural = { minimum: 1, maximum: 0 }
const NO_LIST: Structural = { minItems: 1, maxItems: 0 }
const NO_BOOLEAN: Structural = { not: { enum: [true, false] } }

/** `path` is for the message of what cannot be converted. */
export function structuralSchema(schema: JsonSchema, path: string): Structural {
  const result: Record<string, unknown> = {}
  for (const [word, value] of Object.entries(schema)) {
    if (SHARED.has(word)) result[word] = value
    else if (!OURS.has(word)) Object.assign(result, converted(schema, word, value, path))
  }
  return result
}

function converted(schema: JsonSchema, word: string, value: unknown, path: string): Structural {
  switch (word) {
    case 'properties':
      return { properties: structuralFields(value as JsonSchema['properties'], path) }
    case 'items':
      return { items: structuralSchema(value as JsonSchema, `${path}[]`) }
    case 'additionalProperties':
      // A structural schema is closed by listing its properties.
      if (value === false) return {}
      if (isSchema(value)) return { additionalProperties: structuralSchema(value, `${path}{}`) }
      break
    case 'anyOf':
      return schema['x-kubernetes-int-or-string'] === true
        ? { ...boundsOfNumber(schema.anyOf), ...boundsOfText(schema.anyOf) }
        : union(schema, path)
    case 'const':
      return { enum: [value] }
    case 'structuralOnly':
      return value as Structural
    case 'durationMin':
      return { 'x-kubernetes-validations': [durationBounds(schema, path)] }
    case 'durationMax':
      if (schema.durationMin !== undefined) return {}
      return { 'x-kubernetes-validations': [durationBounds(schema, path)] }
  }
  throw new Error(`${path}: ${word} has no form in a structural schema`)
}

function structuralFields(fields: JsonSchema['properties'] = {}, path: string): Structural {
  return Object.fromEntries(
    Object.entries(fields).map(([name, one]) => [name, structuralSchema(one, `${path}.${name}`)]),
  )
}

/** They hold for numbers alone, as those of the text hold for texts. */
function boundsOfNumber(forms: readonly JsonSchema[] = []): Structural {
  const { minimum, maximum } = forms.find(({ type }) => type === 'integer') ?? {}
  return {
    ...(minimum === undefined ? {} : { minimum }),
    ...(maximum === undefined ? {} : { maximum }),
  }
}

function boundsOfText(forms: readonly JsonSchema[] = []): Structural {
  const { minLength, maxLength, pattern } = forms.find(({ type }) => type === 'string') ?? {}
  return {
    ...(minLength === undefined ? {} : { minLength }),
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(pattern === undefined ? {} : { pattern }),
  }
}

function union({ anyOf: forms = [], ...schema }: JsonSchema, path: string): Structural {
  const objects = forms.filter(({ type }) => type === 'object')
  const texts = forms.filter(({ type }) => type === 'string')
  if (
    schema['x-kubernetes-preserve-unknown-fields'] !== true ||
    texts.length !== 1 ||
    texts.length + objects.length !== forms.length ||
    objects.some(({ properties = {}, required = [] }) => {
      const names = Object.keys(properties)
      return names.length !== 1 || required[0] !== names[0]
    })
  )
    throw new Error(`${path}: expected one text and mappings of one required field in anyOf`)
  return {
    ...boundsOfText(forms),
    ...NO_NUMBER,
    ...NO_LIST,
    ...NO_BOOLEAN,
    properties: Object.assign(
      {},
      ...objects.map(({ properties }) => structuralFields(properties, path)),
    ),
    maxProperties: 1,
    anyOf: objects.map(({ required }) => ({ required })),
  }
}

/** The API server's own durations know no days, so the text is taken apart. Doubles do not overflow. */
function durationBounds({ durationMin, durationMax }: JsonSchema, path: string): Structural {
  const units = Object.entries(UNIT_MS).filter(([unit]) => unit !== 'ms')
  const factor = units.reduceRight(
    (otherwise, [unit, ms]) =>
      otherwise === '' ? `${ms}.0` : `self.endsWith('${unit}') ? ${ms}.0 : ${otherwise}`,
    '',
  )
  const count = (length: number): string => `double(self.substring(0, self.size() - ${length}))`
  const ms = `(self.endsWith('ms') ? ${count(2)} : ${count(1)} * (${factor}))`
  const bound = (text: string | undefined, sign: string): readonly string[] => {
    if (text === undefined) return []
    const limit = parseDurationMs(text)
    if (limit === undefined) throw new Error(`${path}: expected a duration, got ${text}`)
    return [`${ms} ${sign} ${limit}.0`]
  }
  return {
    rule: [...bound(durationMin, '>='), ...bound(durationMax, '<=')].join(' && '),
    message: `expected a duration${durationMin === undefined ? '' : ` from ${durationMin}`}${durationMax === undefined ? '' : ` to ${durationMax}`}`,
  }
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null
}
