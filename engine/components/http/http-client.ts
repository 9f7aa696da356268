/**
 * Sends requests that are made of messages, as the fields of `client-fields.ts` say: with headers and credentials,
 * within a rate limit, again after a failure.
 *
 * What an answer means to a pipeline is the component's own. Nothing that is thrown or logged holds a header's value, a
 * password, a token, or the query of an address.
 */
import type { Readable } from 'node:stream'
import type { Interpolation } from '../../bloblang/mapping.ts'
import type { Value } from '../../bloblang/values/value.ts'
import { valueText } from '../../bloblang/values/value-text.ts'
import { asHeadgateError, HeadgateError } from '../../error.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import type { RateLimit } from '../../pipelines/rate-limit.ts'
import type { OutgoingTrace } from '../../pipelines/tracing/message-trace.ts'
import type { Logger } from '../../ports/logger.ts'
import { chooserOf } from '../metadata-filter.ts'
import { passes } from '../rate-limited.ts'
import { AccessTokens } from './access-token.ts'
import type { ClientConfig } from './client-fields.ts'
import { Credentials } from './credentials.ts'
import { type OpenDispatcher, openDispatcher } from './dispatcher.ts'
import {
  type Answer,
  type AnswerHeaders,
  type Exchange,
  exchange,
  openAnswer,
  withoutSecrets,
} from './exchange.ts'

/** An answer that succeeded. */
export interface Reply {
  readonly status: number
  readonly headers: AnswerHeaders
  readonly body: Uint8Array
}

/** All tries were used up, or the answer is one that is not tried again. */
export class RequestFailed extends HeadgateError {
  /** Of the last answer; undefined where there was none. */
  readonly status: number | undefined

  constructor(message: string, status: number | undefined, cause: unknown) {
    super('OutputFailed', message, { cause })
    this.status = status
  }
}

interface Connected {
  readonly credentials: Credentials
  readonly connections: OpenDispatcher
}

export interface ClientOptions {
  readonly config: ClientConfig
  readonly context: BuildContext
  /** How much of an answer is taken; without it, answers are not read. */
  readonly bodyBytesMax?: number
  /** Whether a request goes on with the trace of its message. */
  readonly carriesTrace?: boolean
  /** Whether a redirect that is not followed is an answer like others, rather than a failure. */
  readonly takesRedirects?: boolean
}

export class HttpClient {
  readonly #config: ClientConfig
  readonly #context: BuildContext
  readonly #bodyBytesMax: number | undefined
  readonly #successMax: number
  readonly #url: Interpolation
  readonly #headers: readonly (readonly [string, Interpolation])[]
  readonly #chooses: ((name: string) => boolean) | undefined
  readonly #extracts: ((name: string) => boolean) | undefined
  readonly #limit: RateLimit | undefined
  readonly #tokens: AccessTokens | undefined
  readonly #trace: OutgoingTrace | undefined
  #connected: Connected | undefined

