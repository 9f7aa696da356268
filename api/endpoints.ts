/**
 * Paths that components answer on the shared server.
 *
 * A path stays known after its component went: a sender learns with 503 that the pipeline is down for now, rather
 * than with 404 that it was never there.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { HeadgateError } from '../engine/error.ts'
import { EndpointRoutes, pathOf } from '../engine/ports/endpoint-routes.ts'
import type { EndpointHandler, Endpoints, UpgradeHandler } from '../engine/ports/endpoints.ts'
import type { Logger } from '../engine/ports/logger.ts'

/** First segments that are, or will be, ours: an id that equals one cannot mount an endpoint. */
export const RESERVED_SEGMENTS: readonly string[] = [
  'api',
  'apis',
  'benthos',
  'console',
  'debug',
  'endpoints',
  'healthz',
  'livez',
  'metrics',
  'namespaces',
  'openapi',
  'ping',
  'ready',
  'readyz',
  'resources',
  'stats',
  'streams',
  'v1',
  'version',
]

/** How many unmounted paths are remembered; the oldest is forgotten first. */
export const GONE_PATHS_MAX = 10_000

interface Mounted {
  readonly handler: EndpointHandler
  readonly upgrade: UpgradeHandler | undefined
}

export class SharedEndpoints implements Endpoints {
  readonly #mounted = new EndpointRoutes<Mounted>()
  readonly #gone = new EndpointRoutes<true>()
  /** The oldest first. */
  readonly #gonePaths = new Set<string>()
  readonly #logger: Pick<Logger, 'error'>

  constructor(logger: Pick<Logger, 'error'>) {
    this.#logger = logger
  }

  mount(path: string, handler: EndpointHandler, upgrade?: UpgradeHandler): Disposable {
    refuseReserved(path)
    if (this.#mounted.has(path)) {
      throw new HeadgateError('ResourceBusy', `the endpoint ${path} is mounted already`, {
        hint: 'Give one of the two another path.',
      })
    }
    this.#forgetGone(path)
    const mounted: Mounted = { handler, upgrade }
    this.#mounted.set(path, mounted)
    return { [Symbol.dispose]: () => this.#unmount(path, mounted) }
  }

  /** Those that somebody answers now. */
  paths(): readonly string[] {
    return this.#mounted.paths()
  }

  /** Answers the request when its path was ever mounted; false leaves it untouched. */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    if (this.#mounted.size === 0 && this.#gone.size === 0) return false
    const path = pathOf(request.url ?? '/')
    const mounted = this.#mounted.find(path)
    if (mounted !== undefined) {
      handleSafely(mounted.handler, request, response, this.#logger)
      return true
    }
    if (this.#gone.find(path) === undefined) return false
    response.writeHead(503, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' })
    response.end('Service unavailable\n')
    return true
  }

  /** Hands a client that asks for a websocket to whoever is for it, and refuses it where nobody is. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const path = pathOf(request.url ?? '/')
    const upgrade = this.#mounted.find(path)?.upgrade
    if (upgrade === undefined) {
      refuseUpgrade(socket, this.#gone.find(path) === undefined ? 404 : 503)
      return
    }
    try {
      upgrade(request, socket, head)
    } catch (error) {
      this.#logger.error('an endpoint failed on a websocket', { error })
      socket.destroy()
    }
  }

  #unmount(path: string, mounted: Mounted): void {
    if (this.#mounted.get(path) !== mounted) return
    this.#mounted.delete(path)
    this.#gone.set(path, true)
    this.#gonePaths.add(path)
    if (this.#gonePaths.size <= GONE_PATHS_MAX) return
    const oldest = this.#gonePaths.values().next().value
    if (oldest !== undefined) this.#forgetGone(oldest)
  }

  #forgetGone(path: string): void {
    this.#gonePaths.delete(path)
    this.#gone.delete(path)
  }
}

const REFUSALS: Readonly<Record<403 | 404 | 503, string>> = {
  403: 'Forbidden',
  404: 'Not Found',
  503: 'Service Unavailable',
}

/** The answer to a client that asked for a websocket and gets none. */
export function refuseUpgrade(socket: Duplex, status: 403 | 404 | 503): void {
  socket.on('error', () => {})
  const text = REFUSALS[status]
  const headers = `content-type: text/plain; charset=utf-8\r\ncontent-length: ${text.length + 1}`
  socket.end(`HTTP/1.1 ${status} ${text}\r\nconnection: close\r\n${headers}\r\n\r\n${text}\n`)
}

/** `/namespaces/{ns}/{id}/…` is how endpoints outside of the default namespace are called. */
function refuseReserved(path: string): void {
  const segments = path.split('/')
  const first = segments[1] ?? ''
  const isNamespaced = first === 'namespaces' && segments.length >= 5
  const isAny = first === '' || first.includes('{')
  if (path.startsWith('/') && !isAny && (isNamespaced || !isReserved(first))) return
  throw new HeadgateError(
    'ComponentConfigInvalid',
    `the endpoint ${path} would hide a path of the server's own`,
    {
      hint: `Give the pipeline an id other than ${RESERVED_SEGMENTS.join(', ')}.`,
    },
  )
}

function isReserved(segment: string): boolean {
  return RESERVED_SEGMENTS.includes(segment.toLowerCase())
}

function handleSafely(
  handler: EndpointHandler,
  request: IncomingMessage,
  response: ServerResponse,
  logger: Pick<Logger, 'error'>,
): void {
  try {
    handler(request, response)
  } catch (error) {
    logger.error('an endpoint failed on a request', { error })
    if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' })
    response.end('Error: the endpoint failed\n')
  }
}
