/** The fields of every component that talks to Kafka's brokers, and what they mean to the client. */
import type { BaseOptions, SASLOptions } from '@platformatic/kafka'
import { type TUnsafe, Type } from '../../../crds/typebox.ts'
import { HeadgateError } from '../../error.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import type { ConfigFault } from '../../pipelines/component.ts'
import { cacheField, secretField } from '../../pipelines/fields.ts'
import type { SecretReference } from '../../pipelines/pipeline.ts'
import { secretOf, type TlsConfig, tlsFaults, tlsFields, tlsOptions } from '../tls-fields.ts'

const MECHANISMS = ['none', 'PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const

const login = Type.Object(
  {
    mechanism: Type.Union(
      MECHANISMS.map((name) => Type.Literal(name)),
      { default: 'none', description: 'How this side says who it is.' },
    ),
    user: Type.String({ default: '', description: 'The user of PLAIN and SCRAM.' }),
    password: secretField({ default: '', description: 'The password of PLAIN and SCRAM.' }),
    access_token: secretField({ default: '', description: 'The token of OAUTHBEARER.' }),
    token_cache: cacheField({
      default: '',
      description: 'A cache that holds the token of OAUTHBEARER; it is read for each connection.',
    }),
    token_key: Type.String({ default: '', description: 'Where the cache holds it.' }),
  },
  { default: {}, description: 'Authentication.' },
)

/** As the schema says. */
export interface BrokerConfig {
  readonly addresses: readonly string[]
  readonly target_version: string
  readonly tls: TlsConfig
  readonly sasl: LoginConfig
  readonly client_id: string
  readonly rack_id: string
}

export interface LoginConfig {
  readonly mechanism: (typeof MECHANISMS)[number]
  readonly user: string
  readonly password: string | SecretReference
  readonly access_token: string | SecretReference
  readonly token_cache: string
  readonly token_key: string
}

/** For a component's own fields: `{ ...brokerFields, … }`. */
export const brokerFields: {
  readonly [Field in keyof BrokerConfig]: TUnsafe<BrokerConfig[Field]>
} = {
  addresses: Type.Unsafe<readonly string[]>(
    Type.Array(Type.String({ minLength: 1 }), {
      minItems: 1,
      description: 'Brokers to begin with; one text may hold several, with commas between them.',
      examples: [['localhost:9092'], ['localhost:9041,localhost:9042']],
    }),
  ),
  target_version: Type.Unsafe<string>(
    Type.String({
      default: '',
      description:
        'The version of the brokers. What is spoken is agreed with each of them; they are of 3.5 or later.',
      examples: ['3.7.0'],
    }),
  ),
  tls: tlsFields,
  sasl: Type.Unsafe<LoginConfig>(login),
  client_id: Type.Unsafe<string>(
    Type.String({
      default: 'headgate',
      minLength: 1,
      description: 'What brokers call this side in their logs and quotas.',
    }),
  ),
  rack_id: Type.Unsafe<string>(
    Type.String({
      default: '',
      description: 'Where this side stands, for brokers that let read from the nearest replica.',
    }),
  ),
}

const TEXT_LIST_SEPARATOR = ','

/** Items that hold several, with commas between them, parted. */
export function parted(items: readonly string[]): readonly string[] {
  return items
    .flatMap((item) => item.split(TEXT_LIST_SEPARATOR))
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

const ADDRESS = /^(\[[0-9a-f:.]+\]|[^:/\s]+)(:[0-9]{1,5})?$/i
const VERSION = /^[0-9]+(\.[0-9]+){1,3}$/

/** For a component's `check`. */
export function brokerFaults(config: BrokerConfig): readonly ConfigFault[] {
  const { addresses, target_version: version, sasl, tls } = config
  const faults: ConfigFault[] = [...tlsFaults(tls)]
  addresses.forEach((item, index) => {
    if (item.includes('${')) return
    const wrong = parted([item]).find((address) => !ADDRESS.test(address))
    if (wrong === undefined && parted([item]).length > 0) return
    const message = `expected an address such as localhost:9092, got ${JSON.stringify(item)}`
    faults.push({ path: ['addresses', index], message })
  })
  if (version !== '' && !version.includes('${') && !VERSION.test(version)) {
    const message = `expected a version such as 3.7.0, got ${JSON.stringify(version)}`
    faults.push({ path: ['target_version'], message })
  }
  return [...faults, ...loginFaults(sasl)]
}

function loginFaults(config: LoginConfig): readonly ConfigFault[] {
  const { mechanism, user, access_token: token, token_cache: cache, token_key: key } = config
  if (mechanism === 'OAUTHBEARER') {
    if ((token === '') === (cache === '')) {
      const got = token === '' ? 'neither' : 'both'
      const message = `expected access_token or token_cache with OAUTHBEARER, got ${got}`
      return [{ path: ['sasl'], message }]
    }
    if (cache !== '' && key === '')
      return [{ path: ['sasl'], message: 'expected token_key beside token_cache, got none' }]
  } else if (mechanism !== 'none' && user === '') {
    return [{ path: ['sasl'], message: `expected a user with ${mechanism}, got none` }]
  }
  return []
}

/** What every client is made with. To be called in `connect`: secrets are resolved, and files read. */
export async function clientOptions(
  config: BrokerConfig,
  context: BuildContext,
): Promise<BaseOptions> {
  const tls = await tlsOptions(config.tls, context)
  const sasl = await saslOptions(config.sasl, context)
  return {
    clientId: config.client_id,
    bootstrapBrokers: [...parted(config.addresses)],
    // Whoever uses a client connects it again; the client repeats nothing behind its back.
    retries: 0,
    ...(config.rack_id === '' ? {} : { clientRack: config.rack_id }),
    ...(tls === undefined ? {} : { tls }),
    ...(sasl === undefined ? {} : { sasl }),
  }
}

async function saslOptions(
  { mechanism, user, password, access_token, token_cache, token_key }: LoginConfig,
  context: BuildContext,
): Promise<SASLOptions | undefined> {
  if (mechanism === 'none') return undefined
  if (mechanism !== 'OAUTHBEARER')
    return { mechanism, username: user, password: await secretOf(password, context) }
  if (token_cache === '') return { mechanism, token: await secretOf(access_token, context) }
  const cache = await context.cache(token_cache)
  return {
    mechanism,
    token: async () => {
      const value = await cache.get(token_key)
      if (value !== undefined) return new TextDecoder().decode(value)
      const message = `the cache ${token_cache} holds no token at ${JSON.stringify(token_key)}`
      throw new HeadgateError('NotConnected', message)
    },
  }
}
