import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { configSchema } from '../controllers/config/config-schema.ts'
import { kinds } from '../crds/kinds.ts'
import { COMPONENTS } from './components/registry.gen.ts'
import type { ComponentDefinition } from './pipelines/component.ts'
import { outputSchema } from './pipelines/output-fields.ts'
import { type SchemaNode, schemaFaults } from './schema-faults.ts'

const schemas = await allSchemas()

/** Words that judge. */
const JUDGING: readonly string[] = [
  'type',
  'const',
  'enum',
  'anyOf',
  'properties',
  'required',
  'additionalProperties',
  'patternProperties',
  'items',
  'pattern',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'minimum',
  'maximum',
  'durationMin',
  'durationMax',
  'discriminator',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
]
/** Words that describe, or that others read. */
const TELLING: readonly string[] = [
  'title',
  'description',
  'default',
  'deprecated',
  'examples',
  'patternText',
  'notYetAvailable',
  'secretKeys',
  'structuralOnly',
  'x-headgate',
  'x-headgate-unsupported',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-int-or-string',
]
/** Words of ours alone; the library passes over them. */
const OURS: readonly string[] = ['durationMin', 'durationMax', 'x-kubernetes-list-type']

describe('faults of a schema', () => {
  test.each(schemas)('%s has no word that is not known', (_, schema) => {
    const unknown = wordsOf(schema).filter((word) => ![...JUDGING, ...TELLING].includes(word))
    expect(unknown).toEqual([])
  })

  test.each(schemas)('are found in %s where another validator finds them', (_, schema) => {
    const ajv = new Ajv2020({ allErrors: true, strict: false, unicodeRegExp: true, logger: false })
    const validate = ajv.compile(schema)
    fc.assert(
      fc.property(valueFor(schema), (value) => {
        const faults = schemaFaults(schema, value).filter(({ keyword }) => !OURS.includes(keyword))
        expect(faults.length === 0).toBe(validate(value))
        const places = (validate.errors ?? []).map(({ instancePath }) => instancePath)
        for (const { path } of faults) expect(places).toContain(pointer(path))
      }),
      { numRuns: 150 },
    )
  })

  test('are told of the form that was meant only', () => {
    const secret = {
      anyOf: [
        { type: 'string', maxLength: 3 },
        { type: 'object', properties: { env: { type: 'string' } }, required: ['env'] },
        { type: 'object', properties: { file: { type: 'string' } }, required: ['file'] },
      ],
    }
    const told = (value: unknown) =>
      schemaFaults(secret, value).map(({ keyword, path }) => [keyword, ...path])
    expect(told('abc')).toEqual([])
    expect(told('abcd')).toEqual([['maxLength']])
    expect(told({ file: 1 })).toEqual([['type', 'file']])
    expect(told({ other: 1 })).toEqual([['anyOf']])
    expect(told(1)).toEqual([['anyOf']])
  })

  test('are not told of fields whose form is unknown', () => {
    const endpoint = {
      type: 'object',
      discriminator: 'type',
      properties: { type: { enum: ['standard'] }, url: { type: 'string' } },
      additionalProperties: false,
    }
    const told = (value: unknown) => schemaFaults(endpoint, value).map(({ keyword }) => keyword)
    expect(told({ type: 'standard', url: 1 })).toEqual(['type'])
    expect(told({ type: 'kinesis', url: 1, region: 'x' })).toEqual(['enum'])
  })

  test('count characters, not the halves of them', () => {
    const schema = { type: 'string', maxLength: 1 }
    expect(schemaFaults(schema, '🚰')).toEqual([])
    expect(schemaFaults(schema, '🚰.')).toHaveLength(1)
  })

  test('hold bounds of durations inclusively, and of none that is no duration', () => {
    const schema = { type: 'string', durationMin: '1s', durationMax: '1h' }
    const told = (text: string) => schemaFaults(schema, text).map(({ keyword }) => keyword)
    expect(told('1s')).toEqual([])
    expect(told('999ms')).toEqual(['durationMin'])
    expect(told('60m')).toEqual([])
    expect(told('3601s')).toEqual(['durationMax'])
    expect(told('9999999d')).toEqual(['durationMax'])
    // More than can be counted is for the pattern to refuse.
    expect(told('99999999999999999999d')).toEqual([])
    expect(told('soon')).toEqual([])
  })

  test('name the entry of a set or a list with keys that is there twice', () => {
    const set = { type: 'array', 'x-kubernetes-list-type': 'set' } as const
    expect(schemaFaults(set, ['a', 'b', 'a'])).toMatchObject([{ index: 2 }])
    const keyed = {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['id'],
    } as const
    const entries = [
      { id: 'a', n: 1 },
      { id: 'a', n: 2 },
    ]
    expect(schemaFaults(keyed, entries)).toMatchObject([{ index: 1 }])
    expect(schemaFaults({ ...set, 'x-kubernetes-list-type': 'atomic' }, ['a', 'a'])).toEqual([])
  })

  test('tell a field that every object has anyhow from one that is there', () => {
    const closed = { type: 'object', properties: {}, additionalProperties: false }
    expect(schemaFaults(closed, JSON.parse('{"constructor": 1}'))).toHaveLength(1)
    const needing = { type: 'object', required: ['constructor'] }
    expect(schemaFaults(needing, {})).toHaveLength(1)
  })
})

