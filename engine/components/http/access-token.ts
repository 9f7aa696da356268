/**
 * Tokens of OAuth 2.0 by client credentials (RFC 6749, 4.4): fetched when the first request needs one, kept until
 * shortly before they end, and fetched again after a server refused one.
 */
import type { Dispatcher } from 'undici'
import { HeadgateError } from '../../error.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import { secretOf } from '../tls-fields.ts'
import type { OAuth2Config } from './credential-fields.ts'
import { basicHeader } from './credentials.ts'
import { type Answer, exchange, withoutSecrets } from './exchange.ts'

export const TOKEN_TIMEOUT_MS = 30_000
export const TOKEN_BYTES_MAX = 65_536
/** A token counts as ended so long before it does. */
const MARGIN_MS = 10_000
/** Of a token that does not say how long it lives. */
const LIFE_MS_DEFAULT = 3_600_000

interface Token {
  readonly text: string
  readonly endsMs: number
}

export class AccessTokens {
  readonly #config: OAuth2Config
  readonly #context: Pick<BuildContext, 'environment'>
  #token: Token | undefined
  #fetching: Promise<Token> | undefined
  /** Where the server wants the client's name and secret: the header is tried first. */
  #inBody = false

  constructor(config: OAuth2Config, context: Pick<BuildContext, 'environment'>) {
    this.#config = config
    this.#context = context
  }

  /** Rejects with NotConnected or AuthFailed's like, never with anything of the secret. */
  async token(dispatcher: Dispatcher, signal: AbortSignal): Promise<string> {
    const known = this.#token
    const { clock } = this.#context.environment
    if (known !== undefined && clock.monotonicMs() < known.endsMs) return known.text
    this.#fetching ??= this.#fetch(dispatcher, signal).finally(() => {
      this.#fetching = undefined
    })
    this.#token = await this.#fetching
    return this.#token.text
  }

  /** A server did not take it. */
  refused(text: string): void {
    if (this.#token?.text === text) this.#token = undefined
  }

  async #fetch(dispatcher: Dispatcher, signal: AbortSignal): Promise<Token> {
    let answer = await this.#ask(dispatcher, signal)
    if (answer.kind === 'answered' && [400, 401].includes(answer.status)) {
      this.#inBody = !this.#inBody
      answer = await this.#ask(dispatcher, signal)
    }
    if (answer.kind === 'failed') throw answer.error
    if (answer.status >= 200 && answer.status <= 299) return this.#read(answer.body)
    throw this.#failure(`answered ${answer.status}`)
  }

  async #ask(dispatcher: Dispatcher, signal: AbortSignal): Promise<Answer> {
    const { client_key, client_secret, scopes, endpoint_params, token_url } = this.#config
    const secret = await secretOf(client_secret, this.#context)
    const form = new URLSearchParams({ grant_type: 'client_credentials' })
    if (scopes.length > 0) form.set('scope', scopes.join(' '))
    for (const [name, values] of Object.entries(endpoint_params)) {
      form.delete(name)
      for (const value of values) form.append(name, value)
    }
    if (this.#inBody) {
      form.set('client_id', client_key)
      form.set('client_secret', secret)
    }
    const header = basicHeader(encodeURIComponent(client_key), encodeURIComponent(secret))
    return await exchange(
      {
        url: token_url,
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          ...(this.#inBody ? {} : { authorization: header }),
        },
        body: Buffer.from(form.toString()),
        timeoutMs: TOKEN_TIMEOUT_MS,
        bodyBytesMax: TOKEN_BYTES_MAX,
      },
      { dispatcher, clock: this.#context.environment.clock, signal },
    )
  }

  #read(body: Uint8Array): Token {
    const { access_token, expires_in } = parsed(body)
    if (typeof access_token !== 'string' || !/^[\x21-\x7e]+$/.test(access_token)) {
      throw this.#failure('gave no access_token')
    }
    const seconds = Number(expires_in)
    const lifeMs = seconds > 0 ? seconds * 1_000 : LIFE_MS_DEFAULT
    const nowMs = this.#context.environment.clock.monotonicMs()
    return { text: access_token, endsMs: nowMs + lifeMs - Math.min(MARGIN_MS, lifeMs / 2) }
  }

  #failure(what: string): HeadgateError {
    const message = `${withoutSecrets(this.#config.token_url)} ${what} when asked for a token`
    return new HeadgateError('NotConnected', message, {
      hint: 'Look at token_url, client_key, client_secret and scopes of oauth2.',
    })
  }
}

function parsed(body: Uint8Array): { access_token?: unknown; expires_in?: unknown } {
  try {
    return Object(JSON.parse(Buffer.from(body).toString()))
  } catch {
    return {}
  }
}
