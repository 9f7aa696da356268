import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { kinds } from '../../../crds/kinds.ts'
import { decodeFields, encodeFields, isSameSet, withAncestors } from './field-set.ts'
import type { Manager } from './managers.ts'
import { wholeSchema } from './object-schema.ts'
import { applyConfig } from './server-side-apply.ts'
import { appliedFields } from './typed-fields.ts'

const schema = wholeSchema(kinds.Stream)

const spec = fc.record(
  {
    shards: fc.integer({ min: 1, max: 3 }),
    tags: fc.uniqueArray(fc.constantFrom('a', 'b', 'c')),
    retention: fc.record({ age: fc.constantFrom('1h', '2h') }, { requiredKeys: [] }),
    metadata: fc.dictionary(fc.constantFrom('x', 'y'), fc.constantFrom('1', '2')),
    propertyOverrides: fc.uniqueArray(
      fc.record({ id: fc.constantFrom('p', 'q'), uom: fc.constantFrom('m', 'kg') }),
      { selector: ({ id }) => id },
    ),
  },
  { requiredKeys: [] },
)
const config = spec.map((one) => ({ spec: one }))

function apply(
  state: { readonly live: unknown; readonly managers: readonly Manager[] },
  manager: string,
  wanted: unknown,
): { readonly live: unknown; readonly managers: readonly Manager[] } {
  const applied = applyConfig({
    schema,
    live: state.live,
    config: wanted,
    managers: state.managers,
    manager,
    time: '',
    force: true,
    yielding: new Set(),
  })
  if (applied.conflicts !== undefined) throw new Error('expected force to prevail')
  return { live: applied.object, managers: applied.managers }
}

const NOTHING = { live: {}, managers: [] }
const fieldsOf = (live: unknown): readonly string[] => [...appliedFields(schema, live)].sort()

/** With the containers, which an object may have without owning them. */
const placesOf = (live: unknown): readonly string[] => [
  ...withAncestors(appliedFields(schema, live)),
]

describe('server-side apply', () => {
  test('makes of one manager’s object exactly what it says, whatever it said before', () => {
    fc.assert(
      fc.property(config, config, (before, now) => {
        const { live } = apply(apply(NOTHING, 'a', before), 'a', now)
        const [left, right] = [fieldsOf(live), fieldsOf(now)]
        // A container may stay as an empty one; what is in it does not.
        expect(
          left.filter((path) => !right.includes(path)).every((path) => isEmptyContainer(path)),
        ).toBe(true)
        expect(left).toEqual(expect.arrayContaining([...right]))
      }),
    )
  })

  const isEmptyContainer = (path: string): boolean =>
    ['retention', 'metadata', 'spec'].some((name) => path.endsWith(`f:${name}`))

  test('holds what each of two managers says last, where they agree', () => {
    fc.assert(
      fc.property(config, config, (one, other) => {
        const both = apply(apply(NOTHING, 'a', one), 'b', other)
        for (const path of fieldsOf(other)) expect(placesOf(both.live)).toContain(path)
        const left = apply(both, 'b', {})
        for (const { name, fields } of left.managers) {
          expect(name).toBe('a')
          for (const path of fields) expect(placesOf(left.live)).toContain(path)
        }
      }),
    )
  })

  test('that says the same again changes nothing', () => {
    fc.assert(
      fc.property(config, (one) => {
        const first = apply(NOTHING, 'a', one)
        expect(apply(first, 'a', one)).toEqual(first)
      }),
    )
  })

  test('reads no fields from what is none', () => {
    const strange = { 'x:y': {}, 'k:no': {}, 'k:5': {}, 'v:{': {}, '': {}, 'f:a': { '.': 5 } }
    expect([...decodeFields(strange)]).toEqual(['f:a'])
    expect([...decodeFields('text'), ...decodeFields(null)]).toEqual([])
  })

  test('writes fields so that they can be read back', () => {
    fc.assert(
      fc.property(config, (one) => {
        const fields = appliedFields(schema, one)
        expect(isSameSet(decodeFields(encodeFields(fields)), fields)).toBe(true)
      }),
    )
  })
})
