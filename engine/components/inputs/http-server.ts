/**
 * Receives messages over HTTP, one a request or a batch in a multipart body, and answers when they were delivered: 200
 * then, or as the pipeline's own responses say, 502 when something was rejected, 408 when neither happened in time. Where
 * a stream takes no more now, its own status says when to come again.
 *
 * A request that got 408 may be delivered all the same. Websockets bring a message a frame. It listens on the shared
 * server beneath the pipeline's prefix, or at an address of its own.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { type TObject, Type } from '../../../crds/typebox.ts'
import type { HeadgateError } from '../../error.ts'
import type { ErrorCode } from '../../error-codes.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import {
  defineInput,
  type Input,
  type InputBatch,
  type InputDefinition,
} from '../../pipelines/component.ts'
import { durationField, rateLimitField } from '../../pipelines/fields.ts'
import { type Batch, Message } from '../../pipelines/message.ts'
import type { RateLimit } from '../../pipelines/rate-limit.ts'
import { SyncResponses } from '../../pipelines/sync-response.ts'
import type { Outcome } from '../../pipelines/transaction.ts'
import { unsupportedField } from '../../pipelines/unsupported-field.ts'
import type { Timer } from '../../ports/clock.ts'
import { pathOf } from '../../ports/endpoint-routes.ts'
import type { PathPattern } from '../../ports/path-pattern.ts'
import { Arrivals } from '../http/arrivals.ts'
import { ByteBudget } from '../http/byte-budget.ts'
import { boundaryOf, isMultipart, partMultipart } from '../http/multipart.ts'
import { BODY_BYTES_MAX, readBody } from '../http/request-body.ts'
import { requestMetadata } from '../http/request-metadata.ts'
import { type OpenPaths, servedPattern, servePaths } from '../http/served-paths.ts'
import { ServedSockets, SOCKETS_MAX } from '../http/served-sockets.ts'
import {
  ownListenerFields,
  pathField,
  type ServerConfig,
  serverExclusives,
  serverFaults,
  serverNeeds,
  verbsField,
} from '../http/server-fields.ts'
import { SocketIntake } from '../http/socket-intake.ts'
import { type SyncAnswerConfig, SyncAnswers, syncAnswerField } from '../http/sync-answer.ts'
import { answerBytes, answerText, demandUpgrade, UNAVAILABLE } from '../http/text-answer.ts'
import { metadataFilterFaults } from '../metadata-filter.ts'

/** What comes beyond these, counting what is still being read, is told to come again. */
export const WAITING_REQUESTS_MAX = 1_024
export const WAITING_BYTES_MAX: number = 256 * 1024 * 1024

export interface HttpServerLimits {
  readonly requestsMax: number
  readonly bytesMax: number
  readonly socketsMax: number
}

const LIMITS_DEFAULT: HttpServerLimits = {
  requestsMax: WAITING_REQUESTS_MAX,
  bytesMax: WAITING_BYTES_MAX,
  socketsMax: SOCKETS_MAX,
}

const notShared = unsupportedField(false, 'a listener has its port to itself')

const fields = {
  ...ownListenerFields,
  path: pathField(
    '/post',
    'The path; everything beneath it where it ends with `/`. `{name}` stands for a segment, which becomes metadata.',
  ),
  ws_path: pathField('/post/ws', 'Where websockets are opened; empty for none.'),
  ws_welcome_message: Type.String({
    default: '',
    description: 'What each websocket is sent first.',
  }),
  ws_rate_limit_message: Type.String({
    default: '',
    description: 'What a websocket is sent instead of a message that the rate limit dropped.',
  }),
  allowed_verbs: verbsField('POST'),
  timeout: durationField({ default: '5s', description: 'How long a client waits at most.' }),
  rate_limit: rateLimitField({
    default: '',
    description:
      'What is beyond it gets 429, with `Retry-After`; a message of a websocket is dropped.',
  }),
  sync_response: syncAnswerField,
  tcp: Type.Object(
    { reuse_addr: notShared, reuse_port: notShared },
    { default: {}, description: 'How a listener of its own shares its port.' },
  ),
}
const config: TObject<typeof fields> = Type.Object(fields)

/** As its schema says. */
interface Config extends ServerConfig {
  readonly path: string
  readonly ws_path: string
  readonly ws_welcome_message: string
  readonly ws_rate_limit_message: string
  readonly rate_limit: string
  readonly sync_response: SyncAnswerConfig
}
type HttpServerContext = Pick<BuildContext, 'environment' | 'durationMs' | 'interpolation'>

