/**
 * Paths that components answer on the shared server.
 *
 * A path stays known after its component went: a sender learns with 503 that the pipeline is down for now, rather
 * than with 404 that it was never there.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { HeadgateError } from '../engine/error.ts'
import type { EndpointHandler, Endpoints } from '../engine/ports/endpoints.ts'
import type { Logger } from '../engine/ports/logger.ts'

/** First segments that are, or will be, ours: an id that equals one cannot mount an endpoint. */
export const RESERVED_SEGMENTS: readonly string[] = [
  'api',
  'apis',
  'benthos',
  'console',
  'debug',
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

export class SharedEndpoints implements Endpoints {
  readonly #mounted = new Map<string, EndpointHandler>()
  readonly #gone = new Set<string>()
  readonly #logger: Pick<Logger, 'error'>

  constructor(logger: Pick<Logger, 'error'>) {
    this.#logger = logger
  }

  mount(path: string, handler: EndpointHandler): Disposable {
    refuseReserved(path)
    if (this.#mounted.has(path)) {
      throw new HeadgateError('ResourceBusy', `the endpoint ${path} is mounted already`, {
        hint: 'Give one of the two another path.',
      })
    }
    this.#gone.delete(path)
    this.#mounted.set(path, handler)
    return { [Symbol.dispose]: () => this.#unmount(path, handler) }
  }

  /** Answers the request when its path was ever mounted; false leaves it untouched. */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    if (this.#mounted.size === 0 && this.#gone.size === 0) return false
    const path = pathOf(request.url ?? '/')
    const handler = this.#handlerOf(path)
    if (handler !== undefined) {
      handleSafely(handler, request, response, this.#logger)
      return true
    }
    if (!candidatesOf(path).some((candidate) => this.#gone.has(candidate))) return false
    response.writeHead(503, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' })
    response.end('Service unavailable\n')
    return true
  }

  #handlerOf(path: string): EndpointHandler | undefined {
    for (const candidate of candidatesOf(path)) {
      const handler = this.#mounted.get(candidate)
      if (handler !== undefined) return handler
    }
    return undefined
  }

  #unmount(path: string, handler: EndpointHandler): void {
    if (this.#mounted.get(path) !== handler) return
    this.#mounted.delete(path)
    this.#gone.add(path)
    if (this.#gone.size <= GONE_PATHS_MAX) return
    const oldest = this.#gone.values().next().value
    if (oldest !== undefined) this.#gone.delete(oldest)
  }
}

/** The path itself, then each prefix of it that ends with `/`, longest first. */
function candidatesOf(path: string): readonly string[] {
  const candidates = [path]
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
    if (at + 1 < path.length) candidates.push(path.slice(0, at + 1))
  }
  return candidates
}

function pathOf(url: string): string {
  const path = url.split('?', 1)[0] ?? '/'
  try {
    return decodeURI(path)
  } catch {
    return path
  }
}

/** `/namespaces/{ns}/{id}/…` is how endpoints outside of the default namespace are called. */
function refuseReserved(path: string): void {
  const segments = path.split('/')
  const first = segments[1] ?? ''
  const isNamespaced = first === 'namespaces' && segments.length >= 5
  if (path.startsWith('/') && first !== '' && (isNamespaced || !isReserved(first))) return
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
