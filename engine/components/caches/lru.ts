/** A map in memory of so many entries; the one that was used longest ago makes room for a new one. */
import { Type } from '../../../crds/typebox.ts'
import { type CacheDefinition, defineCache } from '../../pipelines/component.ts'
import { initialValues, initialValuesField } from './initial-values.ts'
import { RecentEntries } from './recent-entries.ts'

export const lru: CacheDefinition = defineCache({
  name: 'lru',
  status: 'stable',
  effects: 'none',
  summary: 'So many values in memory; what was used longest ago makes room.',
  description: 'Values never expire: a `ttl` that a component gives has no effect.',
  config: Type.Object({
    cap: Type.Integer({ default: 1000, minimum: 1, description: 'How many values it holds.' }),
    init_values: initialValuesField('Values that are there from the start.'),
    algorithm: Type.Unsafe<'standard'>({
      type: 'string',
      enum: ['standard'],
      default: 'standard',
      description: 'Which value makes room: the one that was used longest ago.',
    }),
    optimistic: Type.Boolean({
      default: false,
      description: 'Accepted, and without an effect: access to a cache needs no locks here.',
    }),
  }),
  examples: [{ title: 'The last ten thousand', config: { cap: 10_000 } }],
  build: (config) => {
    const entries = new RecentEntries<Uint8Array>(config.cap)
    for (const [key, value] of initialValues(config.init_values)) entries.set(key, value)
    return {
      get: (key) => entries.get(key),
      set: (key, value) => entries.set(key, value),
      add(key, value) {
        if (entries.get(key) !== undefined) return false
        entries.set(key, value)
        return true
      },
      delete: (key) => entries.delete(key),
    }
  },
})