  private constructor(options: ClientOptions, limit: RateLimit | undefined) {
    const { config, context } = options
    this.#config = config
    this.#context = context
    this.#bodyBytesMax = options.bodyBytesMax
    this.#successMax = options.takesRedirects === true && !config.follow_redirects ? 399 : 299
    this.#limit = limit
    this.#trace = options.carriesTrace === true ? context.trace : undefined
    this.#url = context.interpolation(config.url)
    this.#headers = Object.entries(config.headers).map(([name, text]) => [
      name,
      context.interpolation(text),
    ])
    this.#chooses = chooserOf(config.metadata)
    this.#extracts = chooserOf(config.extract_headers)
    this.#tokens = config.oauth2.enabled ? new AccessTokens(config.oauth2, context) : undefined
  }

  static async from(options: ClientOptions): Promise<HttpClient> {
    const { config, context } = options
    const limit = config.rate_limit === '' ? undefined : await context.rateLimit(config.rate_limit)
    return new HttpClient(options, limit)
  }

  /** Reads secrets and files; a connection is opened with the first request. */
  async connect(): Promise<void> {
    this.#connected ??= {
      credentials: await Credentials.from(this.#config, this.#context),
      connections: await openDispatcher(this.#config, this.#context),
    }
  }

  async close(): Promise<void> {
    await this.#connected?.connections.close()
  }

  /** The request that is about the message at `index`. Its body goes with any method: some searches are a GET with one. */
  request(
    batch: Batch,
    index: number,
    body: Uint8Array | undefined,
    own: Readonly<Record<string, string>> = {},
  ): Exchange {
    const { verb, timeout } = this.#config
    const headers: Record<string, string> = { ...own }
    const message = batch[index]
    for (const [name, value] of this.#metadataOf(message)) headers[name] = value
    const trace = message === undefined ? undefined : this.#trace?.(message)
    for (const [name, value] of Object.entries(trace ?? {})) setHeader(headers, name, value)
    for (const [name, value] of this.#headers) setHeader(headers, name, value.text(batch, index))
    return {
      url: this.#url.text(batch, index),
      method: verb,
      headers,
      body,
      timeoutMs: this.#context.durationMs(timeout),
      ...(this.#bodyBytesMax === undefined ? {} : { bodyBytesMax: this.#bodyBytesMax }),
    }
  }

  /** Rejects with RequestFailed once no more is tried, and with the signal's reason when it aborts. */
  async send(request: Exchange, signal: AbortSignal): Promise<Reply> {
    const { clock } = this.#context.environment
    let waitMs = this.#context.durationMs(this.#config.retry_period) ?? 0
    const waitMsMax = this.#context.durationMs(this.#config.max_retry_backoff) ?? waitMs
    for (let attempt = 0; ; attempt++) {
      const answer = await this.#try(request, signal)
      if (answer.kind === 'answered' && this.#isSuccess(answer.status)) return answer
      if (attempt >= this.#config.retries || this.#isFinal(answer)) {
        throw failureOf(request, answer)
      }
      const askedMs = answer.kind === 'answered' ? (answer.retryAfterMs ?? 0) : 0
      await clock.sleep(Math.min(Math.max(waitMs, askedMs), waitMsMax), signal)
      if (this.#growsWait(answer)) waitMs = Math.min(waitMs * 2, waitMsMax)
    }
  }

  /** An answer whose body goes on; one try, for whoever connects again by itself. */
  async open(
    request: Exchange,
    signal: AbortSignal,
  ): Promise<{
    readonly headers: AnswerHeaders
    readonly status: number
    readonly body: Readable
  }> {
    await this.#pass(signal)
    const { connections } = this.#expectConnected()
    const authorized = await this.#authorized(request, signal)
    const { clock } = this.#context.environment
    const { dispatcher } = connections
    const response = await openAnswer(authorized, { dispatcher, clock, signal })
    const status = response.statusCode
    if (this.#isSuccess(status)) {
      return { headers: response.headers as AnswerHeaders, status, body: response.body }
    }
    response.body.on('error', () => {}).destroy()
    const message = `${request.method} ${withoutSecrets(request.url)} answered ${status}`
    throw new HeadgateError('NotConnected', message)
  }

  /** The headers of an answer that become metadata, and its status, a number. */
  extracted({ headers, status }: Pick<Reply, 'headers' | 'status'>): ReadonlyMap<string, Value> {
    const metadata = new Map<string, Value>([['http_status_code', status]])
    if (this.#extracts === undefined) return metadata
    for (const [name, value] of Object.entries(headers)) {
      if (value === undefined || !this.#extracts(name)) continue
      metadata.set(name, typeof value === 'string' ? value : (value[0] ?? ''))
    }
    return metadata
  }

  async #try(request: Exchange, signal: AbortSignal): Promise<Answer> {
    await this.#pass(signal)
    const { connections } = this.#expectConnected()
    let authorized: Exchange
    try {
      authorized = await this.#authorized(request, signal)
    } catch (thrown) {
      signal.throwIfAborted()
      return { kind: 'failed', error: asHeadgateError(thrown) }
    }
    this.#dump(authorized)
    const { clock } = this.#context.environment
    const { dispatcher } = connections
    const answer = await exchange(authorized, { dispatcher, clock, signal })
    if (answer.kind === 'answered' && answer.status === 401) {
      this.#tokens?.refused((authorized.headers['authorization'] ?? '').slice(BEARER.length))
    }
    return answer
  }

  async #pass(signal: AbortSignal): Promise<void> {
    if (this.#limit !== undefined) {
      await passes(this.#limit, this.#context.environment.clock, signal)
    }
  }

  #expectConnected(): Connected {
    if (this.#connected !== undefined) return this.#connected
    throw new HeadgateError('NotConnected', 'the client is not connected')
  }

  async #authorized(request: Exchange, signal: AbortSignal): Promise<Exchange> {
    const { credentials, connections } = this.#expectConnected()
    const token = await this.#tokens?.token(connections.dispatcher, signal)
    const header =
      credentials.header(request.method, request.url) ??
      (token === undefined ? undefined : `${BEARER}${token}`)
    if (header === undefined) return request
    const headers: Record<string, string> = {}
    for (const [name, value] of Object.entries(request.headers)) {
      if (name.toLowerCase() !== 'authorization') headers[name] = value
    }
    return { ...request, headers: { ...headers, authorization: header } }
  }

  *#metadataOf(message: Message | undefined): Iterable<readonly [string, string]> {
    if (this.#chooses === undefined || message === undefined) return
    for (const name of message.metadataKeys()) {
      const value = message.metadata(name)
      if (value !== undefined && this.#chooses(name)) yield [name, valueText(value)]
    }
  }

  /** What is named as a failure is one, whatever else holds for it. */
  #isSuccess(status: number): boolean {
    const { drop_on, backoff_on, successful_on } = this.#config
    if (drop_on.includes(status) || backoff_on.includes(status)) return false
    return (status >= 200 && status <= this.#successMax) || successful_on.includes(status)
  }

  #isFinal(answer: Answer): boolean {
    return answer.kind === 'answered' && this.#config.drop_on.includes(answer.status)
  }

  #growsWait(answer: Answer): boolean {
    return answer.kind === 'answered' && this.#config.backoff_on.includes(answer.status)
  }

  #dump({ method, url, headers, body }: Exchange): void {
    const level = LOG_LEVELS[this.#config.dump_request_log_level]
    if (level === undefined) return
    this.#context.environment.logger[level]('a request is sent', {
      method,
      url: withoutSecrets(url),
      headers: Object.keys(headers),
      bytes: body?.length ?? 0,
    })
  }
}

/** In the place of what is there in other letters. */
function setHeader(headers: Record<string, string>, name: string, value: string): void {
  for (const known of Object.keys(headers)) {
    if (known.toLowerCase() === name.toLowerCase()) delete headers[known]
  }
  headers[name] = value
}

const BEARER = 'Bearer '

/** There are no levels above and below these. */
const LOG_LEVELS: Readonly<Record<string, keyof Logger>> = {
  FATAL: 'error',
  ERROR: 'error',
  WARN: 'warn',
  INFO: 'info',
  DEBUG: 'debug',
  TRACE: 'debug',
  ALL: 'debug',
}

function failureOf({ method, url }: Exchange, answer: Answer): RequestFailed {
  if (answer.kind === 'failed') {
    return new RequestFailed(answer.error.message, undefined, answer.error)
  }
  const text = `${method} ${withoutSecrets(url)} answered ${answer.status}: ${answer.excerpt}`
  return new RequestFailed(text.replace(/: $/, ''), answer.status, undefined)
}
