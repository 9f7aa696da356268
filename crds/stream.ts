/** Stream: a durable, sharded, ordered log of records, optionally typed. */
import {
  choice,
  duration,
  flag,
  group,
  idField,
  integer,
  list,
  map,
  nameOf,
  optional,
  size,
  text,
} from './field.ts'
import { type CelRule, defineKind, type KindDefinition, type TransitionRule } from './kind.ts'
import { EXTRAPOLATION_MODES, INTERPOLATION_MODES } from './modes.ts'

const SHARDS_MAX = 4096
const RETENTION_AGE_MIN = '1h'
const RETENTION_AGE_MAX = '8760h'

const override = group('StreamPropertyOverride', 'What this stream does otherwise than its type.', {
  id: text('The id of a property of the type.', 100, { minLength: 1 }),
  uom: optional(text('Unit of measure; free text.', 100)),
  interpolation: optional(choice('How values between two events are found.', INTERPOLATION_MODES)),
})

const needsType = (field: 'indexes' | 'propertyOverrides'): CelRule => ({
  rule: `!has(self.${field}) || self.${field}.size() == 0 || has(self.type)`,
  message: `${field} need a type`,
  fieldPath: `.${field}`,
  inManifest: true,
  check: (spec) => {
    const value = spec[field]
    const used = Array.isArray(value) && value.length > 0
    if (!used || spec['type'] !== undefined) return []
    const expected = `a type beside ${field}`
    const hint = `add type with the name of a StreamType, or remove ${field}`
    return [{ path: [field], at: 'key', expected, found: 'none', hint }]
  },
})

const TYPE = "(has(self.spec) && has(self.spec.type) ? self.spec.type : 'none')"
const OLD_TYPE = TYPE.replaceAll('self.', 'oldSelf.')

const sameType: TransitionRule = {
  field: 'spec.type',
  rule: `${TYPE} == ${OLD_TYPE}`,
  message: 'the type of a stream cannot change; declare a stream of another name',
  messageExpression: `'the type of a stream cannot change from ' + ${OLD_TYPE} + ' to ' + ${TYPE} + '; declare a stream of another name'`,
}

export const stream: KindDefinition = defineKind({
  kind: 'Stream',
  plural: 'streams',
  singular: 'stream',
  shortNames: ['strm'],
  categories: ['headgate'],
  summary: 'A durable, sharded, ordered log of records, optionally typed.',
  spec: group(
    'StreamSpec',
    'Everything has a default: a Stream without a spec is an untyped one.',
    {
      id: idField(),
      type: optional(nameOf('The StreamType of the same namespace that every record must fit.')),
      shards: optional(
        integer('How many ordered logs it has. Shards only grow.', {
          minimum: 1,
          maximum: SHARDS_MAX,
          default: 1,
        }),
      ),
      retention: optional(
        group(
          'StreamRetention',
          'What is removed when; an untyped stream without it keeps 24 hours, a compacted one everything.',
          {
            age: optional(
              duration('Records older than this are removed: 1h to 8760h.', {
                durationMin: RETENTION_AGE_MIN,
                durationMax: RETENTION_AGE_MAX,
              }),
            ),
            bytes: optional(size('The oldest records are removed above this, over all shards.')),
          },
        ),
      ),
      compaction: optional(
        choice(
          'With key, only the latest record of each key is kept, and one without data removes its key.',
          ['none', 'key'],
          { default: 'none' },
        ),
      ),
      durability: optional(
        choice('Whether an acknowledged record is on disk.', ['durable', 'relaxed'], {
          default: 'durable',
        }),
      ),
      indexes: optional(
        list(
          'Ids of properties by which events can be found besides the key.',
          text('The id of a property of the type.', 100, { minLength: 1 }),
          { maxItems: 16, 'x-kubernetes-list-type': 'set' },
        ),
      ),
      interpolation: optional(choice('Instead of the type’s.', INTERPOLATION_MODES)),
      extrapolation: optional(choice('Instead of the type’s.', EXTRAPOLATION_MODES)),
      propertyOverrides: optional(
        list('Instead of what the type says of single properties.', override, {
          maxItems: 512,
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['id'],
        }),
      ),
      tags: optional(
        list('Words to find it by.', text('A word.', 100, { minLength: 1 }), {
          maxItems: 64,
          'x-kubernetes-list-type': 'set',
        }),
      ),
      metadata: optional(
        map('Facts about it, text to text.', text('A fact.', 4096), { maxProperties: 64 }),
      ),
      displayName: optional(text('A name for people.', 250)),
      description: optional(text('What it carries.', 4096)),
      deletionPolicy: optional(
        choice('Whether its data outlives its declaration.', ['Retain', 'Delete'], {
          default: 'Retain',
        }),
      ),
      retainFor: optional(duration('How long a retained stream is kept; for ever where absent.')),
      protected: optional(
        flag('Refuses delete, purge and shorter retention until a revision sets it to false.', {
          default: false,
        }),
      ),
    },
  ),
  rules: [needsType('indexes'), needsType('propertyOverrides')],
  transitions: [sameType],
  scale: { specReplicasPath: '.spec.shards', statusReplicasPath: '.status.shards' },
  printerColumns: [
    { name: 'Type', type: 'string', jsonPath: '.spec.type' },
    { name: 'Shards', type: 'integer', jsonPath: '.status.shards' },
    { name: 'Records', type: 'integer', jsonPath: '.status.records' },
    { name: 'Protected', type: 'boolean', jsonPath: '.spec.protected', priority: 1 },
  ],
  example: `apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata:
  name: readings
spec:
  type: reading
  shards: 4
  retention: {age: 7d, bytes: 10GiB}
  tags: [plant-7]
`,
})
