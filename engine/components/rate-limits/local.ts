/** So many accesses in each interval, counted in this process. */
import { Type } from '../../../crds/typebox.ts'
import { defineRateLimit, type RateLimitDefinition } from '../../pipelines/component.ts'
import { durationField } from '../../pipelines/fields.ts'

const INTERVAL_MS_DEFAULT = 1_000

export const local: RateLimitDefinition = defineRateLimit({
  name: 'local',
  status: 'stable',
  effects: 'none',
  summary: 'So many accesses in each interval, counted in this process.',
  config: Type.Object({
    count: Type.Integer({ default: 1000, minimum: 1, description: 'Accesses per interval.' }),
    interval: durationField({ description: 'How long an interval is.', default: '1s' }),
  }),
  examples: [{ title: 'Ten a minute', config: { count: 10, interval: '1m' } }],
  build: (config, context) => {
    const { clock } = context.environment
    const intervalMs = context.durationMs(config.interval) ?? INTERVAL_MS_DEFAULT
    let left = config.count
    let startedMs = clock.monotonicMs()
    return {
      access() {
        const sinceMs = clock.monotonicMs() - startedMs
        if (sinceMs >= intervalMs) {
          startedMs += sinceMs
          left = config.count
        }
        if (left === 0) return intervalMs - sinceMs
        left -= 1
        return 0
      },
    }
  },
})
