/** Who calls, once the secrets of the config are known: the Authorization header of each request. */
import type { BuildContext } from '../../pipelines/build-context.ts'
import { secretOf, textOf } from '../tls-fields.ts'
import { bearerToken } from './bearer-token.ts'
import type { CredentialsConfig } from './credential-fields.ts'
import { type OAuthIdentity, oauthHeader } from './oauth-signature.ts'

export class Credentials {
  readonly #context: Pick<BuildContext, 'environment'>
  #oauth: OAuthIdentity | undefined
  #fixed: string | undefined

  private constructor(context: Pick<BuildContext, 'environment'>) {
    this.#context = context
  }

  /** To be called in `connect`: it resolves secrets and reads the key. */
  static async from(
    { oauth, basic_auth, jwt }: CredentialsConfig,
    context: Pick<BuildContext, 'environment'>,
  ): Promise<Credentials> {
    const credentials = new Credentials(context)
    if (oauth.enabled) {
      credentials.#oauth = {
        consumerKey: oauth.consumer_key,
        consumerSecret: await secretOf(oauth.consumer_secret, context),
        token: await secretOf(oauth.access_token, context),
        tokenSecret: await secretOf(oauth.access_token_secret, context),
      }
    }
    if (jwt.enabled) {
      credentials.#fixed = `Bearer ${bearerToken(jwt, await textOf(jwt.private_key_file, context))}`
    }
    if (basic_auth.enabled) {
      const password = await secretOf(basic_auth.password, context)
      credentials.#fixed = basicHeader(basic_auth.username, password)
    }
    return credentials
  }

  /** Undefined where nobody is named. */
  header(method: string, url: string): string | undefined {
    if (this.#fixed !== undefined || this.#oauth === undefined) return this.#fixed
    const { clock, random } = this.#context.environment
    return oauthHeader(method, url, this.#oauth, {
      nonce: Buffer.from(random.bytes(16)).toString('hex'),
      seconds: Math.floor(clock.wallUs() / 1_000_000),
    })
  }
}

export function basicHeader(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`
}
