/** Answers of an HTTP server that are a sentence, or nothing. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

export const UNAVAILABLE = 'Service unavailable'

/** Nothing where the client has gone, or has an answer already. */
export function answerText(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  answerBytes(response, status, text, {
    ...(text === '' ? {} : TEXT),
    ...RETRY[status],
    ...headers,
  })
}

export function answerBytes(
  response: ServerResponse,
  status: number,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>>,
  onWritten?: () => void,
): void {
  if (response.headersSent || response.destroyed) return
  // A body that was not read to its end would be taken for the next request.
  if (!response.req.complete) response.shouldKeepAlive = false
  const hasBody = status >= 200 && !BODILESS.includes(status)
  const length = hasBody ? { 'content-length': Buffer.byteLength(body) } : {}
  try {
    response.writeHead(status, { ...headers, ...length })
  } catch {
    response.writeHead(status)
  }
  // An empty chunk would be a write of its own.
  if (body.length === 0) response.end(onWritten)
  else response.end(body, onWritten)
}

const REFUSALS = { 403: 'Forbidden', 404: 'Not Found', 503: 'Service Unavailable' } as const

/** The answer to a client that asks for a websocket and gets none. */
export function refuseUpgrade(socket: Duplex, status: keyof typeof REFUSALS): void {
  socket.on('error', () => {})
  const text = REFUSALS[status]
  const headers = `content-type: text/plain; charset=utf-8\r\ncontent-length: ${text.length}`
  socket.end(`HTTP/1.1 ${status} ${text}\r\nconnection: close\r\n${headers}\r\n\r\n${text}`)
}

/** For a path that is for websockets only. */
export function demandUpgrade(_: IncomingMessage, response: ServerResponse): void {
  answerText(response, 426, 'Upgrade required', { connection: 'upgrade', upgrade: 'websocket' })
}

const BODILESS: readonly number[] = [204, 304]
const TEXT = { 'content-type': 'text/plain; charset=utf-8' }
const RETRY: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  503: { 'retry-after': '1' },
}
