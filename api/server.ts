/**
 * The one HTTP server. It guards the listener, hands endpoint paths to their components, and serves everything else
 * through fastify, whose own errors never show through: native paths answer Kubernetes Status bodies, others text.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import { HeadgateError } from '../engine/error.ts'
import type { Logger } from '../engine/ports/logger.ts'
import { answerClientError } from './client-error.ts'
import { serveConnect } from './connect/connect.ts'
import { withoutRootPath } from './connect/root-path.ts'
import { refuseUpgrade, type SharedEndpoints } from './endpoints.ts'
import { serveHealth } from './health.ts'
import { addressUrl, type ListenAddress } from './listen-address.ts'
import { refusalOf } from './loopback-guard.ts'
import { type Metrics, serveMetrics } from './metrics.ts'
import type { NativeContext } from './native/context.ts'
import { serveNative } from './native/native.ts'
import { failure, type StatusBody, statusOf } from './native/status.ts'
import { type Build, serveVersion } from './version.ts'

/** Of a request that names no larger limit of its own. */
export const BODY_BYTES_MAX: number = 1024 * 1024
export const URL_LENGTH_MAX = 8192

export interface ApiOptions extends Omit<NativeContext, 'closing'> {
  readonly endpoints: SharedEndpoints
  readonly metrics: Metrics
  readonly logger: Logger
  readonly build: Build
}

export interface ApiServer extends AsyncDisposable {
  /** Resolves with where it listens; a port that is taken is refused with a sentence. */
  listen(address: ListenAddress): Promise<{ readonly url: string }>
}

export function openApiServer(options: ApiOptions): ApiServer {
  const closing = new AbortController()
  let listener: Server | undefined
  const server = fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    routerOptions: { maxParamLength: URL_LENGTH_MAX },
    forceCloseConnections: 'idle',
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => answerError(error, request, reply, options.logger),
    serverFactory: (handler) => {
      listener = createServer({ shouldUpgradeCallback: asksForWebsocket }, (request, response) => {
        request.url = withoutRootPath(request.url ?? '/')
        if (!refuse(request, response) && !options.endpoints.answer(request, response)) {
          ignoreType(request)
          handler(request, response)
        }
      })
      listener.on('upgrade', (request, socket, head) => {
        request.url = withoutRootPath(request.url ?? '/')
        if (refusalOf(request.headers) === undefined) {
          options.endpoints.upgrade(request, socket, head)
        } else {
          refuseUpgrade(socket, 403)
        }
      })
      return listener
    },
  })
  acceptAnyBody(server)
  server.setErrorHandler((error: FastifyError, request, reply) =>
    answerError(error, request, reply, options.logger),
  )
  server.setNotFoundHandler(answerNotFound)
  serveHealth(server, options.controlPlane)
  serveVersion(server, options.build)
  serveMetrics(server, options.metrics)
  serveConnect(server, { ...options, connect: options.controlPlane.connect })
  serveNative(server, {
    ...options,
    closing: closing.signal,
    observeRedrive: (stream, report) => options.metrics.observeRedrive(stream, report),
  })
  return {
    listen: (address) => listen(server, address),
    [Symbol.asyncDispose]: async () => {
      closing.abort()
      listener?.closeIdleConnections()
      await server.close()
    },
  }
}

async function listen(server: FastifyInstance, address: ListenAddress): Promise<{ url: string }> {
  try {
    await server.listen({ host: address.host, port: address.port })
  } catch (error) {
    throw listenError(error, address)
  }
  const { port } = server.server.address() as AddressInfo
  return { url: addressUrl({ host: address.host, port }) }
}

function listenError(error: unknown, address: ListenAddress): HeadgateError {
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  const where = `${address.host}:${address.port}`
  if (code === 'EADDRINUSE') {
    return new HeadgateError('ResourceBusy', `${where} is in use by another process`, {
      cause: error,
      hint: 'Stop that process, or choose another address with --listen 127.0.0.1:PORT.',
    })
  }
  return new HeadgateError('ResourceBusy', `cannot listen on ${where}: ${code ?? String(error)}`, {
    cause: error,
    hint: 'Choose another address with --listen 127.0.0.1:PORT.',
  })
}

/** What asks for another protocol, as some clients always do, is an ordinary request. */
function asksForWebsocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket'
}

/** Web pages stay outside; see loopback-guard.ts. */
function refuse(request: IncomingMessage, response: ServerResponse): boolean {
  const refusal = refusalOf(request.headers)
  if (refusal === undefined) return false
  response.writeHead(403, { 'content-type': 'application/json', connection: 'close' })
  response.end(JSON.stringify(failure(403, 'Forbidden', refusal)))
  return true
}

/** Outside of the native paths a body is bytes: what its type says is not read, and may be nothing that is one. */
function ignoreType({ url = '/', method, headers }: IncomingMessage): void {
  if (url.startsWith('/api')) return
  // The framework refuses a QUERY without a type before anybody is asked.
  if (headers['content-type'] !== undefined || method === 'QUERY')
    headers['content-type'] = 'application/octet-stream'
}

/** Bodies arrive as bytes whatever their type says: handlers read them, under limits of ours. */
function acceptAnyBody(server: FastifyInstance): void {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  )
}

function answerError(
  error: FastifyError | Error,
  request: FastifyRequest,
  reply: FastifyReply,
  logger: Logger,
): void {
  const body = frameworkStatus(error) ?? statusOf(error)
  if (body.code === 500) {
    logger.error('a request failed', {
      method: request.method,
      path: request.url.split('?', 1)[0],
      cause: String(error.stack),
    })
  }
  // Only the native paths speak of Status.
  if (!request.url.startsWith('/api')) {
    reply.code(body.code).type('text/plain; charset=utf-8').send(`Error: ${body.message}\n`)
    return
  }
  const wait = body.details?.retryAfterSeconds
  if (wait !== undefined) reply.header('retry-after', String(wait))
  answerStatus(reply, body)
}

/** What fastify itself refuses, in our words. */
function frameworkStatus(error: FastifyError | Error): StatusBody | undefined {
  const code = 'code' in error ? String(error.code) : ''
  if (!code.startsWith('FST_')) return undefined
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return failure(413, 'RequestEntityTooLarge', 'the body is larger than this path takes')
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return failure(415, 'UnsupportedMediaType', 'expected the content type application/json')
  }
  const status = 'statusCode' in error ? error.statusCode : undefined
  if (status === undefined || status >= 500) return undefined
  return failure(400, 'BadRequest', 'the request is malformed')
}

function answerNotFound(request: FastifyRequest, reply: FastifyReply): void {
  const path = request.url.split('?', 1)[0] ?? '/'
  if (path.startsWith('/api')) {
    const message = `there is nothing at ${path}; discovery is at /apis/headgate.dev/v1alpha1`
    answerStatus(reply, failure(404, 'NotFound', message))
    return
  }
  reply.code(404).type('text/plain; charset=utf-8').send('Not found\n')
}

function answerStatus(reply: FastifyReply, body: StatusBody): void {
  reply.code(body.code).type('application/json; charset=utf-8').send(JSON.stringify(body))
}
