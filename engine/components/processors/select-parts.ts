/** Keeps messages of a batch by their place, and filters the others. */
import { Type } from '../../../crds/typebox.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'

export const selectParts: ProcessorDefinition = defineProcessor({
  name: 'select_parts',
  status: 'stable',
  effects: 'none',
  portable: true,
  summary: 'Keeps messages of a batch by their place, in the order given.',
  description: 'A place that the batch does not have is passed over.',
  config: Type.Object({
    parts: Type.Array(Type.Integer(), {
      default: [0],
      description: 'The places, from 0; negative ones count from the end, -1 is the last.',
    }),
  }),
  examples: [{ title: 'The last', config: { parts: [-1] }, given: [{ id: 1 }], then: [{ id: 1 }] }],
  build: ({ parts }) => ({
    process(batch) {
      const kept = parts.flatMap((place) => batch.at(place) ?? [])
      return kept.length === 0 ? [] : [kept]
    },
  }),
})
