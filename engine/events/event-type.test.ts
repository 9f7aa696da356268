import { describe, expect, test } from 'vitest'
import { KEY_TYPE_CODES, TYPE_CODES } from '../../crds/type-code.ts'
import { resolveEventType, TYPE_DEPTH_MAX, type TypeDeclaration } from './event-type.ts'

function resolve(name: string, declarations: Record<string, TypeDeclaration>) {
  return resolveEventType(name, new Map(Object.entries(declarations)))
}

function resolved(name: string, declarations: Record<string, TypeDeclaration>) {
  const result = resolve(name, declarations)
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return result.type
}

function problems(name: string, declarations: Record<string, TypeDeclaration>) {
  const result = resolve(name, declarations)
  return result.ok ? [] : result.problems
}

describe('resolveEventType', () => {
  test('puts what is inherited first, and keys in their order', () => {
    const type = resolved('Reading', {
      Base: { properties: [{ id: 'time', type: 'DateTime', key: 1 }] },
      Reading: {
        baseType: 'Base',
        properties: [
          { id: 'value', type: 'Double' },
          { id: 'sensor', type: 'String', key: 2 },
        ],
      },
    })
    expect(type.properties.map(({ id, declaredBy }) => `${declaredBy}.${id}`)).toEqual([
      'Base.time',
      'Reading.value',
      'Reading.sensor',
    ])
    expect(type.keys.map(({ id }) => id)).toEqual(['time', 'sensor'])
  })

  test('knows every type code, and lets exactly those be keys that have an order', () => {
    for (const type of TYPE_CODES.keys()) {
      expect([type, problems('T', { T: { properties: [{ id: 'a', type }] } })]).toEqual([type, []])
      const asKey = problems('T', { T: { properties: [{ id: 'a', type, key: 1 }] } })
      expect([type, asKey.length === 0]).toEqual([type, KEY_TYPE_CODES.includes(type)])
    }
  })

  test('follows arrays and types of types', () => {
    const type = resolved('Path', {
      Point: { properties: [{ id: 'x', type: 'Double' }] },
      Path: { properties: [{ id: 'points', type: { array: 'Point' } }] },
    })
    expect(type.properties[0]?.value).toMatchObject({
      kind: 'array',
      of: { kind: 'object', type: { name: 'Point' } },
    })
  })

  test('reports a base type and a property type that do not exist, with what was meant', () => {
    const found = problems('Reading', {
      Position: { properties: [] },
      Reading: {
        baseType: 'Positon',
        properties: [
          { id: 'a', type: 'Int23' },
          { id: 'b', type: { array: 'Strin' } },
        ],
      },
    })
    expect(found).toEqual([
      {
        type: 'Reading',
        path: ['baseType'],
        message: 'there is no StreamType Positon that Reading could extend',
        hint: 'did you mean Position?',
      },
      expect.objectContaining({
        path: ['properties', 0, 'type'],
        hint: 'did you mean Int32?',
      }),
      expect.objectContaining({
        path: ['properties', 1, 'type', 'array'],
        hint: 'did you mean String?',
      }),
    ])
  })

  test('refuses a type that contains itself, and names the circle', () => {
    const [found] = problems('A', {
      A: { properties: [{ id: 'b', type: 'B' }] },
      B: { baseType: 'C' },
      C: { properties: [{ id: 'a', type: { array: 'A' } }] },
    })
    expect(found).toMatchObject({
      type: 'C',
      path: ['properties', 0, 'type', 'array'],
      message: 'a type cannot contain itself: A → B → C → A',
    })
  })

  test('takes types within each other up to the limit, and not one more', () => {
    const chain = (depth: number): Record<string, TypeDeclaration> =>
      Object.fromEntries(
        Array.from({ length: depth }, (_, index) => [
          `T${index}`,
          index === depth - 1 ? { properties: [] } : { baseType: `T${index + 1}` },
        ]),
      )
    expect(problems('T0', chain(TYPE_DEPTH_MAX))).toEqual([])
    expect(problems('T0', chain(TYPE_DEPTH_MAX + 1))).toHaveLength(1)
  })

  test('refuses gaps, twins, a fourth place and what cannot sort', () => {
    const messages = (properties: TypeDeclaration['properties']) =>
      problems('T', { T: { properties: properties ?? [] } }).map(({ message }) => message)
    expect(messages([{ id: 'a', type: 'Int32', key: 2 }])).toEqual([
      'expected key places without a gap, and place 1 is free',
    ])
    expect(
      messages([
        { id: 'a', type: 'Int32', key: 1 },
        { id: 'b', type: 'Int32', key: 1 },
      ]),
    ).toEqual(['expected each key place once; a has 1 already'])
    expect(messages([{ id: 'a', type: 'Int32', key: 4 }])).toEqual([
      'expected a key place from 1 to 3, got 4',
    ])
    for (const type of ['NullableInt32', 'Version', 'Int32Enum', { array: 'Int32' }]) {
      expect(messages([{ id: 'a', type, key: 1 }])).toEqual([
        'expected a type that can be a key, and a has none',
      ])
    }
    expect(
      messages([
        { id: 'value', type: 'Int32' },
        { id: 'Value', type: 'Int32' },
      ]),
    ).toEqual(['property Value is declared above already (as value)'])
  })

  test('takes a JSON Schema instead of properties, and refuses one that is none', () => {
    expect(resolved('S', { S: { jsonSchema: { type: 'object' } } }).jsonSchema).toEqual({
      type: 'object',
    })
    expect(problems('S', { S: { jsonSchema: { type: 'objct' } } })[0]).toMatchObject({
      path: ['jsonSchema'],
      message: expect.stringContaining('expected a JSON Schema: '),
    })
    expect(problems('S', { S: { jsonSchema: true, properties: [] } })).toHaveLength(1)
  })
})
