/** Passes everything on as it is: a place holder where a processor is wanted and none is needed. */
import { Type } from '../../../crds/typebox.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'

export const noop: ProcessorDefinition = defineProcessor({
  name: 'noop',
  status: 'stable',
  effects: 'none',
  portable: true,
  alone: true,
  summary: 'Passes messages on unchanged.',
  config: Type.Object({}),
  examples: [{ title: 'Nothing happens', config: {}, given: [{ id: 1 }], then: [{ id: 1 }] }],
  build: () => ({ process: (batch) => [batch] }),
})
