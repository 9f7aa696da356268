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
    return properties
      ? [
          {
            path: ['jsonSchema'],
            at: 'key',
            message: 'expected exactly one of properties and jsonSchema, got both',
          },
        ]
      : [
          {
            path: [],
            at: 'key',
            message: 'expected exactly one of properties and jsonSchema, got neither',
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
        breaches.push({ path, at: 'value', message: `place ${place} of the key is taken twice` })
      } else if (place > 1 && place <= 3 && !places.includes(place - 1)) {
        breaches.push({
          path,
          at: 'value',
          message: `place ${place} of the key is taken, but place ${place - 1} is not`,
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
      message: `property ids are unique in any letter case, and ${String(properties[index]?.['id'])} came before`,
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
      const message = keyTypeFault(property['type'])
      return message === undefined
        ? []
        : [{ path: ['properties', index, 'type'], at: 'value' as const, message }]
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
      .map(({ index }) => ({ path: ['properties', index, 'interpolation'], at: 'key' as const })),
}

export const streamTypeRules: readonly CelRule[] = [
  oneShape,
  keyPlaces,
  uniqueProperties,
  keyTypes,
  keysNotInterpolated,
]

function keyTypeFault(type: unknown): string | undefined {
  if (typeof fieldsOf(type)['array'] === 'string') return 'a key cannot be an array'
  if (typeof type !== 'string' || !TYPE_CODES.has(type)) return undefined
  if (type.startsWith('Nullable')) return `a key is not nullable, got ${type}`
  return KEY_TYPE_CODES.includes(type) ? undefined : `a key needs a type with an order, got ${type}`
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