export const httpServer: InputDefinition = defineInput({
  name: 'http_server',
  status: 'stable',
  effects: 'read',
  summary: 'Receives messages over HTTP, and answers when they are delivered.',
  description: `The parts of a multipart body are a batch. \`sync_response\`, as a processor or an output, says what is
answered. Metadata: \`http_server_user_agent\`, \`http_server_request_path\`, \`http_server_verb\`,
\`http_server_remote_ip\`, of a listener with TLS also \`http_server_tls_version\`, \`http_server_tls_cipher_suite\` and
\`http_server_tls_subject\` (empty: no client is asked for a certificate), and parameters of the path, headers, query
parameters and cookies by their names.
Where the stream behind it takes no more now, the answer is 429, 503 or 507 with \`Retry-After\`.`,
  config,
  nack: 'source',
  exclusive: serverExclusives,
  needs: serverNeeds,
  check: (options) => [
    ...serverFaults(options, { path: options.path, ws_path: options.ws_path }),
    ...(options.path === '' ? [{ path: ['path'], message: 'expected a path, got none' }] : []),
    ...metadataFilterFaults(options.sync_response.metadata_headers, [
      'sync_response',
      'metadata_headers',
    ]),
  ],
  examples: [
    { title: 'On the shared server', config: {} },
    {
      title: 'On its own, with TLS',
      config: {
        address: '127.0.0.1:8090',
        path: '/in',
        cert_file: './cert.pem',
        key_file: './key.pem',
      },
    },
    {
      title: 'With a parameter in the path, and a limit',
      config: { path: '/orders/{customer}', allowed_verbs: ['POST', 'PUT'], timeout: '30s' },
    },
    {
      title: 'An answer of its own',
      config: {
        sync_response: { status: '202', headers: { 'Content-Type': 'application/json' } },
      },
    },
  ],
  build: async (options, context) => {
    const { rate_limit } = options
    const limit = rate_limit === '' ? undefined : await context.rateLimit(rate_limit)
    return new HttpServerInput(options, context, limit)
  },
})

/** A client that waits, from the last byte of its body to its answer. */
interface Waiting {
  readonly messages: Batch
  readonly responses: SyncResponses
  readonly bytes: number
  readonly response: ServerResponse
  timer: Timer | undefined
  state: 'queued' | 'taken' | 'answered'
}

export class HttpServerInput implements Input {
  readonly #config: Config
  readonly #context: HttpServerContext
  readonly #timeoutMs: number | undefined
  readonly #limit: RateLimit | undefined
  readonly #answers: SyncAnswers
  readonly #pattern: PathPattern
  readonly #socketPattern: PathPattern
  readonly #arrivals = new Arrivals()
  readonly #waiting = new Set<Waiting>()
  readonly #requestsMax: number
  readonly #budget: ByteBudget
  readonly #sockets: ServedSockets
  /** Whose bodies are being read. */
  #requests = 0
  #closing = false
  #heedsStop = false
  #paths: OpenPaths | undefined

  constructor(
    options: Config,
    context: HttpServerContext,
    limit: RateLimit | undefined,
    limits: HttpServerLimits = LIMITS_DEFAULT,
  ) {
    this.#requestsMax = limits.requestsMax
    this.#budget = new ByteBudget(limits.bytesMax)
    this.#sockets = new ServedSockets(context.environment.clock, limits.socketsMax)
    this.#config = options
    this.#context = context
    this.#timeoutMs = context.durationMs(options.timeout)
    this.#limit = limit
    this.#answers = new SyncAnswers(options.sync_response, context)
    this.#pattern = servedPattern(options.path, options, context)
    this.#socketPattern = servedPattern(options.ws_path, options, context)
  }

  async connect(): Promise<void> {
    const { path, ws_path } = this.#config
    this.#paths ??= await servePaths(
      this.#config,
      [
        { path, handler: (request, response) => void this.#serve(request, response) },
        {
          path: ws_path,
          handler: demandUpgrade,
          upgrade: (request, socket, head) => this.#upgrade(request, socket, head),
        },
      ],
      this.#context,
    )
  }