async function allSchemas(): Promise<readonly (readonly [string, SchemaNode])[]> {
  const components = await Promise.all(
    Object.entries(COMPONENTS).flatMap(([role, byName]) =>
      Object.entries(byName).map(async ([name, load]) => {
        const definition = Object.values(await load()).find(
          (one): one is ComponentDefinition =>
            typeof one === 'object' && one?.role === role && one.name === name,
        )
        if (definition === undefined) throw new Error(`${role} ${name} has no definition`)
        const schema = definition.role === 'output' ? outputSchema(definition) : definition.config
        return [`${role} ${name}`, schema as SchemaNode] as const
      }),
    ),
  )
  const ofKinds = Object.values(kinds).map(({ kind, spec }) => [kind, spec] as const)
  return [...ofKinds, ['headgate.yaml', configSchema], ...components]
}

function wordsOf(node: SchemaNode): readonly string[] {
  const { properties = {}, patternProperties = {}, items, anyOf = [], additionalProperties } = node
  const within = [
    ...Object.values(properties),
    ...Object.values(patternProperties),
    ...anyOf,
    ...(items === undefined ? [] : [items]),
    ...(typeof additionalProperties === 'object' ? [additionalProperties] : []),
  ]
  return [...Object.keys(node), ...within.flatMap(wordsOf)]
}

/** Mostly what is asked for, and now and then anything. */
function valueFor(node: SchemaNode): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 12, arbitrary: fittingFor(node) },
    {
      weight: 1,
      arbitrary: fc.oneof(TEXTS, NUMBERS, fc.constantFrom(true, {}, [], [1], { a: 1 })),
    },
  )
}

const TEXTS: fc.Arbitrary<unknown> = fc.constantFrom(
  'orders',
  '1h',
  '64MiB',
  'http://127.0.0.1/',
  '2026-01-31',
  ' a',
  '',
  'x'.repeat(251),
)
const NUMBERS: fc.Arbitrary<unknown> = fc.constantFrom(0, 1, 3, -1, 0.5, 5000, 1e12)

function fittingFor(node: SchemaNode): fc.Arbitrary<unknown> {
  if (node.const !== undefined) return fc.constant(node.const)
  if (node.enum !== undefined) return fc.constantFrom(...node.enum)
  if (node.anyOf !== undefined) return fc.oneof(...node.anyOf.map(valueFor))
  switch ([node.type ?? 'string'].flat()[0]) {
    case 'boolean':
      return fc.boolean()
    case 'integer':
    case 'number':
      return NUMBERS
    case 'array':
      return fc.array(valueFor(node.items ?? {}), { minLength: 1, maxLength: 3 })
    case 'object':
      return objectFor(node)
    default:
      return TEXTS
  }
}

function objectFor(node: SchemaNode): fc.Arbitrary<unknown> {
  const { properties = {}, patternProperties = {}, additionalProperties, required = [] } = node
  const [pattern] = Object.values(patternProperties)
  const values = typeof additionalProperties === 'object' ? additionalProperties : pattern
  const names = Object.keys(properties)
  const fields = fc.record(
    Object.fromEntries(names.map((name) => [name, valueFor(properties[name] ?? {})])),
    { requiredKeys: required.filter((name) => names.includes(name)) },
  )
  const others = fc.dictionary(
    fc.constantFrom('a', 'X-Shop', 'constructor'),
    valueFor(values ?? {}),
    {
      maxKeys: values === undefined ? 1 : 3,
    },
  )
  return fc
    .tuple(
      fields,
      fc.oneof({ weight: values === undefined ? 8 : 1, arbitrary: fc.constant({}) }, others),
    )
    .map(([known, unknown]) => ({ ...known, ...unknown }))
}

function pointer(path: readonly (string | number)[]): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
