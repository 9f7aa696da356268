/** Talks to a running server over its native API, and turns its Status bodies into errors of ours. */
import { LISTEN_DEFAULT } from '../api/listen-address.ts'
import { HeadgateError } from '../engine/error.ts'
import { ERROR_CODES, type ErrorCode } from '../engine/error-codes.ts'
import { type Invocation, textOption } from './command.ts'
import { isAlive, readServerFile, serverFilePath } from './server-file.ts'

const BASE = '/apis/headgate.dev/v1alpha1'

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

export interface Client {
  readonly url: string
  /**
   * The text of a 2xx answer; rejects with what the Status said. The path begins after the version, or with `/api` where
   * it is Kubernetes' own.
   */
  text(method: Method, path: string, body?: unknown, signal?: AbortSignal): Promise<string>
  json<T>(method: Method, path: string, body?: unknown): Promise<T>
  /** The lines of an answer as they come, until the server or the signal ends it. */
  lines(path: string, signal?: AbortSignal): AsyncIterable<string>
}

/** By --server, else HEADGATE_SERVER, else what the data directory says, else the default address. */
export function clientOf(invocation: Invocation): Client {
  const named = textOption(invocation, 'server') ?? nonEmpty(process.env['HEADGATE_SERVER'])
  const dataDirectory = textOption(invocation, 'dataDir') ?? '.headgate'
  const file = named === undefined ? readServerFile(dataDirectory) : undefined
  const url = normalUrl(named ?? file?.url ?? LISTEN_DEFAULT)
  const awayHint =
    file === undefined || isAlive(file.pid)
      ? HINT_AWAY
      : `${serverFilePath(dataDirectory)} names it, but its process ${file.pid} is gone: it was killed.\nStart it again with: headgate up FOLDER`
  const text: Client['text'] = async (method, path, body, signal = invocation.signal) => {
    const place = { url, signal, awayHint }
    const response = await request(place, method, path, body)
    return response.text().catch((error: unknown) => lost(place, error))
  }
  return {
    url,
    text,
    lines: (path, signal = invocation.signal) => linesOf({ url, signal, awayHint }, path),
    json: async <T>(method: Method, path: string, body?: unknown) =>
      JSON.parse(await text(method, path, body)) as T,
  }
}

const HINT_AWAY =
  'Start one with: headgate up FOLDER\nOr name another with --server URL or HEADGATE_SERVER.'

interface Place {
  readonly url: string
  readonly signal: AbortSignal
  /** What to do when nobody answers. */
  readonly awayHint: string
}

/** An answer that is 2xx; its body is still to come. */
async function request(
  place: Place,
  method: string,
  path: string,
  body?: unknown,
): Promise<Response> {
  const { url, signal } = place
  let response: Response
  try {
    response = await fetch(`${url}${path.startsWith('/api') ? '' : BASE}${path}`, {
      method,
      signal,
      ...(body === undefined
        ? {}
        : {
            body: typeof body === 'string' ? body : JSON.stringify(body),
            headers: { 'content-type': 'application/json' },
          }),
    })
    if (response.ok) return response
  } catch (error) {
    return lost(place, error)
  }
  const text = await response.text().catch((error: unknown) => lost(place, error))
  throw errorOf(url, response.status, text)
}

function lost({ url, signal, awayHint }: Place, error: unknown): never {
  if (signal.aborted) throw error
  throw new HeadgateError('ServerUnreachable', `no Headgate server answers at ${url}`, {
    cause: error,
    hint: awayHint,
  })
}

async function* linesOf(place: Place, path: string): AsyncIterable<string> {
  const { body } = await request(place, 'GET', path)
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for await (const piece of body ?? []) {
      const lines = (rest + decoder.decode(piece, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      yield* lines
    }
  } catch (error) {
    lost(place, error)
  }
}

/** What a Status says, as an error of ours. */
export function errorOf(url: string, status: number, text: string): HeadgateError {
  let body: { message?: unknown; details?: { causes?: { reason?: unknown }[] } } = {}
  try {
    body = JSON.parse(text) as typeof body
  } catch {
    return new HeadgateError(
      'ServerUnreachable',
      `${url} answered ${status}, and not as a Headgate server does`,
      {
        hint: 'Name the server with --server URL or HEADGATE_SERVER.',
      },
    )
  }
  const [message = `the server answered ${status}`, ...hint] = String(body.message ?? '').split(
    '\n',
  )
  const reason = body.details?.causes?.[0]?.reason
  const details = hint.length === 0 ? {} : { hint: hint.join('\n') }
  return new HeadgateError(codeOf(reason, status), message, details)
}

function codeOf(reason: unknown, status: number): ErrorCode {
  if (typeof reason === 'string' && Object.hasOwn(ERROR_CODES, reason)) return reason as ErrorCode
  if (status === 404) return 'NotFound'
  return status === 410 ? 'PositionInvalid' : 'BadRequest'
}

function normalUrl(text: string): string {
  const url = /^https?:\/\//i.test(text) ? text : `http://${text}`
  if (URL.canParse(url)) return url.replace(/\/+$/, '')
  throw new HeadgateError('Usage', `--server: expected a URL, got "${text}"`, {
    hint: 'Write for example --server http://127.0.0.1:4195.',
  })
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}
