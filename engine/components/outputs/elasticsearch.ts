/** The older name of `elasticsearch_v8`, with the defaults that it had. */
import { type Static, type TObject, Type } from '../../../crds/typebox.ts'
import { defineOutput, type OutputDefinition } from '../../pipelines/component.ts'
import { interpolatedField } from '../../pipelines/fields.ts'
import { unsupportedField } from '../../pipelines/unsupported-field.ts'
import { bulkFaults, commonFields } from '../elasticsearch/bulk-fields.ts'
import { BulkOutput } from '../elasticsearch/bulk-output.ts'
import { tlsNeeds } from '../tls-fields.ts'

const UNSIGNED = 'requests are not signed for AWS'
const nothing = unsupportedField('', UNSIGNED)

const fields = {
  ...commonFields,
  index: interpolatedField({ default: 'benthos_index', description: 'The index of a document.' }),
  action: interpolatedField({
    default: 'index',
    description: 'What to do with a document: `index`, `create`, `update`, `upsert` or `delete`.',
  }),
  id: interpolatedField({
    default: '${! count("elastic_ids") }-${! timestamp_unix() }',
    description: 'The id of a document; empty for one that the cluster makes up.',
  }),
  type: unsupportedField('', 'types of documents are gone from the cluster since version 8'),
  sniff: Type.Boolean({
    default: true,
    description: 'Whether the cluster is asked at the start for its other nodes.',
  }),
  healthcheck: Type.Boolean({
    default: true,
    description: 'Whether a node has to answer before anything is written.',
  }),
  aws: Type.Object(
    {
      enabled: unsupportedField(false, UNSIGNED),
      region: nothing,
      endpoint: nothing,
      credentials: Type.Object(
        {
          profile: nothing,
          id: nothing,
          secret: nothing,
          token: nothing,
          from_ec2_role: unsupportedField(false, UNSIGNED),
          role: nothing,
          role_external_id: nothing,
          expiry_window: nothing,
        },
        { default: {}, description: `Not supported: ${UNSIGNED}.` },
      ),
    },
    { default: {}, description: `Not supported: ${UNSIGNED}.` },
  ),
}
const config: TObject<typeof fields> = Type.Object(fields)
type Config = Static<typeof config>

export const elasticsearch: OutputDefinition = defineOutput({
  name: 'elasticsearch',
  status: 'deprecated',
  effects: 'write',
  summary: 'Writes documents to Elasticsearch; the older name of `elasticsearch_v8`.',
  description: 'It has defaults where `elasticsearch_v8` wants to be told.',
  config,
  delivery: 'sends',
  maxInFlight: 64,
  batching: true,
  check: (options) => bulkFaults(options),
  needs: ({ tls }) => tlsNeeds(tls),
  examples: [
    { title: 'All defaults', config: { urls: ['http://localhost:9200'] } },
    {
      title: 'Index by an id of the document',
      config: { urls: ['http://localhost:9200'], index: 'orders', id: '${! json("id") }' },
    },
  ],
  build: ({ type: _, aws: __, ...options }: Config, context) => new BulkOutput(options, context),
})
