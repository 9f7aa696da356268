/** Holds a batch back for a while. */
import { Type } from '../../../crds/typebox.ts'
import {
  type ConfigFault,
  defineProcessor,
  type ProcessorDefinition,
} from '../../pipelines/component.ts'
import { parseConnectDuration } from '../../pipelines/connect-duration.ts'
import { interpolatedField } from '../../pipelines/fields.ts'
import { eachMessage } from '../each-message.ts'

export const sleep: ProcessorDefinition = defineProcessor({
  name: 'sleep',
  status: 'stable',
  effects: 'none',
  summary: 'Waits for a while, once for each message.',
  config: Type.Object({
    duration: interpolatedField({
      description: 'How long; empty is not at all.',
      examples: ['100ms', '${! @wait }'],
    }),
  }),
  check: ({ duration }) => durationFaults(duration),
  examples: [
    { title: 'A moment', config: { duration: '1us' }, given: [{ id: 1 }], then: [{ id: 1 }] },
  ],
  build: ({ duration }, context) => {
    const text = context.interpolation(duration)
    const { clock } = context.environment
    return eachMessage(context, (message, index, batch, signal) => {
      const ms = context.durationMs(text.text(batch, index))
      return ms === undefined || ms === 0 ? message : clock.sleep(ms, signal).then(() => message)
    })
  },
})

/** What is filled in for each message is judged then. */
function durationFaults(duration: string): readonly ConfigFault[] {
  if (duration.includes('${') || parseConnectDuration(duration).kind !== 'invalid') return []
  const message = `expected a duration such as 5s or 1m30s, got ${JSON.stringify(duration)}`
  return [{ path: ['duration'], message }]
}
