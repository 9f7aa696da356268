/** The fields that both names of the Elasticsearch output have in common. */
import { type TUnsafe, Type } from '../../../crds/typebox.ts'
import type { ConfigFault } from '../../pipelines/component.ts'
import { durationField, interpolatedField } from '../../pipelines/fields.ts'
import { type BasicAuthConfig, credentialFields } from '../http/credential-fields.ts'
import { type TlsConfig, tlsFaults, tlsFields } from '../tls-fields.ts'
import { ACTIONS } from './bulk-operations.ts'

export interface Backoff {
  readonly initial_interval: string
  readonly max_interval: string
  readonly max_elapsed_time: string
}

/** What neither name has a default for that the other has, too. */
export interface CommonConfig {
  readonly urls: readonly string[]
  readonly pipeline: string
  readonly routing: string
  readonly retry_on_conflict: number
  readonly timeout: string
  readonly tls: TlsConfig
  readonly basic_auth: BasicAuthConfig
  readonly gzip_compression: boolean
  readonly max_retries: number
  readonly backoff: Backoff
}

export interface BulkConfig extends CommonConfig {
  readonly index: string
  readonly action: string
  readonly id: string
  /** Whether the nodes of the cluster are asked for at the start. */
  readonly sniff: boolean
  /** Whether the first node has to answer before anything is written. */
  readonly healthcheck: boolean
}

export const commonFields: {
  readonly [Field in keyof CommonConfig]: TUnsafe<CommonConfig[Field]>
} = {
  urls: Type.Unsafe<readonly string[]>(
    Type.Array(Type.String({ minLength: 1 }), {
      minItems: 1,
      description: 'Nodes of the cluster; one text may hold several, with commas between them.',
      examples: [['http://localhost:9200']],
    }),
  ),
  pipeline: interpolatedField({
    default: '',
    description: 'An ingest pipeline of the cluster that documents run through first.',
  }),
  routing: interpolatedField({ default: '', description: 'What the shard is chosen by.' }),
  retry_on_conflict: Type.Unsafe<number>(
    Type.Integer({
      default: 0,
      minimum: 0,
      description: 'How often an update that met another one is tried again by the cluster.',
    }),
  ),
  timeout: durationField({ default: '5s', description: 'How long an answer may take.' }),
  tls: tlsFields,
  basic_auth: credentialFields.basic_auth,
  gzip_compression: Type.Unsafe<boolean>(
    Type.Boolean({ default: false, description: 'Whether requests are compressed.' }),
  ),
  max_retries: Type.Unsafe<number>(
    Type.Integer({
      default: 0,
      minimum: 0,
      description: 'Tries after the first; 0 for no such limit.',
    }),
  ),
  backoff: Type.Unsafe<Backoff>(
    Type.Object(
      {
        initial_interval: durationField({ default: '1s', description: 'The first wait.' }),
        max_interval: durationField({ default: '5s', description: 'The longest wait.' }),
        max_elapsed_time: durationField({
          default: '30s',
          description: 'After how long no more is tried; empty or 0s for never.',
        }),
      },
      { default: {}, description: 'How long to wait between tries.' },
    ),
  ),
}

export function urlsOf(urls: readonly string[]): readonly string[] {
  return urls
    .flatMap((item) => item.split(','))
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

/** For a component's `check`. */
export function bulkFaults(config: CommonConfig & { readonly action: string }): ConfigFault[] {
  const faults = [...tlsFaults(config.tls)]
  config.urls.forEach((item, index) => {
    if (item.includes('${')) return
    const wrong = urlsOf([item]).find((url) => !/^https?:$/.test(protocolOf(url)))
    if (wrong === undefined) return
    const message = `expected an address such as http://localhost:9200, got ${JSON.stringify(item)}`
    faults.push({ path: ['urls', index], message })
  })
  const { action } = config
  if (!action.includes('${') && !ACTIONS.some((name) => name === action)) {
    const message = `expected one of ${ACTIONS.join(', ')}, got ${JSON.stringify(action)}`
    faults.push({ path: ['action'], message })
  }
  return faults
}

function protocolOf(url: string): string {
  return URL.canParse(url) ? new URL(url).protocol : ''
}
