import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import type { JsonSchema } from './json-schema.ts'
import { kinds } from './kinds.ts'
import { manifestOf } from './manifest.ts'
import { KINDS } from './resource.ts'
import { KEY_TYPE_CODES, TYPE_CODES } from './type-code.ts'

interface Found {
  readonly path: string
  readonly schema: JsonSchema
}

function everySchema(schema: JsonSchema, path: string): readonly Found[] {
  const within = [
    ...Object.entries(schema.properties ?? {}).map(
      ([name, one]) => [`${path}.${name}`, one] as const,
    ),
    ...(schema.items === undefined ? [] : [[`${path}[]`, schema.items] as const]),
    ...(typeof schema.additionalProperties === 'object'
      ? [[`${path}{}`, schema.additionalProperties] as const]
      : []),
    ...(schema.anyOf ?? []).map((form, index) => [`${path}|${index}`, form] as const),
  ]
  return [{ path, schema }, ...within.flatMap(([name, one]) => everySchema(one, name))]
}

describe('every kind', () => {
  const all = KINDS.flatMap((kind) => everySchema(kinds[kind].spec, kind))

  test('has spec.id', () => {
    expect(KINDS.filter((kind) => kinds[kind].spec.properties?.['id'] === undefined)).toEqual([])
  })

  test('bounds each text, list and map', () => {
    const unbounded = all.filter(
      ({ schema }) =>
        (schema.type === 'string' && schema.maxLength === undefined && schema.enum === undefined) ||
        (schema.type === 'array' && schema.maxItems === undefined) ||
        (typeof schema.additionalProperties === 'object' && schema.maxProperties === undefined) ||
        (schema.type === 'integer' && schema.maximum === undefined && !schema.title),
    )
    expect(unbounded.map(({ path }) => path)).toEqual(['Pipeline.pipeline.threads|0'])
  })

  test('describes each field', () => {
    const silent = all.filter(
      ({ path, schema }) => schema.description === undefined && !path.includes('|'),
    )
    expect(silent.map(({ path }) => path)).toEqual([])
  })

  test('closes each object that is not opaque', () => {
    const open = all.filter(
      ({ schema }) =>
        schema.type === 'object' &&
        schema.additionalProperties === undefined &&
        schema['x-kubernetes-preserve-unknown-fields'] !== true,
    )
    expect(open).toEqual([])
  })

  test('asks for a spec exactly where a field of it must be there', () => {
    const required = KINDS.filter((kind) => kinds[kind].specRequired)
    expect(required).toEqual(['StreamType', 'AccessPolicy', 'Sink', 'Pipeline'])
  })

  test('has a manifest without the words that only our validator knows', () => {
    for (const kind of KINDS) {
      const text = stringify(manifestOf(kinds[kind]))
      expect(text).not.toMatch(
        /additionalProperties: false|patternText|durationM|secretKeys|notYetAvailable|title:/,
      )
    }
  })
})

describe('type codes', () => {
  test('have the numbers of SDS', () => {
    const names = [
      'Object',
      'String',
      'NullableInt32',
      'DoubleArray',
      'VersionArray',
      'IDictionary',
      'NullableUInt64Enum',
    ]
    expect(names.map((name) => TYPE_CODES.get(name))).toEqual([1, 18, 109, 214, 222, 402, 712])
    expect(
      ['NullableString', 'NullableVersion', 'EmptyArray'].filter((name) => TYPE_CODES.has(name)),
    ).toEqual([])
  })

  test('may be keys where they have an order', () => {
    expect(KEY_TYPE_CODES).toHaveLength(18)
    expect(KEY_TYPE_CODES).not.toContain('Version')
  })
})
