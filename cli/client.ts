/** Talks to a running server over its native API, and turns its Status bodies into errors of ours. */
import { LISTEN_DEFAULT } from '../api/listen-address.ts'
import { HeadgateError } from '../engine/error.ts'
import { ERROR_CODES, type ErrorCode } from '../engine/error-codes.ts'
import { type Invocation, textOption } from './command.ts'
import { isAlive, readServerFile, serverFilePath } from './server-file.ts'

const BASE = '/apis/headgate.dev/v1alpha1'

export type Method = 'GET' | 'POST' | 'DELETE'

export interface Client {
  readonly url: string
  /** The text of a 2xx answer; rejects with what the Status said. The path begins after the version. */
  text(method: Method, path: string, body?: unknown, signal?: AbortSignal): Promise<string>
  json<T>(method: Method, path: string, body?: unknown): Promise<T>
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
  const text: Client['text'] = (method, path, body, signal = invocation.signal) =>
    request({ url, signal, awayHint }, method, path, body)
  return {
    url,
    text,
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

async function request(
  { url, signal, awayHint }: Place,
  method: string,
  path: string,
  body: unknown,
): Promise<string> {
  let status: number
  let text: string
  try {
    const response = await fetch(`${url}${BASE}${path}`, {
      method,
      signal,
      ...(body === undefined
        ? {}
        : {
            body: typeof body === 'string' ? body : JSON.stringify(body),
            headers: { 'content-type': 'application/json' },
          }),
    })
    status = response.status
    text = await response.text()
  } catch (error) {
    if (signal.aborted) throw error
    throw new HeadgateError('ServerUnreachable', `no Headgate server answers at ${url}`, {
      cause: error,
      hint: awayHint,
    })
  }
  if (status >= 200 && status < 300) return text
  throw errorOf(url, status, text)
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
