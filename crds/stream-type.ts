/** StreamType: the shape of the events of a stream, by properties with a key, or by a JSON Schema. */
import {
  choice,
  group,
  ID_PATTERN,
  ID_TEXT,
  idField,
  integer,
  list,
  NAME_LENGTH_MAX,
  nameOf,
  oneOf,
  opaque,
  optional,
  text,
} from './field.ts'
import { defineKind, type KindDefinition } from './kind.ts'
import { EXTRAPOLATION_MODES, INTERPOLATION_MODES } from './modes.ts'
import { streamTypeRules } from './stream-type-rules.ts'
import { KEY_TYPE_CODES, TYPE_CODES } from './type-code.ts'

export const PROPERTIES_MAX = 512

/** What is needed most; an editor offers them. */
const TYPES_OFFERED = ['Int64', 'Double', 'String', 'Boolean', 'DateTime', 'Guid', 'NullableDouble']

const typeName = text(
  'A type code such as `Double` or `NullableInt32`, or the name of a StreamType of the same namespace.',
  NAME_LENGTH_MAX,
  { minLength: 1, examples: TYPES_OFFERED },
)

/** The rule about the types of keys, for the API server, whose rules cannot see what has two forms. */
const keysHaveAnOrder = {
  anyOf: [
    { not: { required: ['key'] } },
    {
      properties: {
        type: {
          not: { enum: [...TYPE_CODES.keys()].filter((code) => !KEY_TYPE_CODES.includes(code)) },
          maxProperties: 0,
        },
      },
    },
  ],
}

const property = group(
  'StreamTypeProperty',
  'One property of an event.',
  {
    id: text('Its name in the event; unique in any letter case.', 100, {
      minLength: 1,
      pattern: ID_PATTERN,
      patternText: ID_TEXT,
    }),
    type: oneOf('What its values are.', [
      typeName,
      group('ArrayType', 'An array of one type.', { array: typeName }),
    ]),
    key: optional(
      integer('Its place in the key, counted from 1. Absent for what is no part of the key.', {
        minimum: 1,
        maximum: 3,
      }),
    ),
    uom: optional(text('Unit of measure; free text.', 100)),
    interpolation: optional(
      choice(
        'How its value between two events is found; the type says so where absent.',
        INTERPOLATION_MODES,
      ),
    ),
    displayName: optional(text('A name for people.', 250)),
    description: optional(text('What it means.', 4096)),
  },
  { structuralOnly: keysHaveAnOrder },
)

export const streamType: KindDefinition = defineKind({
  kind: 'StreamType',
  plural: 'streamtypes',
  singular: 'streamtype',
  shortNames: ['stype'],
  categories: ['headgate'],
  summary: 'The shape of the events of a stream: properties with a key, or a JSON Schema.',
  specRequired: true,
  spec: group('StreamTypeSpec', 'Exactly one of `properties` and `jsonSchema`.', {
    id: idField(),
    properties: optional(
      list('The properties of an event, one to three of them its key.', property, {
        minItems: 1,
        maxItems: PROPERTIES_MAX,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['id'],
      }),
    ),
    jsonSchema: optional(opaque('A JSON Schema (2020-12) that every record must fit.')),
    baseType: optional(
      nameOf(
        'A StreamType of the same namespace whose properties, key included, are part of this one.',
      ),
    ),
    interpolation: optional(
      choice('How values between two events are found.', INTERPOLATION_MODES, {
        default: 'Continuous',
      }),
    ),
    extrapolation: optional(
      choice(
        'How values before the first and after the last event are found.',
        EXTRAPOLATION_MODES,
        {
          default: 'All',
        },
      ),
    ),
    displayName: optional(text('A name for people.', 250)),
    description: optional(text('What such an event tells.', 4096)),
  }),
  rules: streamTypeRules,
  printerColumns: [
    { name: 'Base', type: 'string', jsonPath: '.spec.baseType', priority: 1 },
    { name: 'Streams', type: 'integer', jsonPath: '.status.streams' },
  ],
  example: `apiVersion: headgate.dev/v1alpha1
kind: StreamType
metadata:
  name: reading
spec:
  properties:
    - {id: time, type: DateTime, key: 1}
    - {id: celsius, type: Double, uom: °C}
    - {id: flags, type: {array: String}}
`,
})
