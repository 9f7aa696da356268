/** Takes everything and keeps nothing: what reaches it counts as delivered. */
import { Type } from '../../../crds/typebox.ts'
import { defineOutput, type OutputDefinition } from '../../pipelines/component.ts'

export const drop: OutputDefinition = defineOutput({
  name: 'drop',
  status: 'stable',
  effects: 'none',
  summary: 'Discards every message.',
  alone: true,
  config: Type.Object({}),
  delivery: 'discards',
  examples: [{ title: 'Discard', config: {} }],
  build: () => ({
    connect: async () => {},
    write: () => {},
    close: async () => {},
  }),
})
