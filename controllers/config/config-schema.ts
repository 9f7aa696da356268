/** The form of headgate.yaml. */

import {
  asJsonSchema,
  choice,
  flag,
  group,
  list,
  map,
  nameOf,
  optional,
  size,
  text,
} from '../../crds/field.ts'
import type { JsonSchema } from '../../crds/json-schema.ts'
import { KINDS } from '../../crds/resource.ts'
import { type TSchema, Type } from '../../crds/typebox.ts'

const NAMES_MAX = 256
const ENGINE_ID_PATTERN = '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
/** One a namespace; all of them are held in memory. */
export const QUOTAS_MAX = 1024

const namespaces = list('Namespaces.', text('A namespace.', 63, { minLength: 1 }), {
  maxItems: NAMES_MAX,
})
const kinds = list('Kinds.', choice('A kind.', KINDS), { maxItems: KINDS.length })
const texts = (description: string, example: string): TSchema =>
  list(description, text('One of them.', 1024, { minLength: 1 }), {
    maxItems: NAMES_MAX,
    examples: [[example]],
  })

/** Known, and refused by name until it works. */
const later = Type.Unknown({ description: 'Not yet available.' })

const source = group('SourceConfig', 'Where desired state comes from.', {
  name: nameOf('What owns; it stays when the location changes.'),
  directory: optional(text('A folder; relative to headgate.yaml.', 4096, { minLength: 1 })),
  git: optional(later),
  kubernetes: optional(later),
  api: optional(later),
  scope: optional(
    group('ScopeConfig', 'Within which its set is exclusive; everything where absent.', {
      namespaces: optional(namespaces),
      kinds: optional(kinds),
    }),
  ),
  grants: optional(
    group('GrantsConfig', 'What it may declare.', {
      namespaces: optional(namespaces),
      kinds: optional(kinds),
      files: optional(texts('Roots beneath which file components may read and write.', './data')),
      env: optional(texts('Environment variables: NAME, PREFIX_* or *.', 'SHOP_*')),
      commands: optional(flag('Whether it may run commands.')),
      listeners: optional(texts('Listeners of its own: host:port, host:* or *.', '127.0.0.1:*')),
    }),
  ),
  atomic: optional(flag('All or nothing: one invalid resource holds back the whole set.')),
  prune: optional(flag('Whether absence removes; true where absent.')),
})

const quota = group('QuotaConfig', 'What is absent is not limited.', {
  bytes: optional(size('How much all its streams may hold together, sealed ones too.')),
  bytesPerSecond: optional(size('How much may be appended to its streams within a second.')),
})

const engine = group('EngineConfig', 'The data that this server is for.', {
  id: text('Of the engine, as `headgate verify` says it; other data, or none, is refused.', 36, {
    pattern: ENGINE_ID_PATTERN,
    patternText: 'an id as headgate verify says it',
    examples: ['0d137a78-d11c-4e39-858e-1d9aa1e02036'],
  }),
})

export const configSchema: JsonSchema = asJsonSchema(
  group('Config', 'headgate.yaml.', {
    sources: optional(list('The sources.', source, { maxItems: 64 })),
    quotas: optional(
      map('What the streams of a namespace may hold and take, by its name.', quota, {
        maxProperties: QUOTAS_MAX,
      }),
    ),
    engine: optional(engine),
    policies: optional(later),
  }),
)
