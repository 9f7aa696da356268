/** Lets the first message with a key through, and drops those that come after it. */
import { Type } from '../../../crds/typebox.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { cacheField, interpolatedField } from '../../pipelines/fields.ts'
import { eachMessage } from '../each-message.ts'
import { whenReady } from '../in-turn.ts'

const SEEN: Uint8Array = Buffer.from('t')

export const dedupe: ProcessorDefinition = defineProcessor({
  name: 'dedupe',
  status: 'stable',
  effects: 'none',
  summary: 'Drops messages whose key was seen before.',
  description:
    'A key is seen as long as the cache remembers it. What is rejected by an output and comes again counts as a ' +
    'repetition: put a `retry` around an output behind it.',
  config: Type.Object({
    cache: cacheField({ description: 'The cache that remembers the keys.' }),
    key: interpolatedField({
      description: 'What makes two messages the same.',
      examples: ['${! this.id }'],
    }),
    drop_on_err: Type.Boolean({
      default: true,
      description: 'Whether a message is dropped, or else passed on flagged, when the cache fails.',
    }),
  }),
  examples: [
    {
      title: 'Once each',
      config: { cache: 'seen', key: '${! this.id }' },
      resources: { cache_resources: [{ label: 'seen', memory: { default_ttl: '1h' } }] },
      given: [{ id: 'a' }, { id: 'b' }, { id: 'a' }],
      then: [{ id: 'a' }, { id: 'b' }],
    },
  ],
  build: async ({ cache: label, key, drop_on_err: drops }, context) => {
    const cache = await context.cache(label)
    const keyOf = context.interpolation(key)
    return eachMessage(context, (message, index, batch) => {
      const text = keyOf.text(batch, index)
      const failed = (thrown: unknown): undefined => {
        if (!drops) throw thrown
        context.failure(thrown)
      }
      try {
        const added = cache.add(text, SEEN, undefined)
        const pass = (isNew: boolean) => (isNew ? message : undefined)
        return added instanceof Promise ? added.then(pass, failed) : whenReady(added, pass)
      } catch (thrown) {
        return failed(thrown)
      }
    })
  },
})
