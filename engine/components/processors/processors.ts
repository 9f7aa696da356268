/** Processors in a list, as one: to give them a label, a place in a case, or a name of their own as a resource. */
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { processorsField } from '../../pipelines/fields.ts'

export const processors: ProcessorDefinition = defineProcessor({
  name: 'processors',
  status: 'stable',
  effects: 'none',
  portable: true,
  summary: 'A list of processors in the place of one.',
  config: processorsField({ description: 'What runs, in order, on the batch as it is.' }),
  examples: [
    {
      title: 'Two in one',
      config: [{ mapping: 'root.a = this.a + 1' }, { mapping: 'root.b = this.a * 2' }],
      given: [{ a: 1 }],
      then: [{ b: 4 }],
    },
  ],
  build: async (config, context) => {
    const chain = await context.processors(config, [])
    return {
      process: (batch, signal) => chain.run(batch, signal),
      close: () => chain.close(),
    }
  },
})
