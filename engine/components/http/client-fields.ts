/** The fields that `http_client` and `http` share: a request, who sends it, and when it is sent again. */
import { type TUnsafe, Type } from '../../../crds/typebox.ts'
import type { ConfigFault } from '../../pipelines/component.ts'
import { durationField, interpolatedField, rateLimitField } from '../../pipelines/fields.ts'
import type { Need } from '../../pipelines/pipeline.ts'
import {
  type MetadataFilter,
  metadataFilterFaults,
  metadataFilterField,
} from '../metadata-filter.ts'
import { type TlsConfig, tlsFaults, tlsFields, tlsNeeds } from '../tls-fields.ts'
import {
  type CredentialsConfig,
  credentialFaults,
  credentialFields,
  credentialNeeds,
  type OAuth2Config,
  oauth2Faults,
  oauth2Field,
} from './credential-fields.ts'

export interface ClientConfig extends CredentialsConfig {
  readonly url: string
  readonly verb: string
  readonly headers: Readonly<Record<string, string>>
  readonly metadata: MetadataFilter
  readonly dump_request_log_level: string
  readonly oauth2: OAuth2Config
  readonly tls: TlsConfig
  readonly extract_headers: MetadataFilter
  readonly rate_limit: string
  readonly timeout: string
  readonly retry_period: string
  readonly max_retry_backoff: string
  readonly retries: number
  readonly follow_redirects: boolean
  readonly backoff_on: readonly number[]
  readonly drop_on: readonly number[]
  readonly successful_on: readonly number[]
  readonly proxy_url: string
  readonly disable_http2: boolean
}

type ClientFields = { readonly [Name in keyof ClientConfig]: TUnsafe<ClientConfig[Name]> }

const LOG_LEVELS = ['', 'OFF', 'FATAL', 'ERROR', 'WARN', 'INFO', 'DEBUG', 'TRACE', 'ALL']

/** To be spread into a component's fields. */
export function clientFields(verb: string): ClientFields {
  return {
    url: interpolatedField({
      description: 'Where to send.',
      examples: ['http://127.0.0.1:8080/${! @topic }'],
    }),
    verb: text({ default: verb, minLength: 1, description: 'The method.' }),
    headers: Type.Unsafe<Readonly<Record<string, string>>>(
      Type.Record(Type.String(), interpolatedField({ description: 'A header.' }), {
        default: {},
        description: 'Headers of the request.',
      }),
    ),
    metadata: metadataFilterField('Which metadata of a message becomes headers of its request.'),
    dump_request_log_level: Type.Unsafe<string>({
      type: 'string',
      enum: LOG_LEVELS,
      default: '',
      description: 'Logs each request at this level: method, address and names of headers.',
    }),
    ...credentialFields,
    oauth2: oauth2Field,
    tls: tlsFields,
    extract_headers: metadataFilterField(
      'Which headers of an answer become metadata; their names are in lower case.',
    ),
    rate_limit: rateLimitField({ default: '', description: 'What each request waits for.' }),
    timeout: durationField({ default: '5s', description: 'How long an answer may take.' }),
    retry_period: durationField({ default: '1s', description: 'The wait before a retry.' }),
    max_retry_backoff: durationField({ default: '300s', description: 'The longest wait.' }),
    retries: Type.Unsafe<number>(
      Type.Integer({ default: 3, minimum: 0, description: 'Tries after the first.' }),
    ),
    follow_redirects: flag(true, 'Whether the request goes where an answer points to.'),
    backoff_on: statuses([429], 'Statuses that fail, and after which waits double.'),
    drop_on: statuses([], 'Statuses that fail, and are not retried.'),
    successful_on: statuses([], 'Statuses besides 200 to 299 that mean success.'),
    proxy_url: text({ default: '', description: 'A proxy that requests go through.' }),
    disable_http2: flag(false, 'Whether HTTP/2 is not offered to a server behind TLS.'),
  }
}

export function clientNeeds(config: ClientConfig): readonly Need[] {
  return [...tlsNeeds(config.tls), ...credentialNeeds(config)]
}

export function clientFaults(config: ClientConfig): readonly ConfigFault[] {
  const { url, verb, proxy_url: proxy } = config
  const faults: ConfigFault[] = [
    ...tlsFaults(config.tls),
    ...credentialFaults(config),
    ...oauth2Faults(config.oauth2),
    ...metadataFilterFaults(config.metadata, ['metadata']),
    ...metadataFilterFaults(config.extract_headers, ['extract_headers']),
  ]
  if (!url.includes('${') && !/^https?:\/\/./i.test(url)) {
    const hint = URL.canParse(`http://${url}`)
      ? { hint: 'Write http:// or https:// before it.' }
      : {}
    faults.push({ path: ['url'], message: 'expected an http:// or https:// URL', ...hint })
  }
  if (!/^[A-Z]+$/.test(verb) && !verb.includes('${')) {
    faults.push({ path: ['verb'], message: `expected a method such as POST, got ${verb}` })
  }
  if (proxy !== '' && !proxy.includes('${') && !/^(https?|socks5):\/\/\S+$/.test(proxy)) {
    faults.push({ path: ['proxy_url'], message: 'expected an http://, https:// or socks5:// URL' })
  }
  return faults
}

function text(options: Readonly<Record<string, unknown>>): TUnsafe<string> {
  return Type.Unsafe<string>(Type.String(options))
}

function flag(standard: boolean, description: string): TUnsafe<boolean> {
  return Type.Unsafe<boolean>(Type.Boolean({ default: standard, description }))
}

function statuses(standard: readonly number[], description: string): TUnsafe<readonly number[]> {
  const item = Type.Integer({ minimum: 100, maximum: 599 })
  return Type.Unsafe<readonly number[]>(Type.Array(item, { default: [...standard], description }))
}
