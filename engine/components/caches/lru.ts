/** A map in memory of so many entries; what is used little makes room for a new one. */
import { Type } from '../../../crds/typebox.ts'
import { type CacheDefinition, defineCache } from '../../pipelines/component.ts'
import { AdaptiveEntries } from './adaptive-entries.ts'
import { initialValues, initialValuesField } from './initial-values.ts'
import { type Entries, RecentEntries } from './recent-entries.ts'
import { TwoQueueEntries } from './two-queue-entries.ts'

const ALGORITHMS = ['standard', 'arc', 'two_queues'] as const

export const lru: CacheDefinition = defineCache({
  name: 'lru',
  status: 'stable',
  effects: 'none',
  summary: 'So many values in memory; what was used longest ago makes room.',
  description: 'Values never expire: a `ttl` that a component gives has no effect.',
  config: Type.Object({
    cap: Type.Integer({ default: 1000, minimum: 1, description: 'How many values it holds.' }),
    init_values: initialValuesField('Values that are there from the start.'),
    algorithm: Type.Unsafe<(typeof ALGORITHMS)[number]>({
      type: 'string',
      enum: ALGORITHMS,
      default: 'standard',
      description:
        'Which value makes room: `standard`, the one that was used longest ago; `two_queues` and `arc` spare what is used often.',
    }),
    two_queues_recent_ratio: Type.Number({
      default: 0.25,
      minimum: 0,
      maximum: 1,
      description: 'With `two_queues`, the share of values that were used once.',
    }),
    two_queues_ghost_ratio: Type.Number({
      default: 0.5,
      minimum: 0,
      maximum: 1,
      description: 'With `two_queues`, how many keys are remembered that made room, as a share.',
    }),
    optimistic: Type.Boolean({
      default: false,
      description: 'Accepted, and without an effect: access to a cache needs no locks here.',
    }),
  }),
  examples: [{ title: 'The last ten thousand', config: { cap: 10_000 } }],
  build: (config) => {
    const entries = entriesOf(config)
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

interface Config {
  readonly cap: number
  readonly algorithm: (typeof ALGORITHMS)[number]
  readonly two_queues_recent_ratio: number
  readonly two_queues_ghost_ratio: number
}

function entriesOf({ cap, algorithm, ...ratios }: Config): Entries<Uint8Array> {
  switch (algorithm) {
    case 'standard':
      return new RecentEntries(cap)
    case 'arc':
      return new AdaptiveEntries(cap)
    case 'two_queues':
      return new TwoQueueEntries({
        cap,
        recentRatio: ratios.two_queues_recent_ratio,
        ghostRatio: ratios.two_queues_ghost_ratio,
      })
  }
}
