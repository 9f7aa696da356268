/** The rules of a StreamType across its fields. */
import type { CelRule, RuleBreach } from './kind.ts'
import { entriesOf, type Fields, fieldsOf, repetitions } from './spec-reading.ts'
import { KEY_TYPE_CODES, TYPE_CODES } from './type-code.ts'

const oneShape: CelRule = {
  rule: 'has(self.properties) != has(self.jsonSchema)',
  message: 'expected exactly one of properties and jsonSchema',
  messageExpression:
    "'expected exactly one of properties and jsonSchema, got ' + (has(self.properties) ? 'both' : 'neither')",
  inManifest: true,
  check: (spec) => {
    const properties = spec['properties'] !== undefined
    const jsonSchema = spec['jsonSchema'] !== undefined
    if (properties !== jsonSchema) return []
    const expected = 'exactly one of properties and jsonSchema'
    return properties
      ? [{ path: ['jsonSchema'], at: 'key', expected, found: 'both', hint: 'remove one of them' }]
      : [
          {
            path: [],
            at: 'key',
            expected,
            found: 'neither',
            hint: 'list properties: [{id: …, type: …, key: 1}], or write a jsonSchema',
          },
        ]
  },
}

const keyPlaces: CelRule = {
  rule: '!has(self.properties) || [1, 2, 3].all(place, self.properties.filter(p, has(p.key) && p.key == place).size() <= 1 && (place == 1 || !self.properties.exists(p, has(p.key) && p.key == place) || self.properties.exists(p, has(p.key) && p.key == place - 1)))',
  message: 'each place of the key is taken once, and none is left out',
  messageExpression:
    "'each place of the key is taken once, and none is left out, got %s'.format([self.properties.filter(p, has(p.key)).map(p, p.key)])",
  fieldPath: '.properties',
  inManifest: true,
  check: (spec) => {
    const places = entriesOf(spec['properties']).map((property) => property['key'])
    const breaches: RuleBreach[] = []
    places.forEach((place, index) => {
      if (typeof place !== 'number') return
      const path = ['properties', index, 'key']
      if (places.indexOf(place) < index) {
        breaches.push({
          path,
          at: 'value',
          expected: 'each place of the key once',
          found: `place ${place} a second time`,
          hint: 'give each property of the key a place of its own: 1, 2, 3',
        })
      } else if (place > 1 && place <= 3 && !places.includes(place - 1)) {
        breaches.push({
          path,
          at: 'value',
          expected: `key: ${place - 1} on another property`,
          found: `place ${place} of the key without it`,
          hint: 'number the places of the key from 1 without a gap',
        })
      }
    })
    return breaches
  },
}

const uniqueProperties: CelRule = {
  // A map takes each key once: comparing each with each would exceed what the API server lets one object cost, at a
  // fifth of the properties. The function came with Kubernetes 1.33.
  rule: '!has(self.properties) || [self.properties.transformMapEntry(i, p, {p.id.lowerAscii(): i})].all(m, m.size() == self.properties.size())',
  message: 'property ids are unique in any letter case',
  fieldPath: '.properties',
  inManifest: true,
  check: (spec) => {
    const properties = entriesOf(spec['properties'])
    const ids = properties.map(({ id }) => (typeof id === 'string' ? lowerAscii(id) : undefined))
    return repetitions(ids).map((index) => ({
      path: ['properties', index, 'id'],
      at: 'value' as const,
      expected: 'an id of its own in any letter case',
      found: `${String(properties[index]?.['id'])}, which another property has`,
      hint: 'rename or remove one of them',
    }))
  },
}

const keyTypes: CelRule = {
  rule: "!has(self.properties) || self.properties.all(p, !has(p.key) || (type(p.type) == string && !p.type.startsWith('Nullable')))",
  message: 'a key is never null and has an order',
  // `type` has two forms, and what has two forms is invisible to rules of the API server: its schema says it instead.
  inManifest: false,
  check: (spec) =>
    keysOf(spec).flatMap(({ index, property }) => {
      const fault = keyTypeFault(property['type'])
      return fault === undefined
        ? []
        : [{ path: ['properties', index, 'type'], at: 'value' as const, ...fault }]
    }),
}

const keysNotInterpolated: CelRule = {
  rule: '!has(self.properties) || self.properties.all(p, !has(p.key) || !has(p.interpolation))',
  message: 'a key has no interpolation',
  messageExpression:
    "'a key has no interpolation, but ' + self.properties.filter(p, has(p.key) && has(p.interpolation))[0].id + ' has'",
  fieldPath: '.properties',
  inManifest: true,
  check: (spec) =>
    keysOf(spec)
      .filter(({ property }) => property['interpolation'] !== undefined)
      .map(({ index, property }) => ({
        path: ['properties', index, 'interpolation'],
        at: 'key' as const,
        expected: 'no interpolation on a property of the key',
        found: String(property['interpolation']),
        hint: 'remove interpolation: nothing lies between two keys',
      })),
}

export const streamTypeRules: readonly CelRule[] = [
  oneShape,
  keyPlaces,
  uniqueProperties,
  keyTypes,
  keysNotInterpolated,
]

function keyTypeFault(type: unknown): Omit<RuleBreach, 'path' | 'at'> | undefined {
  const array = fieldsOf(type)['array']
  if (typeof array === 'string') {
    return {
      expected: 'one value as a key',
      found: `an array of ${array}`,
      hint: 'take another property as the key',
    }
  }
  if (typeof type !== 'string' || !TYPE_CODES.has(type)) return undefined
  if (type.startsWith('Nullable')) {
    const hint = `write ${type.slice('Nullable'.length)}`
    return { expected: 'a key that is never null', found: type, hint }
  }
  if (KEY_TYPE_CODES.includes(type)) return undefined
  return {
    expected: 'a key whose type has an order',
    found: type,
    hint: 'take another property as the key, such as one of type String, Int64 or DateTime',
  }
}

/** As CEL does it; what differs in the case of other letters only is found when the type is put together. */
function lowerAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

function keysOf(spec: Fields): readonly { readonly index: number; readonly property: Fields }[] {
  return entriesOf(spec['properties'])
    .map((property, index) => ({ index, property }))
    .filter(({ property }) => property['key'] !== undefined)
}
