/** No buffer at all: an input is acknowledged once the output delivered. It is what a pipeline has anyway. */
import { Type } from '../../../crds/typebox.ts'
import { type BufferDefinition, defineBuffer } from '../../pipelines/component.ts'

export const none: BufferDefinition = defineBuffer({
  name: 'none',
  status: 'stable',
  effects: 'none',
  summary: 'Acknowledges a batch once the output delivered it.',
  config: Type.Object({}),
  keepsTransaction: true,
  build: () => undefined,
})
