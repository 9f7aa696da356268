/** The websocket of a component that calls a server: its fields, and how it is opened and closed. */
import type { ClientRequestArgs } from 'node:http'
import type { Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import type { WebSocket } from 'ws'
import { type TUnsafe, Type } from '../../../crds/typebox.ts'
import { HeadgateError } from '../../error.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import type { ConfigFault } from '../../pipelines/component.ts'
import { secretField } from '../../pipelines/fields.ts'
import type { Need, SecretReference } from '../../pipelines/pipeline.ts'
import type { Clock } from '../../ports/clock.ts'
import {
  secretOf,
  type TlsConfig,
  tlsFaults,
  tlsFields,
  tlsNeeds,
  tlsOptions,
} from '../tls-fields.ts'
import {
  type CredentialsConfig,
  credentialFaults,
  credentialFields,
  credentialNeeds,
} from './credential-fields.ts'
import { Credentials } from './credentials.ts'
import { withoutSecrets } from './exchange.ts'
import { openTunnel } from './proxy-tunnel.ts'
import { BODY_BYTES_MAX } from './request-body.ts'

export interface ClientSocketConfig extends CredentialsConfig {
  readonly url: string
  readonly proxy_url: string
  readonly headers: Readonly<Record<string, string | SecretReference>>
  readonly tls: TlsConfig
}

type ClientSocketFields = {
  readonly [Name in keyof ClientSocketConfig]: TUnsafe<ClientSocketConfig[Name]>
}

/** A server that does not answer within this is not connected. */
export const OPEN_SOCKET_MS = 10_000
/** A server that has not said goodbye after this is cut off. */
export const CLOSE_SOCKET_MS = 1_000

/** To be spread into a component's fields. */
export const clientSocketFields: ClientSocketFields = {
  url: Type.Unsafe<string>(
    Type.String({
      minLength: 1,
      description: 'The server.',
      examples: ['ws://127.0.0.1:4195/foo/get/ws'],
    }),
  ),
  proxy_url: Type.Unsafe<string>(
    Type.String({ default: '', description: 'A proxy that the connection goes through.' }),
  ),
  headers: Type.Unsafe<ClientSocketConfig['headers']>(
    Type.Record(Type.String(), secretField({ description: 'A header, or its secret.' }), {
      default: {},
      description: 'Headers of the request that opens the websocket.',
    }),
  ),
  tls: tlsFields,
  ...credentialFields,
}

export function clientSocketNeeds(config: ClientSocketConfig): readonly Need[] {
  return [...tlsNeeds(config.tls), ...credentialNeeds(config)]
}

export function clientSocketFaults(config: ClientSocketConfig): readonly ConfigFault[] {
  const { url, proxy_url: proxy } = config
  const faults: ConfigFault[] = [...tlsFaults(config.tls), ...credentialFaults(config)]
  if (!url.includes('${') && !(URL.canParse(url) && /^(ws|http)s?:$/.test(new URL(url).protocol))) {
    faults.push({ path: ['url'], message: 'expected a ws:// or wss:// URL' })
  }
  if (proxy !== '' && !proxy.includes('${') && !/^https?:\/\/\S+$/.test(proxy)) {
    faults.push({ path: ['proxy_url'], message: 'expected an http:// or https:// URL' })
  }
  return faults
}

/**
 * Paused, so that no frame comes before somebody listens. Rejects with NotConnected when the server is away or refuses,
 * and with the signal's reason when it aborts.
 */
export async function openClientSocket(
  config: ClientSocketConfig,
  context: Pick<BuildContext, 'environment'>,
  signal: AbortSignal,
): Promise<WebSocket> {
  const credentials = await Credentials.from(config, context)
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(config.headers)) {
    headers[name] = await secretOf(value, context)
  }
  const signed = config.url.replace(/^ws/, 'http')
  const authorization = credentials.header('GET', signed)
  if (authorization !== undefined) headers['Authorization'] = authorization
  const secured = (await tlsOptions(config.tls, context)) ?? {}
  const { WebSocket: Client } = await import('ws')
  signal.throwIfAborted()
  const socket = new Client(config.url, {
    ...secured,
    headers,
    maxPayload: BODY_BYTES_MAX,
    followRedirects: false,
    ...(config.proxy_url === '' ? {} : { createConnection: through(config, secured) }),
  })
  return await opened(socket, withoutSecrets(config.url), context.environment.clock, signal)
}

function opened(
  socket: WebSocket,
  name: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string, cause?: unknown): void => {
      end()
      socket.terminate()
      reject(new HeadgateError('NotConnected', `${name}: ${reason}`, { cause }))
    }
    const timer = clock.schedule(OPEN_SOCKET_MS, () => fail(`no answer in ${OPEN_SOCKET_MS} ms`))
    const abort = (): void => {
      end()
      socket.terminate()
      reject(signal.reason)
    }
    const end = (): void => {
      timer.cancel()
      signal.removeEventListener('abort', abort)
    }
    signal.addEventListener('abort', abort)
    // It stays: what goes wrong later also closes the socket.
    socket.on('error', (cause: NodeJS.ErrnoException) => fail(cause.code ?? cause.message, cause))
    socket.once('unexpected-response', (_, { statusCode }) => fail(`answered ${statusCode}`))
    socket.once('open', () => {
      end()
      socket.pause()
      resolve(socket)
    })
  })
}

/** Says goodbye, and cuts the connection when the server does not. */
export async function closeClientSocket(
  socket: WebSocket | undefined,
  clock: Clock,
): Promise<void> {
  if (socket === undefined || socket.readyState === socket.CLOSED) return
  const cut = clock.schedule(CLOSE_SOCKET_MS, () => socket.terminate())
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve())
    socket.close(1000)
    // A socket that is paused would not hear the answer.
    socket.resume()
  })
  cut.cancel()
}

/** How `http.request` opens a connection: through the proxy, and then with TLS where the address asks for it. */
function through(
  { url, proxy_url }: ClientSocketConfig,
  secured: ConnectionOptions,
): NonNullable<ClientRequestArgs['createConnection']> {
  const { protocol, hostname, port } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '')
  const isSecure = protocol === 'wss:' || protocol === 'https:'
  return (_, callback) => {
    openTunnel(proxy_url, host, Number(port) || (isSecure ? 443 : 80))
      .then((socket) => (isSecure ? secure(socket, host, secured) : socket))
      .then(
        (socket) => callback(null, socket),
        (error) => callback(error, undefined as never),
      )
    return undefined
  }
}

async function secure(socket: Socket, host: string, secured: ConnectionOptions): Promise<Socket> {
  const [{ connect }, { isIP }] = await Promise.all([import('node:tls'), import('node:net')])
  return connect({ ...secured, socket, host, ...(isIP(host) === 0 ? { servername: host } : {}) })
}
