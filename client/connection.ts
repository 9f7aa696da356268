/** Where the server is and how it is asked: one request, its failures as RequestFailed, and tries again where that is safe. */
import { failureOf, RequestFailed } from './request-failed.ts'

export interface ClientOptions {
  /** Default: http://127.0.0.1:4195; in a page, the page's own origin, for the server refuses any other. */
  readonly server?: string
  /** Default: `default`. */
  readonly namespace?: string
  /** Sent with each request, such as a token. */
  readonly headers?: Readonly<Record<string, string>>
  /** In place of the global one. */
  readonly fetch?: typeof globalThis.fetch
}

export interface RequestOptions {
  readonly body?: unknown
  readonly contentType?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly signal?: AbortSignal | undefined
}

export const SERVER_DEFAULT = 'http://127.0.0.1:4195'
const BASE = '/apis/headgate.dev/v1alpha1'
/** Waits between tries: twice the last, and up to twice as long by chance, so that many do not come again together. */
const WAIT_MS_FIRST = 200
const WAIT_MS_MAX = 10_000

export class Connection {
  readonly namespace: string
  readonly #server: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #fetch: typeof globalThis.fetch

  constructor({
    server = originOfPage() ?? SERVER_DEFAULT,
    namespace = 'default',
    headers = {},
    fetch,
  }: ClientOptions) {
    this.namespace = namespace
    this.#server = addressOf(server)
    this.#headers = headers
    this.#fetch = fetch ?? ((...given) => globalThis.fetch(...given))
  }

  /** The path of a resource of this namespace, or beneath one. */
  path(...segments: readonly string[]): string {
    const within = ['namespaces', this.namespace, ...segments].map(encodeURIComponent)
    return `${BASE}/${within.join('/')}`
  }

  /** Throws RequestFailed; the signal's reason when that aborts. */
  async send(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
    const { body, contentType = 'application/json', headers, query = {}, signal } = options
    const url = new URL(this.#server + path)
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value))
    }
    const init: RequestInit = {
      method,
      headers: {
        ...this.#headers,
        ...headers,
        ...(body === undefined ? {} : { 'content-type': contentType }),
      },
      ...(body === undefined ? {} : { body: jsonOf(body) }),
      ...(signal === undefined ? {} : { signal }),
    }
    const response = await this.#answer(url, init, signal)
    if (!response.ok) throw await failureOf(response)
    return response
  }

  async json<Answer>(method: string, path: string, options?: RequestOptions): Promise<Answer> {
    const response = await this.send(method, path, options)
    return (await response.json()) as Answer
  }

  /** Again and again while the failure is a passing one: for requests that may be repeated. */
  async patiently<Answer>(
    method: string,
    path: string,
    { triesMax, ...options }: RequestOptions & { readonly triesMax: number },
  ): Promise<Answer> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.json<Answer>(method, path, options)
      } catch (thrown) {
        if (!(thrown instanceof RequestFailed) || !thrown.isPassing || tries >= triesMax)
          throw thrown
        await sleep(thrown.retryAfterMs ?? waitMs(tries), options.signal)
      }
    }
  }

  async #answer(url: URL, init: RequestInit, signal: AbortSignal | undefined): Promise<Response> {
    try {
      return await this.#fetch(url, init)
    } catch (cause) {
      signal?.throwIfAborted()
      const message = `no answer from ${url.origin}: is the server running?`
      throw new RequestFailed(message, { status: 0, reason: 'NotConnected', cause })
    }
  }
}

/** `localhost:4195` is a URL, too, of a scheme that nobody knows. */
function addressOf(server: string): string {
  if (URL.canParse(server) && /^https?:/i.test(server)) return server.replace(/\/+$/, '')
  throw new TypeError(`expected server to be a URL such as ${SERVER_DEFAULT}, got ${server}`)
}

/** Of a page that a server gave; undefined in Node, in files and in frames without an origin. */
function originOfPage(): string | undefined {
  const { location } = globalThis as { readonly location?: { readonly origin?: string } }
  const origin = location?.origin
  return origin?.startsWith('http') === true ? origin : undefined
}

export function waitMs(tries: number): number {
  return Math.min(WAIT_MS_MAX, WAIT_MS_FIRST * 2 ** (tries - 1)) * (1 + Math.random())
}

/** Rejects with the signal's reason when that aborts first. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason)
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      if (signal?.aborted === true) reject(signal.reason)
      else resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done)
  })
}

/** JSON has whole numbers of any length. */
function jsonOf(body: unknown): string {
  return JSON.stringify(body, (_key, value: unknown) =>
    typeof value === 'bigint' ? rawJson(value.toString()) : value,
  )
}

const { rawJSON: rawJson } = JSON as unknown as { rawJSON(text: string): unknown }
