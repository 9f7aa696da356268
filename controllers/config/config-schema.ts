/** The form of headgate.yaml. */

import {
  asJsonSchema,
  choice,
  duration,
  flag,
  fraction,
  group,
  integer,
  list,
  map,
  nameOf,
  oneOf,
  optional,
  size,
  text,
} from '../../crds/field.ts'
import type { JsonSchema } from '../../crds/json-schema.ts'
import { KINDS } from '../../crds/resource.ts'
import { type TSchema, Type } from '../../crds/typebox.ts'
import { DAYS, TIME_PATTERN } from '../plan/change-windows.ts'
import { ALERT_DESTINATIONS_MAX, ALERT_EVENT_NAMES } from './judge-alerts.ts'

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

/** How many policies there may be, and windows in one: each is looked at for every plan. */
export const POLICIES_MAX = 64
export const WINDOWS_MAX = 32
const RULE_LENGTH_MAX = 4096
const PRUNE_COUNT_MAX = 100_000
const PRUNE_SETTLE_MAX = '24h'

const timeOfDay = (description: string): TSchema =>
  text(description, 5, {
    pattern: TIME_PATTERN,
    patternText: 'a time of day such as 06:30',
    examples: ['22:00'],
  })

/** Known, and refused by name until it works. */
const later = Type.Unknown({ description: 'Not yet available.' })

const pruning = group('PruneConfig', 'How much absence removes without approval, and when.', {
  enabled: optional(flag('Whether absence removes at all; true where absent.')),
  budget: optional(
    group(
      'PruneBudgetConfig',
      'Of each kind, within an hour: the greater of the two; more waits for approval.',
      {
        count: optional(
          integer('As many resources as this; 3 where absent.', {
            minimum: 0,
            maximum: PRUNE_COUNT_MAX,
          }),
        ),
        share: optional(
          fraction('This share of those that the source owns; 0.3 where absent.', {
            minimum: 0,
            maximum: 1,
          }),
        ),
      },
    ),
  ),
  settle: optional(
    duration('How long absence has to last; what --prune-settle says where absent.', {
      durationMax: PRUNE_SETTLE_MAX,
    }),
  ),
})

const changeWindow = group('WindowConfig', 'A time of the week.', {
  days: optional(
    list('The days on which it begins; every day where absent.', choice('A day.', DAYS), {
      minItems: 1,
      maxItems: DAYS.length,
    }),
  ),
  from: timeOfDay('When it begins.'),
  to: timeOfDay('When it is over; on the next day where that is not after its beginning.'),
  timeZone: optional(
    text('A time zone such as Europe/Berlin; UTC where absent.', 64, { minLength: 1 }),
  ),
})

const changePolicy = group(
  'PolicyConfig',
  'What has to hold for changes to be carried out: exactly one of `rule` and `windows`.',
  {
    name: nameOf('What a blocked change names.'),
    rule: optional(
      text(
        'A CEL rule over all changes of a plan: it sees actions, source and now.',
        RULE_LENGTH_MAX,
        { minLength: 1, examples: ['actions.all(a, a.risk != "data-loss" || a.kind != "Stream")'] },
      ),
    ),
    windows: optional(
      list('When resources and data may go.', changeWindow, {
        minItems: 1,
        maxItems: WINDOWS_MAX,
      }),
    ),
    message: optional(text('What people are told whose change it blocks.', 1024)),
  },
)

const source = group('SourceConfig', 'Where desired state comes from.', {
  name: nameOf('What owns; it stays when the location changes.'),
  directory: optional(text('A folder; relative to headgate.yaml.', 4096, { minLength: 1 })),
  git: optional(later),
  kubernetes: optional(later),
  api: optional(group('ApiSourceConfig', 'Sets are posted to it, with headgate apply.', {})),
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
  drift: optional(
    choice('What happens to what somebody changed behind our back; revert where absent.', [
      'revert',
      'report',
    ]),
  ),
  prune: optional(
    oneOf('Whether and how much absence removes; true where absent.', [
      flag('Whether absence removes.'),
      pruning,
    ]),
  ),
})

const quota = group('QuotaConfig', 'What is absent is not limited.', {
  bytes: optional(size('How much all its streams may hold together, sealed ones too.')),
  bytesPerSecond: optional(size('How much may be appended to its streams within a second.')),
})

const alert = group('AlertConfig', 'Who is told when something needs a person.', {
  url: text('Where to post JSON.', 4096, {
    minLength: 1,
    examples: ['https://alerts.example.com/headgate'],
  }),
  events: optional(
    list('What it is told of; everything where absent.', choice('An event.', ALERT_EVENT_NAMES), {
      minItems: 1,
      maxItems: ALERT_EVENT_NAMES.length,
    }),
  ),
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
    alerts: optional(list('Who is told.', alert, { maxItems: ALERT_DESTINATIONS_MAX })),
    policies: optional(
      list('What has to hold for changes to be carried out.', changePolicy, {
        maxItems: POLICIES_MAX,
      }),
    ),
  }),
)
