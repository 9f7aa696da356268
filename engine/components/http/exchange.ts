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
}

export type Answer =
  | {
      readonly kind: 'answered'
      readonly status: number
      /** As the server asks by Retry-After. */
      readonly retryAfterMs: number | undefined
      /** The beginning of the body, for people. */
      readonly excerpt: string
    }
  | { readonly kind: 'failed'; readonly error: HeadgateError }

/** How much of an answer is read for its message. */
export const EXCERPT_BYTES_MAX = 512
/** Longer waits that a server asks for are cut at this. */
export const RETRY_AFTER_MS_MAX = 3_600_000

/** Rejects only when the signal aborts. */
export async function exchange(
  { url, method, headers, body, timeoutMs }: Exchange,
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
    })
    return {
      kind: 'answered',
      status: response.statusCode,
      retryAfterMs: retryAfterMs(response.headers['retry-after'], clock),
      excerpt: await excerptOf(response.body),
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

const LATE = 'late'

/** A URL for messages: without user, password and query, which may hold secrets. */
export function withoutSecrets(url: string): string {
  if (!URL.canParse(url)) return 'an invalid URL'
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname}`
}

async function excerptOf(body: Dispatcher.ResponseData['body']): Promise<string> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    if (length >= EXCERPT_BYTES_MAX) break
    parts.push(chunk as Uint8Array)
    length += (chunk as Uint8Array).length
  }
  const text = Buffer.concat(parts).subarray(0, EXCERPT_BYTES_MAX).toString()
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
