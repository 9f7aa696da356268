/** The fields that say who calls a server: OAuth 1, basic authentication, a signed token; and OAuth 2 beside them. */
import { type TUnsafe, Type } from '../../../crds/typebox.ts'
import type { ConfigFault } from '../../pipelines/component.ts'
import { secretField } from '../../pipelines/fields.ts'
import type { Need, SecretReference } from '../../pipelines/pipeline.ts'

type Secret = string | SecretReference

export interface OAuthConfig {
  readonly enabled: boolean
  readonly consumer_key: string
  readonly consumer_secret: Secret
  readonly access_token: Secret
  readonly access_token_secret: Secret
}

export interface BasicAuthConfig {
  readonly enabled: boolean
  readonly username: string
  readonly password: Secret
}

export interface JwtConfig {
  readonly enabled: boolean
  readonly private_key_file: string
  readonly signing_method: string
  readonly claims: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, unknown>>
}

export interface OAuth2Config {
  readonly enabled: boolean
  readonly client_key: string
  readonly client_secret: Secret
  readonly token_url: string
  readonly scopes: readonly string[]
  readonly endpoint_params: Readonly<Record<string, readonly string[]>>
}

export interface CredentialsConfig {
  readonly oauth: OAuthConfig
  readonly basic_auth: BasicAuthConfig
  readonly jwt: JwtConfig
}

export const SIGNING_METHODS: readonly string[] = ['RS256', 'RS384', 'RS512', 'EdDSA']

const enabled = Type.Boolean({ default: false, description: 'Whether it is used.' })
const text = (description: string) => Type.String({ default: '', description })
const secret = (description: string) => secretField({ default: '', description })
const values = (description: string) =>
  Type.Record(Type.String(), Type.Unknown(), { default: {}, description })

interface CredentialFields {
  readonly oauth: TUnsafe<OAuthConfig>
  readonly basic_auth: TUnsafe<BasicAuthConfig>
  readonly jwt: TUnsafe<JwtConfig>
}

/** To be spread into a component's fields. */
export const credentialFields: CredentialFields = {
  oauth: Type.Unsafe<OAuthConfig>(
    Type.Object(
      {
        enabled,
        consumer_key: text('Who calls.'),
        consumer_secret: secret('What the caller is known by.'),
        access_token: secret('On whose behalf.'),
        access_token_secret: secret('What that is known by.'),
      },
      { default: {}, description: 'OAuth 1.0: each request is signed.' },
    ),
  ),
  basic_auth: Type.Unsafe<BasicAuthConfig>(
    Type.Object(
      { enabled, username: text('The name.'), password: secret('The password.') },
      { default: {}, description: 'A name and a password.' },
    ),
  ),
  jwt: Type.Unsafe<JwtConfig>(
    Type.Object(
      {
        enabled,
        private_key_file: text('The file of the key that signs, as PEM.'),
        signing_method: text(`One of ${SIGNING_METHODS.join(', ')}.`),
        claims: values('What the token says.'),
        headers: values('Further fields of its header, such as `kid`.'),
      },
      { default: {}, description: 'A JSON web token that is signed here.' },
    ),
  ),
}

export const oauth2Field: TUnsafe<OAuth2Config> = Type.Unsafe<OAuth2Config>(
  Type.Object(
    {
      enabled,
      client_key: text('Who calls.'),
      client_secret: secret('What the caller is known by.'),
      token_url: text('Where tokens are given.'),
      scopes: Type.Array(Type.String(), { default: [], description: 'What is asked for.' }),
      endpoint_params: Type.Record(Type.String(), Type.Array(Type.String()), {
        default: {},
        description: 'Further parameters of the request for a token.',
      }),
    },
    { default: {}, description: 'OAuth 2.0: a token is fetched with the client credentials.' },
  ),
)

export function credentialNeeds({ jwt }: CredentialsConfig): readonly Need[] {
  if (!jwt.enabled || jwt.private_key_file === '') return []
  return [{ kind: 'file', name: jwt.private_key_file, path: ['jwt', 'private_key_file'] }]
}

export function credentialFaults({ jwt }: CredentialsConfig): readonly ConfigFault[] {
  if (!jwt.enabled) return []
  const faults: ConfigFault[] = []
  if (jwt.private_key_file === '') {
    faults.push({ path: ['jwt', 'private_key_file'], message: 'expected a file, got none' })
  }
  const { signing_method: method } = jwt
  if (!SIGNING_METHODS.includes(method) && !method.includes('${')) {
    const message = `expected one of ${SIGNING_METHODS.join(', ')}, got ${JSON.stringify(method)}`
    faults.push({ path: ['jwt', 'signing_method'], message })
  }
  return faults
}

export function oauth2Faults({ enabled, token_url: url }: OAuth2Config): readonly ConfigFault[] {
  if (!enabled || /^https?:\/\/\S+$/.test(url) || url.includes('${')) return []
  return [{ path: ['oauth2', 'token_url'], message: 'expected an http:// or https:// URL' }]
}
