/** Opens a connection to a server: TCP, with TLS or without, or a socket of the file system. */
import { isIP, type NetConnectOpts, connect as netConnect, type Socket } from 'node:net'
import { resolve } from 'node:path'
import { connect as tlsConnect } from 'node:tls'
import { HeadgateError } from '../../error.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import { parseAddress } from '../http/listener.ts'
import { type TlsConfig, tlsOptions } from '../tls-fields.ts'
import type { SocketAddress } from './socket-address.ts'

/** How long a server may take to answer. */
export const SOCKET_CONNECT_MS = 10_000

export interface SocketTarget extends SocketAddress {
  readonly tls: TlsConfig
}

/** Rejects with NotConnected while nobody listens there. */
export async function openSocket(
  target: SocketTarget,
  context: Pick<BuildContext, 'environment'>,
  signal: AbortSignal,
): Promise<Socket> {
  const { environment } = context
  const tls = await tlsOptions(target.tls, context)
  const to = placeOf(target, environment.directory)
  const socket =
    tls === undefined ? netConnect(to) : tlsConnect({ ...serverName(to), ...to, ...tls })
  const settled = new AbortController()
  let closed: (() => void) | undefined
  try {
    await new Promise<void>((ready, reject) => {
      socket.once(tls === undefined ? 'connect' : 'secureConnect', ready)
      socket.once('error', reject)
      // Some servers close without a word.
      closed = () => reject(new Error('the server closed the connection'))
      socket.once('close', closed)
      signal.addEventListener('abort', () => reject(signal.reason), { signal: settled.signal })
      environment.clock.sleep(SOCKET_CONNECT_MS, settled.signal).then(
        () => reject(new Error(`no answer within ${SOCKET_CONNECT_MS} ms`)),
        () => {},
      )
    })
  } catch (cause) {
    socket.destroy()
    socket.on('error', () => {})
    throw notConnected(target, cause)
  } finally {
    settled.abort()
    if (closed !== undefined) socket.off('close', closed)
  }
  return socket
}

export function notConnected({ address }: SocketAddress, cause: unknown): HeadgateError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new HeadgateError('NotConnected', `no connection to ${address}: ${reason}`, { cause })
}

function placeOf({ network, address }: SocketTarget, directory: string): NetConnectOpts {
  if (network === 'unix') return { path: resolve(directory, address) }
  const place = parseAddress(address)
  if (place === undefined) {
    throw new HeadgateError('ComponentConfigInvalid', `expected host:port, got ${address}`)
  }
  return { host: place.host === '::' ? 'localhost' : place.host, port: place.port }
}

/** A name to ask for; an address is none. */
function serverName(to: NetConnectOpts): { servername?: string } {
  const { host = 'localhost' } = to as { readonly host?: string }
  return isIP(host) === 0 ? { servername: host } : {}
}
