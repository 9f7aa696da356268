/** Holds messages back until a rate limit lets them go on. */
import { Type } from '../../../crds/typebox.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { rateLimitField } from '../../pipelines/fields.ts'
import { eachMessage } from '../each-message.ts'
import { passes } from '../rate-limited.ts'

export const rateLimit: ProcessorDefinition = defineProcessor({
  name: 'rate_limit',
  status: 'stable',
  effects: 'none',
  summary: 'Lets each message go on when a rate limit allows it.',
  config: Type.Object({ resource: rateLimitField({ description: 'The rate limit.' }) }),
  examples: [
    {
      title: 'As fast as it may be',
      config: { resource: 'few' },
      resources: { rate_limit_resources: [{ label: 'few', local: { count: 10 } }] },
      given: [{ id: 1 }],
      then: [{ id: 1 }],
    },
  ],
  build: async (config, context) => {
    const limit = await context.rateLimit(config.resource)
    const { clock } = context.environment
    return eachMessage(context, (message, _index, _batch, signal) => {
      const waits = passes(limit, clock, signal)
      return waits === undefined ? message : waits.then(() => message)
    })
  },
})
