/**
 * Receives messages over HTTP, one a request, and answers when the message was delivered: 200 then, 502 when it was
 * rejected, 408 when neither happened in time. Where a stream takes no more now, its own status says when to come again.
 *
 * A request that got 408 may be delivered all the same. It listens on the shared server beneath the pipeline's prefix,
 * or at an address of its own.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { type TObject, Type } from '../../../crds/typebox.ts'
import type { Interpolation } from '../../bloblang/mapping.ts'
import { HeadgateError } from '../../error.ts'
import type { ErrorCode } from '../../error-codes.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import {
  type ConfigFault,
  defineInput,
  type Input,
  type InputBatch,
  type InputDefinition,
} from '../../pipelines/component.ts'
import { durationField, interpolatedField } from '../../pipelines/fields.ts'
import { type Batch, Message } from '../../pipelines/message.ts'
import type { Outcome } from '../../pipelines/transaction.ts'
import type { Timer } from '../../ports/clock.ts'
import { ByteBudget } from '../http/byte-budget.ts'
import { closeListener, openListener, parseAddress } from '../http/listener.ts'
import { BODY_BYTES_MAX, readBody } from '../http/request-body.ts'
import { requestMetadata } from '../http/request-metadata.ts'

/** What comes beyond these, counting what is still being read, is told to come again. */
export const WAITING_REQUESTS_MAX = 1_024
export const WAITING_BYTES_MAX: number = 256 * 1024 * 1024

export interface HttpServerLimits {
  readonly requestsMax: number
  readonly bytesMax: number
}

const fields = {
  address: Type.String({
    default: '',
    description: 'A listener of its own, `host:port`; the shared server where empty.',
  }),
  path: Type.String({
    default: '/post',
    description: 'The path; everything beneath it where it ends with `/`.',
  }),
  allowed_verbs: Type.Array(Type.String(), {
    default: ['POST'],
    minItems: 1,
    description: 'Methods that are taken; others get 405.',
  }),
  timeout: durationField({ default: '5s', description: 'How long a client waits at most.' }),
  sync_response: Type.Object(
    {
      status: interpolatedField({ default: '200', description: 'The status when delivered.' }),
      headers: Type.Record(Type.String(), interpolatedField({ description: 'A header.' }), {
        default: {},
        description: 'Headers of the answer when delivered.',
      }),
    },
    { default: {}, description: 'The answer when delivered.' },
  ),
}
const config: TObject<typeof fields> = Type.Object(fields)

/** As its schema says. */
interface Config {
  readonly address: string
  readonly path: string
  readonly allowed_verbs: readonly string[]
  readonly timeout: string
  readonly sync_response: {
    readonly status: string
    readonly headers: Readonly<Record<string, string>>
  }
}
type HttpServerContext = Pick<BuildContext, 'environment' | 'durationMs' | 'interpolation'>

export const httpServer: InputDefinition = defineInput({
  name: 'http_server',
  status: 'stable',
  effects: 'read',
  summary: 'Receives messages over HTTP, and answers when they are delivered.',
  description: `Metadata: \`http_server_user_agent\`, \`http_server_request_path\`, \`http_server_verb\`,
\`http_server_remote_ip\`, and headers, query parameters and cookies by their names. Multipart bodies are refused (415).
Where the stream behind it takes no more now, the answer is 429, 503 or 507 with \`Retry-After\`.`,
  config,
  nack: 'source',
  exclusive: ({ address }) => (address === '' ? [] : [`port:${address}`]),
  needs: ({ address }) =>
    address === '' ? [] : [{ kind: 'listener', name: address, path: ['address'] }],
  check: faultsOf,
  examples: [
    { title: 'On the shared server', config: {} },
    { title: 'On its own', config: { address: '127.0.0.1:8090', path: '/in' } },
  ],
  build: (options, context) => new HttpServerInput(options, context),
})

function faultsOf({ address, path, allowed_verbs }: Config): readonly ConfigFault[] {
  const faults: ConfigFault[] = []
  if (address !== '' && !address.includes('${') && parseAddress(address) === undefined) {
    const message = `expected host:port, got ${JSON.stringify(address)}`
    faults.push({ path: ['address'], message })
  }
  if (path.includes('{') && !path.includes('${')) {
    faults.push({ path: ['path'], message: 'path parameters ({name}) are not available yet' })
  } else if (!path.startsWith('/')) {
    faults.push({ path: ['path'], message: `expected a path that begins with /, got ${path}` })
  }
  allowed_verbs.forEach((verb, index) => {
    if (/^[A-Z]+$/.test(verb) || verb.includes('${')) return
    const message = `expected a method such as POST, got ${verb}`
    faults.push({ path: ['allowed_verbs', index], message })
  })
  return faults
}

