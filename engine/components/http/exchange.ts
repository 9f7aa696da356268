/**
 * One HTTP request and what it came to: an answer of any status, or a failure of the network.
 *
 * It never retries and never follows redirects; what a status means is the caller's.
 */
import type { Dispatcher } from 'undici'
import { asHeadgateError, HeadgateError } from '../../error.ts'
import type { Clock } from '../../ports/clock.ts'

export interface Exchange {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | undefined
  readonly timeoutMs: number | undefined
  /** How much of a body is wanted, whole; without it, only its beginning is read, for people. */
  readonly bodyBytesMax?: number
}

export type Answer =
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly headers: AnswerHeaders
      /** Where it was asked for, and empty else. */
      readonly body: Uint8Array
      /** As the server asks by Retry-After. */
      readonly retryAfterMs: number | undefined
      /** The beginning of the body, for people. */
      readonly excerpt: string
    }
  | { readonly kind: 'failed'; readonly error: HeadgateError }

/** By their names in lower case. */
export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>

/** How much of an answer is read for its message. */
export const EXCERPT_BYTES_MAX = 512
/** Longer waits that a server asks for are cut at this. */
export const RETRY_AFTER_MS_MAX = 3_600_000

/** Rejects only when the signal aborts. */
export async function exchange(
  { url, method, headers, body, timeoutMs, bodyBytesMax }: Exchange,
  { dispatcher, clock, signal }: { dispatcher: Dispatcher; clock: Clock; signal: AbortSignal },
): Promise<Answer> {
  signal.throwIfAborted()
  const late = new AbortController()
  const timer =
    timeoutMs === undefined ? undefined : clock.schedule(timeoutMs, () => late.abort(LATE))
  try {
    // Loaded with the first request: most processes only judge configs, and never send one.
    const { request: send } = await import('undici')
    const response = await send(url, {
      dispatcher,
      method: method as Dispatcher.HttpMethod,
      headers,
      body: body ?? null,
      signal: AbortSignal.any([signal, late.signal]),
      ...(timeoutMs === undefined ? {} : OUR_TIMEOUTS),
    })
    const wanted = bodyBytesMax ?? EXCERPT_BYTES_MAX
    const bytes = await bytesOf(response.body, wanted)
    if (bodyBytesMax !== undefined && bytes.length > bodyBytesMax) throw new Error(TOO_LARGE)
    return {
      kind: 'answered',
      status: response.statusCode,
      headers: response.headers as AnswerHeaders,
      body: bodyBytesMax === undefined ? NOTHING : bytes,
      retryAfterMs: retryAfterMs(response.headers['retry-after'], clock),
      excerpt: excerptOf(bytes),
    }
  } catch (thrown) {
    signal.throwIfAborted()
    const reason = late.signal.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(thrown)
    const message = `${method} ${withoutSecrets(url)}: ${reason}`
    return { kind: 'failed', error: new HeadgateError('OutputFailed', message, { cause: thrown }) }
  } finally {
    timer?.cancel()
  }
}

/** The request's own deadline counts, not those of the library. */
const OUR_TIMEOUTS = { headersTimeout: 0, bodyTimeout: 0 }

/**
 * The answer as soon as it begins; its body is read as it comes, for as long as it takes. Throws NotConnected when there
 * is none in time.
 */
export async function openAnswer(
  { url, method, headers, body, timeoutMs }: Exchange,
  { dispatcher, clock, signal }: { dispatcher: Dispatcher; clock: Clock; signal: AbortSignal },
): Promise<Dispatcher.ResponseData> {
  signal.throwIfAborted()
  const late = new AbortController()
  const timer =
    timeoutMs === undefined ? undefined : clock.schedule(timeoutMs, () => late.abort(LATE))
  try {
    const { request: send } = await import('undici')
    return await send(url, {
      dispatcher,
      method: method as Dispatcher.HttpMethod,
      headers,
      body: body ?? null,
      signal: AbortSignal.any([signal, late.signal]),
      ...OUR_TIMEOUTS,
    })
  } catch (thrown) {
    signal.throwIfAborted()
    const reason = late.signal.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(thrown)
    const message = `${method} ${withoutSecrets(url)}: ${reason}`
    throw new HeadgateError('NotConnected', message, { cause: thrown })
  } finally {
    timer?.cancel()
  }
}

const LATE = 'late'

/** A URL for messages: without user, password and query, which may hold secrets. */
export function withoutSecrets(url: string): string {
  if (!URL.canParse(url)) return 'an invalid URL'
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname}`
}

const NOTHING = new Uint8Array()
const TOO_LARGE = 'the answer is larger than is taken'

/** More than `bytesMax` where there is more; the rest is left unread. */
async function bytesOf(
  body: Dispatcher.ResponseData['body'],
  bytesMax: number,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    parts.push(chunk as Uint8Array)
    length += (chunk as Uint8Array).length
    if (length > bytesMax) break
  }
  return Buffer.concat(parts)
}

function excerptOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.subarray(0, EXCERPT_BYTES_MAX)).toString()
  return text.replaceAll(/\s+/g, ' ').trim()
}

function retryAfterMs(header: string | string[] | undefined, clock: Clock): number | undefined {
  const text = typeof header === 'string' ? header.trim() : ''
  if (text === '') return undefined
  const ms = /^[0-9]+$/.test(text)
    ? Number(text) * 1_000
    : Date.parse(text) - clock.wallUs() / 1_000
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), RETRY_AFTER_MS_MAX) : undefined
}

function reasonOf(thrown: unknown): string {
  const { code } = thrown as { readonly code?: unknown }
  const { message } = asHeadgateError(thrown)
  return typeof code === 'string' && !message.includes(code) ? `${message} (${code})` : message
}