  read(signal: AbortSignal): InputBatch | undefined | Promise<InputBatch | undefined> {
    if (!this.#heedsStop) {
      this.#heedsStop = true
      signal.addEventListener('abort', () => this.#refuseRest(), { once: true })
      if (signal.aborted) this.#refuseRest()
    }
    return this.#arrivals.read(signal)
  }

  async close(): Promise<void> {
    this.#refuseRest()
    for (const waiting of [...this.#waiting]) this.#answer(waiting, 503, UNAVAILABLE)
    await this.#sockets.close()
    await this.#paths?.close()
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A client that goes away in the middle of a write is no failure of ours.
    response.on('error', () => {})
    const refusal = this.#refusal(request)
    if (refusal !== undefined) return answerText(response, ...refusal)
    this.#requests += 1
    try {
      if (this.#limit !== undefined && (await this.#isLimited(this.#limit, response))) return
      const body = await readBody(request, BODY_BYTES_MAX, this.#budget)
      if (body.kind === 'aborted') return
      if (body.kind === 'too-large') {
        return answerText(response, 413, `expected at most ${BODY_BYTES_MAX} bytes`)
      }
      if (body.kind === 'no-room') return answerText(response, 503, UNAVAILABLE)
      const contents = contentsOf(request, body.bytes)
      if (this.#closing || contents === undefined) {
        this.#budget.give(body.bytes.length)
        return contents === undefined
          ? answerText(response, 400, 'expected a multipart body with at least one part')
          : answerText(response, 503, UNAVAILABLE)
      }
      this.#enqueue(contents, body.bytes.length, request, response)
    } finally {
      this.#requests -= 1
    }
  }

  #refusal({ method = '' }: IncomingMessage): [status: number, text: string] | undefined {
    if (this.#closing) return [503, UNAVAILABLE]
    if (!this.#config.allowed_verbs.includes(method)) return [405, 'Incorrect method']
    const full = this.#requests + this.#waiting.size >= this.#requestsMax
    return full ? [503, UNAVAILABLE] : undefined
  }

  async #isLimited(limit: RateLimit, response: ServerResponse): Promise<boolean> {
    const waitMs = await Promise.resolve(limit.access()).catch(() => RETRY_AFTER_MS_DEFAULT)
    if (waitMs > 0) answerText(response, 429, 'Too many requests', retryAfter(waitMs))
    return waitMs > 0
  }

  #enqueue(
    contents: readonly Uint8Array[],
    bytes: number,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    const metadata = metadataOf(request, this.#pattern)
    const messages = contents.map((content) => Message.fromBytes(content, metadata))
    const responses = new SyncResponses(messages)
    const waiting: Waiting = {
      messages,
      responses,
      bytes,
      response,
      timer: undefined,
      state: 'queued',
    }
    if (this.#timeoutMs !== undefined) {
      waiting.timer = this.#context.environment.clock.schedule(this.#timeoutMs, () =>
        this.#answer(waiting, 408, 'Request timed out'),
      )
    }
    // Nobody waits any more: what was not taken is not taken.
    response.once('close', () => this.#forget(waiting))
    this.#waiting.add(waiting)
    this.#arrivals.push({
      batch: { messages, settle: (outcome) => this.#settle(waiting, outcome) },
      taken: () => {
        if (waiting.state !== 'queued') return false
        waiting.state = 'taken'
        return true
      },
    })
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#sockets.accept(request, socket, head, (open: WebSocket) => {
      const { ws_welcome_message, ws_rate_limit_message } = this.#config
      if (ws_welcome_message !== '') open.send(ws_welcome_message)
      new SocketIntake(open, {
        metadata: metadataOf(request, this.#socketPattern),
        arrivals: this.#arrivals,
        budget: this.#budget,
        limit: this.#limit,
        limitMessage: ws_rate_limit_message,
      })
    })
  }

  #settle(waiting: Waiting, outcome: Outcome): void {
    if (outcome !== undefined) {
      this.#answer(waiting, ...rejectionOf(outcome.error))
      return
    }
    const { status, headers, body } = this.#answers.answer(
      waiting.messages,
      waiting.responses.messages,
    )
    this.#answer(waiting, status, body, headers)
  }

  #answer(
    waiting: Waiting,
    status: number,
    body: string | Uint8Array,
    headers: Readonly<Record<string, string>> = {},
  ): void {
    if (waiting.state === 'answered') return
    this.#forget(waiting)
    const { response } = waiting
    if (this.#closing) response.shouldKeepAlive = false
    if (typeof body === 'string') answerText(response, status, body, headers)
    else answerBytes(response, status, body, headers)
  }

  #forget(waiting: Waiting): void {
    waiting.timer?.cancel()
    waiting.state = 'answered'
    if (this.#waiting.delete(waiting)) this.#budget.give(waiting.bytes)
  }

  /** From now on nobody is let in; who is in and not yet taken is sent away. */
  #refuseRest(): void {
    this.#closing = true
    this.#arrivals.close()
    for (const waiting of [...this.#waiting]) {
      if (waiting.state === 'queued') this.#answer(waiting, 503, UNAVAILABLE)
    }
  }
}

/** One message, or one for each part; undefined where the parts cannot be told. */
function contentsOf(
  { headers }: IncomingMessage,
  bytes: Uint8Array,
): readonly Uint8Array[] | undefined {
  const { 'content-type': contentType } = headers
  if (!isMultipart(contentType)) return [bytes]
  const boundary = boundaryOf(contentType)
  const parts = boundary === undefined ? undefined : partMultipart(bytes, boundary)
  return parts?.length === 0 ? undefined : parts
}

function metadataOf(request: IncomingMessage, pattern: PathPattern): ReadonlyMap<string, string> {
  const found = pattern.hasParameters ? pattern.match(pathOf(request.url ?? '/')) : undefined
  return requestMetadata(request, found ?? NO_PARAMETERS)
}

const NO_PARAMETERS: ReadonlyMap<string, string> = new Map()

/** What the log may take later; anything else is a bad gateway. */
const NOT_NOW: ReadonlySet<ErrorCode> = new Set([
  'BackPressure',
  'DiskFull',
  'LogReadOnly',
  'QuotaExceeded',
  'RateExceeded',
])
const RETRY_AFTER_MS_DEFAULT = 1_000

function rejectionOf(
  error: HeadgateError,
): [status: number, text: string, headers: Record<string, string>] {
  if (!NOT_NOW.has(error.code)) return [502, error.message, {}]
  const headers = retryAfter(error.retryAfterMs ?? RETRY_AFTER_MS_DEFAULT)
  return [error.class.status, error.message, headers]
}

function retryAfter(waitMs: number): Record<string, string> {
  return { 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1000))) }
}