/** A client that waits, from the last byte of its body to its answer. */
interface Waiting {
  readonly message: Message
  readonly bytes: number
  readonly response: ServerResponse
  timer: Timer | undefined
  state: 'queued' | 'taken' | 'answered'
}

export class HttpServerInput implements Input {
  readonly #config: Config
  readonly #context: HttpServerContext
  readonly #status: Interpolation
  readonly #headers: readonly (readonly [string, Interpolation])[]
  readonly #queue: Waiting[] = []
  readonly #waiting = new Set<Waiting>()
  readonly #requestsMax: number
  readonly #budget: ByteBudget
  /** Whose bodies are being read. */
  #requests = 0
  #closing = false
  #heedsStop = false
  #mount: Disposable | undefined
  #server: Server | undefined
  #wake: (() => void) | undefined

  constructor(
    options: Config,
    context: HttpServerContext,
    limits: HttpServerLimits = { requestsMax: WAITING_REQUESTS_MAX, bytesMax: WAITING_BYTES_MAX },
  ) {
    this.#requestsMax = limits.requestsMax
    this.#budget = new ByteBudget(limits.bytesMax)
    const { status, headers } = options.sync_response
    this.#config = options
    this.#context = context
    this.#status = context.interpolation(status)
    this.#headers = Object.entries(headers).map(([name, text]) => [
      name,
      context.interpolation(text),
    ])
  }

  async connect(): Promise<void> {
    const { address, path } = this.#config
    const { endpoints, endpointPrefix } = this.#context.environment
    const handler = (request: IncomingMessage, response: ServerResponse): void => {
      void this.#serve(request, response)
    }
    if (address === '') {
      this.#mount ??= endpoints.mount(`${endpointPrefix}${path}`, handler)
      return
    }
    const parsed = parseAddress(address)
    if (parsed === undefined) {
      throw new HeadgateError('ComponentConfigInvalid', `expected host:port, got ${address}`)
    }
    this.#server ??= await openListener(parsed, (request, response) =>
      this.#isOwn(request) ? handler(request, response) : answer(response, 404, 'Not found'),
    )
  }

  read(signal: AbortSignal): InputBatch | undefined | Promise<InputBatch | undefined> {
    if (!this.#heedsStop) {
      this.#heedsStop = true
      signal.addEventListener('abort', () => this.#refuseRest(), { once: true })
    }
    return this.#take() ?? this.#wait(signal)
  }

  async close(): Promise<void> {
    this.#refuseRest()
    this.#wake?.()
    this.#mount?.[Symbol.dispose]()
    for (const waiting of [...this.#waiting]) this.#answer(waiting, 503, UNAVAILABLE)
    if (this.#server !== undefined) {
      await closeListener(this.#server, this.#context.environment.clock)
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A client that goes away in the middle of a write is no failure of ours.
    response.on('error', () => {})
    const refusal = this.#refusal(request)
    if (refusal !== undefined) return answer(response, ...refusal)
    this.#requests += 1
    try {
      const body = await readBody(request, BODY_BYTES_MAX, this.#budget)
      if (body.kind === 'aborted') return
      if (body.kind === 'too-large') {
        return answer(response, 413, `expected at most ${BODY_BYTES_MAX} bytes`)
      }
      if (body.kind === 'no-room') return answer(response, 503, UNAVAILABLE)
      if (this.#closing) {
        this.#budget.give(body.bytes.length)
        return answer(response, 503, UNAVAILABLE)
      }
      this.#enqueue(body.bytes, request, response)
    } finally {
      this.#requests -= 1
    }
  }

  #refusal(request: IncomingMessage): [status: number, text: string] | undefined {
    if (this.#closing) return [503, UNAVAILABLE]
    if (!this.#config.allowed_verbs.includes(request.method ?? '')) {
      return [405, 'Incorrect method']
    }
    if (/^\s*multipart\//i.test(request.headers['content-type'] ?? '')) {
      return [415, 'multipart bodies are not available yet; send one message a request']
    }
    const full = this.#requests + this.#waiting.size >= this.#requestsMax
    return full ? [503, UNAVAILABLE] : undefined
  }

  #enqueue(bytes: Uint8Array, request: IncomingMessage, response: ServerResponse): void {
    const message = Message.fromBytes(bytes, requestMetadata(request))
    const waiting: Waiting = {
      message,
      bytes: bytes.length,
      response,
      timer: undefined,
      state: 'queued',
    }
    const timeoutMs = this.#context.durationMs(this.#config.timeout)
    if (timeoutMs !== undefined) {
      waiting.timer = this.#context.environment.clock.schedule(timeoutMs, () =>
        this.#answer(waiting, 408, 'Request timed out'),
      )
    }
    // Nobody waits any more: what was not taken is not taken.
    response.once('close', () => this.#forget(waiting))
    this.#waiting.add(waiting)
    this.#queue.push(waiting)
    this.#wake?.()
  }

  #take(): InputBatch | undefined {
    for (;;) {
      const waiting = this.#queue.shift()
      if (waiting === undefined) return undefined
      if (waiting.state !== 'queued') continue
      waiting.state = 'taken'
      return {
        messages: [waiting.message],
        settle: (outcome) => this.#settle(waiting, outcome),
      }
    }
  }

  async #wait(signal: AbortSignal): Promise<InputBatch | undefined> {
    for (;;) {
      if (signal.aborted) {
        this.#refuseRest()
        return undefined
      }
      const batch = this.#take()
      if (batch !== undefined || this.#closing) return batch
      await new Promise<void>((resolve) => {
        const wake = () => {
          signal.removeEventListener('abort', wake)
          this.#wake = undefined
          resolve()
        }
        this.#wake = wake
        signal.addEventListener('abort', wake, { once: true })
      })
    }
  }

  #settle(waiting: Waiting, outcome: Outcome): void {
    if (outcome !== undefined) this.#answer(waiting, ...rejectionOf(outcome.error))
    else this.#answer(waiting, ...this.#success([waiting.message]))
  }

  /** An answer that cannot be made is no reason to say that the message was not delivered. */
  #success(batch: Batch): [status: number, text: string, headers: Record<string, string>] {
    const headers: Record<string, string> = {}
    try {
      for (const [name, value] of this.#headers) headers[name] = value.text(batch, 0)
      const status = Number(this.#status.text(batch, 0))
      return [
        Number.isInteger(status) && status >= 200 && status <= 599 ? status : 200,
        '',
        headers,
      ]
    } catch {
      return [200, '', headers]
    }
  }

  #answer(
    waiting: Waiting,
    status: number,
    text: string,
    headers: Readonly<Record<string, string>> = {},
  ): void {
    if (waiting.state === 'answered') return
    this.#forget(waiting)
    if (this.#closing) waiting.response.shouldKeepAlive = false
    answer(waiting.response, status, text, headers)
  }

  #forget(waiting: Waiting): void {
    waiting.timer?.cancel()
    waiting.state = 'answered'
    if (this.#waiting.delete(waiting)) this.#budget.give(waiting.bytes)
  }

  /** From now on nobody is let in; who is in and not yet taken is sent away. */
  #refuseRest(): void {
    this.#closing = true
    for (const waiting of this.#queue.splice(0)) this.#answer(waiting, 503, UNAVAILABLE)
  }

  #isOwn({ url = '/' }: IncomingMessage): boolean {
    const [path = '/'] = url.split('?')
    const own = this.#config.path
    return path === own || (own.endsWith('/') && path.startsWith(own))
  }
}

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
  const seconds = Math.ceil((error.retryAfterMs ?? RETRY_AFTER_MS_DEFAULT) / 1000)
  return [error.class.status, error.message, { 'retry-after': String(Math.max(1, seconds)) }]
}

const UNAVAILABLE = 'Service unavailable'

function answer(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent || response.destroyed) return
  // A body that was not read to its end would be taken for the next request.
  if (!response.req.complete) response.shouldKeepAlive = false
  try {
    response.writeHead(status, { ...(text === '' ? {} : TEXT), ...RETRY[status], ...headers })
  } catch {
    response.writeHead(status)
  }
  response.end(text)
}

const TEXT = { 'content-type': 'text/plain; charset=utf-8' }
const RETRY: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  503: { 'retry-after': '1' },
}
