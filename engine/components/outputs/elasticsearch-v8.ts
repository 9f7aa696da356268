/** Writes documents to Elasticsearch. */
import { type Static, type TObject, Type } from '../../../crds/typebox.ts'
import { defineOutput, type OutputDefinition } from '../../pipelines/component.ts'
import { interpolatedField } from '../../pipelines/fields.ts'
import { bulkFaults, commonFields } from '../elasticsearch/bulk-fields.ts'
import { BulkOutput } from '../elasticsearch/bulk-output.ts'
import { tlsNeeds } from '../tls-fields.ts'

const fields = {
  ...commonFields,
  index: interpolatedField({ description: 'The index of a document.', examples: ['orders'] }),
  action: interpolatedField({
    description: 'What to do with a document: `index`, `create`, `update`, `upsert` or `delete`.',
    examples: ['index'],
  }),
  id: interpolatedField({
    description: 'The id of a document; empty for one that the cluster makes up.',
    examples: ['${! json("id") }'],
  }),
}
const config: TObject<typeof fields> = Type.Object(fields)
type Config = Static<typeof config>

export const elasticsearchV8: OutputDefinition = defineOutput({
  name: 'elasticsearch_v8',
  status: 'stable',
  effects: 'write',
  summary: 'Writes documents to Elasticsearch.',
  description: `Needs the package \`@elastic/elasticsearch\`. A batch is one request; a document that the cluster refuses is
rejected alone, and a document to delete that is not there counts as deleted.`,
  config,
  delivery: 'sends',
  maxInFlight: 64,
  batching: true,
  check: (options) => bulkFaults(options),
  needs: ({ tls }) => tlsNeeds(tls),
  examples: [
    {
      title: 'Index by an id of the document',
      config: {
        urls: ['http://localhost:9200'],
        index: 'orders',
        action: 'index',
        id: '${! json("id") }',
        batching: { count: 100, period: '1s' },
      },
    },
  ],
  build: (options: Config, context) =>
    new BulkOutput({ ...options, sniff: false, healthcheck: true }, context),
})
