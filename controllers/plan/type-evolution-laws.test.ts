/** A change that is made in place keeps every event readable that was appended before it, by the codec's own check. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileEventCheck } from '../../engine/events/event-check.ts'
import { resolveEventType } from '../../engine/events/event-type.ts'
import { scalarNames } from '../../engine/events/scalar.ts'
import { LAW_MS_MAX, runsOf } from '../../test/harness/law-runs.ts'
import { TYPE_CHANGES, typeChanges } from './type-evolution.ts'

type Spec = Readonly<Record<string, unknown>>

const SCALARS = [...scalarNames()]

/** Values at the edges of what types hold; each event is kept only where its type takes it. */
const value = fc.oneof(
  fc.constantFrom(
    ...['0', '-1', '127', '128', '-128', '255', '256', '32767', '65535', '2147483647', '1.5'],
    ...['-2147483648', '4294967295', '9223372036854775807', '18446744073709551615', '3.5e38'],
    ...['16777217', '9007199254740993', 'null', 'true', '"x"', '"xy"', '"NaN"', '""', '"AQID"'],
    ...['"2026-01-31T09:30:00Z"', '"2026-01-31T09:30:00+02:00"', '"1.02:03:04.5"', '"1.2.3"'],
    ...['[]', '[1]', '[300,1]', '[null]', '["NaN"]', '[1.5]', '{}', '{"a":1}'],
    '"0b5fbd2c-0000-4000-8000-000000000001"',
  ),
  fc.integer().map(String),
)

const elementType = fc.constantFrom(...SCALARS)
const propertyType = fc.oneof(
  { weight: 4, arbitrary: elementType },
  { weight: 1, arbitrary: elementType.map((array) => ({ array })) },
  { weight: 1, arbitrary: fc.constantFrom('Int32Array', 'ByteArray', 'NullableInt16Array') },
)
const properties = fc
  .uniqueArray(fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd'), type: propertyType }), {
    selector: ({ id }) => id,
    maxLength: 4,
  })
  .map((list) => [{ id: 'k', type: 'Int32', key: 1 }, ...list])

function check(spec: Spec): ((json: string) => boolean) | undefined {
  const resolved = resolveEventType('t', new Map([['t', spec]]))
  if (!resolved.ok) return undefined
  const judge = compileEventCheck(resolved.type)
  return (json) => judge(new TextEncoder().encode(json)) === undefined
}

function keepsEvents(from: Spec, to: Spec): boolean {
  return typeChanges(from, to).every(({ kind }) => TYPE_CHANGES[kind].keepsEvents)
}

const runs = runsOf(2_000)

test(
  'a change of properties that is made in place keeps every event readable',
  () => {
    let compared = 0
    fc.assert(
      fc.property(
        properties,
        properties,
        fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), value),
        (before, after, event) => {
          const [from, to] = [{ properties: before }, { properties: after }]
          const [was, is] = [check(from), check(to)]
          if (was === undefined || is === undefined || !keepsEvents(from, to)) return
          const fields = Object.entries(event).map(([id, text]) => `${JSON.stringify(id)}:${text}`)
          const json = `{${['"k":1', ...fields].join(',')}}`
          if (!was(json)) return
          compared += 1
          expect([json, is(json)]).toEqual([json, true])
        },
      ),
      { numRuns: runs },
    )
    expect(compared).toBeGreaterThan(0)
  },
  LAW_MS_MAX,
)

test(
  'a property that becomes wider holds all that it held',
  () => {
    let widened = 0
    fc.assert(
      fc.property(
        propertyType,
        propertyType,
        fc.array(value, { maxLength: 20 }),
        (a, b, values) => {
          const specOf = (type: unknown) => ({
            properties: [
              { id: 'k', type: 'Int32', key: 1 },
              { id: 'a', type },
            ],
          })
          const [from, to] = [specOf(a), specOf(b)]
          const [was, is] = [check(from), check(to)]
          if (was === undefined || is === undefined || !keepsEvents(from, to)) return
          if (JSON.stringify(a) !== JSON.stringify(b)) widened += 1
          for (const text of values) {
            const json = `{"k":1,"a":${text}}`
            if (was(json)) expect([a, b, json, is(json)]).toEqual([a, b, json, true])
          }
        },
      ),
      { numRuns: runs },
    )
    expect(widened).toBeGreaterThan(0)
  },
  LAW_MS_MAX,
)

const leaf = fc.record(
  {
    type: fc.constantFrom('number', 'integer', 'string', ['number', 'null'], 'object', 'array'),
    maximum: fc.constantFrom(1, 10),
    minimum: fc.constantFrom(0, 5),
    minLength: fc.constantFrom(1, 2),
    enum: fc.constantFrom([1], [1, 2], [1, 2, 'x']),
    title: fc.constantFrom('t'),
  },
  { requiredKeys: [] },
)
const schema = fc.record(
  {
    type: fc.constant('object'),
    properties: fc.dictionary(
      fc.constantFrom('a', 'b'),
      fc.oneof(leaf, fc.record({ items: leaf })),
    ),
    required: fc.constantFrom([], ['a'], ['a', 'b']),
    additionalProperties: fc.oneof(fc.boolean(), leaf),
    maxProperties: fc.constantFrom(1, 2),
    anyOf: fc.constantFrom([{ required: ['a'] }], [{ required: ['b'] }]),
  },
  { requiredKeys: [] },
)
const document = fc.dictionary(
  fc.constantFrom('a', 'b', 'c'),
  fc.oneof(fc.constantFrom(0, 1, 2, 5, 6, 11, 1.5, 'x', 'xy', '', null), fc.array(fc.nat(12))),
)

test(
  'a JSON Schema that is changed in place keeps every record readable',
  () => {
    let compared = 0
    fc.assert(
      fc.property(schema, schema, fc.array(document, { maxLength: 20 }), (before, after, all) => {
        const [from, to] = [{ jsonSchema: before }, { jsonSchema: after }]
        if (!keepsEvents(from, to)) return
        const [was, is] = [check(from), check(to)]
        if (was === undefined || is === undefined) return
        compared += 1
        for (const one of all) {
          const json = JSON.stringify(one)
          if (was(json))
            expect([before, after, json, is(json)]).toEqual([before, after, json, true])
        }
      }),
      { numRuns: runs },
    )
    expect(compared).toBeGreaterThan(0)
  },
  LAW_MS_MAX,
)
