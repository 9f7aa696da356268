import { describe, expect, test } from 'vitest'
import { schemaNarrowed } from './schema-evolution.ts'

const number = { type: 'number', maximum: 10 }
const closed = { properties: { a: number }, additionalProperties: false }

describe('a JSON Schema allows more or the same', () => {
  test.each<[string, unknown, unknown]>([
    ['is described otherwise', { type: 'object' }, { type: 'object', title: 'x', format: 'y' }],
    ['has fewer required', { required: ['a', 'b'] }, { required: ['b'] }],
    ['has more in an enumeration', { enum: [1] }, { enum: [1, 2] }],
    ['has looser bounds', { maximum: 5, minLength: 3 }, { maximum: 6, minLength: 2 }],
    ['has a bound less', { pattern: '^a' }, {}],
    ['has more types', { type: 'integer' }, { type: ['number', 'null'] }],
    [
      'has a property more, where others were refused',
      closed,
      { ...closed, properties: { a: number, b: number } },
    ],
    ['is open, where others were refused', closed, { properties: { a: number } }],
    [
      'has looser properties',
      { properties: { a: number } },
      { properties: { a: { maximum: 11 } } },
    ],
    ['says nothing of a property', { properties: { a: number } }, { properties: {} }],
    ['has looser items', { items: number }, { items: { type: 'number' } }],
    ['is anything', { type: 'object' }, true],
  ])('where it %s', (_, from, to) => {
    expect(schemaNarrowed(from, to)).toBeUndefined()
  })
})

describe('a JSON Schema may allow less', () => {
  test.each<[string, unknown, unknown, string]>([
    ['requires more', { required: ['a'] }, { required: ['a', 'b'] }, 'required'],
    ['has less in an enumeration', { enum: [1, 2] }, { enum: [1] }, 'enum'],
    ['has tighter bounds', { maximum: 5 }, { maximum: 4 }, 'maximum'],
    ['has another pattern', { pattern: '^a' }, { pattern: '^b' }, 'pattern'],
    ['has fewer types', { type: ['number', 'null'] }, { type: 'integer' }, 'type'],
    [
      'has a property more, where others were anything',
      {},
      { properties: { a: number } },
      'properties.a.type',
    ],
    ['refuses others', { properties: { a: number } }, closed, 'additionalProperties'],
    [
      'lacks a property, where others are refused',
      closed,
      { ...closed, properties: {} },
      'properties.a',
    ],
    [
      'has tighter properties',
      { properties: { a: number } },
      { properties: { a: { maximum: 9 } } },
      'properties.a.maximum',
    ],
    ['combines otherwise', { anyOf: [{}] }, { anyOf: [{}, {}] }, 'anyOf'],
    [
      'leaves out what counts what is left over',
      { items: {}, unevaluatedItems: false },
      { unevaluatedItems: false },
      'items',
    ],
    [
      'has patterns of names',
      { patternProperties: { a: {} }, properties: {} },
      { patternProperties: { a: {} }, properties: { b: {} } },
      'properties',
    ],
    ['is nothing', {}, false, ''],
  ])('where it %s', (_, from, to, where) => {
    expect(schemaNarrowed(from, to)).toBe(where)
  })
})
