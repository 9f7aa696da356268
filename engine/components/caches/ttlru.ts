/** A map in memory of so many entries, each of which stays for a while after it was last used. */
import { Type } from '../../../crds/typebox.ts'
import { type CacheDefinition, defineCache } from '../../pipelines/component.ts'
import { durationField } from '../../pipelines/fields.ts'
import { initialValues, initialValuesField } from './initial-values.ts'
import { RecentEntries } from './recent-entries.ts'

interface Entry {
  readonly value: Uint8Array
  expiresMs: number
}

export const ttlru: CacheDefinition = defineCache({
  name: 'ttlru',
  status: 'stable',
  effects: 'none',
  summary: 'So many values in memory, each for a while after its last use.',
  description: 'The time is that of the cache: a `ttl` that a component gives has no effect.',
  config: Type.Object({
    cap: Type.Integer({ default: 1024, minimum: 1, description: 'How many values it holds.' }),
    default_ttl: durationField({
      description: 'How long a value stays after it was last set or read.',
      default: '5m',
    }),
    ttl: Type.Unsafe<string>({
      ...durationField({
        default: '',
        description: 'Deprecated: the older name of `default_ttl`.',
      }),
      deprecated: true,
    }),
    init_values: initialValuesField('Values that are there from the start.'),
    optimistic: Type.Boolean({
      default: false,
      description: 'Accepted, and without an effect: access to a cache needs no locks here.',
    }),
  }),
  examples: [{ title: 'A hundred for a minute', config: { cap: 100, default_ttl: '1m' } }],
  build: (config, context) => {
    const { clock } = context.environment
    const lifeMs =
      context.durationMs(config.ttl === '' ? config.default_ttl : config.ttl) ??
      Number.POSITIVE_INFINITY
    const entries = new RecentEntries<Entry>(config.cap)
    const set = (key: string, value: Uint8Array): void =>
      entries.set(key, { value, expiresMs: clock.monotonicMs() + lifeMs })
    const get = (key: string): Uint8Array | undefined => {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      const nowMs = clock.monotonicMs()
      if (entry.expiresMs <= nowMs) {
        entries.delete(key)
        return undefined
      }
      entry.expiresMs = nowMs + lifeMs
      return entry.value
    }
    for (const [key, value] of initialValues(config.init_values)) set(key, value)
    return {
      get,
      set,
      add(key, value) {
        if (get(key) !== undefined) return false
        set(key, value)
        return true
      },
      delete: (key) => entries.delete(key),
    }
  },
})
