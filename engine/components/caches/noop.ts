/** Forgets everything: nothing is ever there, and everything can be added. */
import { Type } from '../../../crds/typebox.ts'
import { type CacheDefinition, defineCache } from '../../pipelines/component.ts'

export const noopCache: CacheDefinition = defineCache({
  name: 'noop',
  status: 'stable',
  effects: 'none',
  summary: 'Forgets everything: nothing is ever there, and everything can be added.',
  config: Type.Object({}),
  examples: [{ title: 'No cache where one is asked for', config: {} }],
  build: () => ({ get: () => undefined, set: () => {}, add: () => true, delete: () => {} }),
})
