/**
 * Serves the paths of a component: beneath its pipeline's prefix on the shared server, or at an address of its own, where
 * TLS and the pages of others are its matter too.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { HeadgateError } from '../../error.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import { EndpointRoutes, pathOf } from '../../ports/endpoint-routes.ts'
import type { EndpointHandler, UpgradeHandler } from '../../ports/endpoints.ts'
import { type PathPattern, pathPattern } from '../../ports/path-pattern.ts'
import { textOf } from '../tls-fields.ts'
import { closeListener, openListener, parseAddress } from './listener.ts'
import type { ServerConfig } from './server-fields.ts'
import { answerText, refuseUpgrade } from './text-answer.ts'

export interface ServedPath {
  /** As the config says it; an empty one is not served. */
  readonly path: string
  readonly handler: EndpointHandler
  readonly upgrade?: UpgradeHandler
}

export interface OpenPaths {
  close(): Promise<void>
}

/** The pattern of a path as its requests spell it, for the values of its parameters. */
export function servedPattern(
  path: string,
  { address }: Pick<ServerConfig, 'address'>,
  { environment }: Pick<BuildContext, 'environment'>,
): PathPattern {
  return pathPattern(address === '' ? `${environment.endpointPrefix}${path}` : path)
}

export async function servePaths(
  config: ServerConfig,
  paths: readonly ServedPath[],
  context: Pick<BuildContext, 'environment'>,
): Promise<OpenPaths> {
  const served = joined(paths)
  if (config.address !== '') return await listenFor(config, served, context)
  const { endpoints, endpointPrefix } = context.environment
  using mounts = new DisposableStack()
  for (const { path, handler, upgrade } of served) {
    mounts.use(endpoints.mount(`${endpointPrefix}${path}`, handler, upgrade))
  }
  const kept = mounts.move()
  return { close: async () => kept.dispose() }
}

/** A path that stands twice, once for websockets, is one. */
function joined(paths: readonly ServedPath[]): readonly ServedPath[] {
  const byPath = new Map<string, ServedPath>()
  for (const one of paths) {
    if (one.path === '') continue
    const known = byPath.get(one.path)
    const upgrade = known?.upgrade ?? one.upgrade
    const handler = known?.handler ?? one.handler
    byPath.set(one.path, { path: one.path, handler, ...(upgrade === undefined ? {} : { upgrade }) })
  }
  return [...byPath.values()]
}

async function listenFor(
  config: ServerConfig,
  paths: readonly ServedPath[],
  context: Pick<BuildContext, 'environment'>,
): Promise<OpenPaths> {
  const address = parseAddress(config.address)
  if (address === undefined) {
    throw new HeadgateError('ComponentConfigInvalid', `expected host:port, got ${config.address}`)
  }
  const routes = new EndpointRoutes<ServedPath>()
  for (const one of paths) routes.set(one.path, one)
  const find = ({ url = '/' }: IncomingMessage): ServedPath | undefined => routes.find(pathOf(url))
  const { cert_file, key_file } = config
  const identity =
    cert_file === ''
      ? undefined
      : { cert: await textOf(cert_file, context), key: await textOf(key_file, context) }
  const server = await openListener(address, {
    identity,
    request: (request, response) => {
      if (answerPage(config, request, response)) return
      const found = find(request)
      if (found === undefined) answerText(response, 404, 'Not found')
      else found.handler(request, response)
    },
    upgrade: (request, socket, head) => {
      const upgrade = find(request)?.upgrade
      if (upgrade === undefined) refuseUpgrade(socket, 404)
      else if (!mayUpgrade(config, request)) refuseUpgrade(socket, 403)
      else upgrade(request, socket, head)
    },
  })
  return { close: () => closeListener(server, context.environment.clock) }
}

/**
 * Tells a browser whether a page of another origin may have the answer. True when that was the whole request: browsers
 * ask beforehand.
 */
function answerPage(
  { cors, allowed_verbs }: ServerConfig,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  const { origin, 'access-control-request-headers': wanted } = request.headers
  if (!cors.enabled || origin === undefined) return false
  const asks = request.headers['access-control-request-method'] !== undefined
  response.setHeader('vary', 'Origin')
  if (allows(cors.allowed_origins, origin)) {
    response.setHeader('access-control-allow-origin', origin)
    if (asks) response.setHeader('access-control-allow-methods', allowed_verbs.join(', '))
    if (asks && wanted !== undefined) response.setHeader('access-control-allow-headers', wanted)
  }
  if (request.method !== 'OPTIONS' || !asks) return false
  response.writeHead(204).end()
  return true
}

/** Browsers ask nobody before they open a websocket: a page of another origin is refused here. */
function mayUpgrade({ cors }: ServerConfig, { headers }: IncomingMessage): boolean {
  const { origin, host = '' } = headers
  if (origin === undefined) return true
  if (URL.canParse(origin) && new URL(origin).host === host.toLowerCase()) return true
  return cors.enabled && allows(cors.allowed_origins, origin)
}

function allows(origins: readonly string[], origin: string): boolean {
  return origins.includes('*') || origins.includes(origin)
}
