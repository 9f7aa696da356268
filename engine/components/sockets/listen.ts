/** Opens a listener for connections: TCP, with TLS or without, or a socket of the file system. */
import { lstat, unlink } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { resolve } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { HeadgateError } from '../../error.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import { parseAddress } from '../http/listener.ts'
import { isClientAccepted, type ServerTlsConfig, serverTlsOptions } from './server-tls.ts'
import type { SocketAddress } from './socket-address.ts'

export interface Listener {
  readonly server: Server
  /** With the port that it got. */
  readonly address: string
}

export async function listen(
  config: SocketAddress & { readonly tls: ServerTlsConfig },
  context: Pick<BuildContext, 'environment'>,
  welcome: (socket: Socket) => void,
): Promise<Listener> {
  const { network, address } = config
  const { directory, logger } = context.environment
  const accept = (socket: Socket): void => {
    // Whoever reads it hears of an error; until then it must not end the process.
    socket.on('error', () => {})
    welcome(socket)
  }
  let server: Server
  if (network === 'tls') {
    const options = await serverTlsOptions(config.tls, context)
    server = createTlsServer(options, (socket) => {
      if (isClientAccepted(socket, config.tls)) accept(socket)
      else socket.destroy()
    })
    server.on('tlsClientError', (error: Error) =>
      logger.warn('a TLS connection was refused', { reason: error.message }),
    )
  } else {
    server = createServer(accept)
  }
  if (network === 'unix') {
    const path = resolve(directory, address)
    await listenOnPath(server, path)
    return { server, address: path }
  }
  const place = parseAddress(address)
  await bind(server, { host: place?.host ?? '', port: place?.port ?? 0 }, address)
  const bound = server.address() as AddressInfo
  const host = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address
  return { server, address: `${host}:${bound.port}` }
}

/** What a process that was killed left there is in nobody's use. */
async function listenOnPath(server: Server, path: string): Promise<void> {
  try {
    await bind(server, { path }, path)
  } catch (thrown) {
    const isTaken = thrown instanceof HeadgateError && thrown.code === 'ResourceBusy'
    if (!isTaken || !(await isAbandoned(path))) throw thrown
    await unlink(path)
    await bind(server, { path }, path)
  }
}

/** A socket that nobody answers at; a file of another kind is somebody's. */
async function isAbandoned(path: string): Promise<boolean> {
  const { isSocket } = await lstat(path).then(
    (found) => ({ isSocket: found.isSocket() }),
    () => ({ isSocket: false }),
  )
  if (!isSocket) return false
  return new Promise((done) => {
    const socket = connect({ path })
    socket.once('connect', () => {
      socket.destroy()
      done(false)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => done(error.code === 'ECONNREFUSED'))
  })
}

function bind(
  server: Server,
  place: { readonly host: string; readonly port: number } | { readonly path: string },
  address: string,
): Promise<void> {
  return new Promise((done, reject) => {
    const failed = (cause: NodeJS.ErrnoException): void => reject(listenFailure(address, cause))
    server.once('error', failed)
    server.listen(place, () => {
      server.off('error', failed)
      done()
    })
  })
}

export function listenFailure(address: string, cause: NodeJS.ErrnoException): HeadgateError {
  const taken = cause.code === 'EADDRINUSE'
  const message = taken
    ? `another program listens on ${address}`
    : `cannot listen on ${address}: ${cause.code ?? cause.message}`
  return new HeadgateError(taken ? 'ResourceBusy' : 'InputFailed', message, { cause })
}
