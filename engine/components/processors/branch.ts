/** Sends something made of each message through processors, and maps what comes back into the message. */
import { Type } from '../../../crds/typebox.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { mappingField, processorsField } from '../../pipelines/fields.ts'
import { branchOf } from '../branch.ts'
import { whenReady } from '../in-turn.ts'

export const branch: ProcessorDefinition = defineProcessor({
  name: 'branch',
  status: 'stable',
  effects: 'none',
  portable: true,
  summary:
    'Runs processors on a request made of each message, and maps the result into the message.',
  description:
    'The requests of a batch are a batch for the processors, which must give back as many messages as they got. Where ' +
    'anything fails the message stays as it was, and is flagged.',
  config: Type.Object({
    request_map: mappingField({
      description:
        'What is sent; empty is a copy of the message. A message whose root is deleted() is left out, and stays as it was.',
      default: '',
      examples: ['root.id = this.user.id'],
    }),
    processors: processorsField({ description: 'What runs on the requests.' }),
    result_map: mappingField({
      description:
        'What is taken over: `this` is the result, and `root` the message. Empty takes nothing over.',
      default: '',
      examples: ['root.user.name = this.name'],
    }),
  }),
  examples: [
    {
      title: 'Look up, and keep the rest',
      config: {
        request_map: 'root.n = this.a',
        processors: [{ mapping: 'root = this.n * 10' }],
        result_map: 'root.b = this',
      },
      given: [{ a: 1 }, { a: 2 }],
      then: [
        { a: 1, b: 10 },
        { a: 2, b: 20 },
      ],
    },
  ],
  build: async (config, context) => {
    const one = await branchOf(config, [], context)
    return {
      process: (batch, signal) =>
        whenReady(one.run(batch, signal), (results) => {
          const messages = results.flatMap(({ message }) => message ?? [])
          return messages.length === 0 ? [] : [messages]
        }),
      close: () => one.close(),
    }
  },
})
