/** Where a socket goes, or listens: `host:port`, or a path for a socket of the file system. */
import type { ConfigFault } from '../../pipelines/component.ts'
import type { Need } from '../../pipelines/pipeline.ts'
import { parseAddress } from '../http/listener.ts'

export interface SocketAddress {
  readonly network: string
  readonly address: string
}

export function addressFaults({ network, address }: SocketAddress): readonly ConfigFault[] {
  if (address.includes('${') || network === 'unix' || parseAddress(address) !== undefined) return []
  return [{ path: ['address'], message: `expected host:port, got ${JSON.stringify(address)}` }]
}

/** A socket of the file system is a file. */
export function pathNeeds({ network, address }: SocketAddress): readonly Need[] {
  return network === 'unix' ? [{ kind: 'file', name: address, path: ['address'] }] : []
}

export function listenerNeeds(socket: SocketAddress): readonly Need[] {
  if (socket.network === 'unix') return pathNeeds(socket)
  return [{ kind: 'listener', name: socket.address, path: ['address'] }]
}

/** A port that the system chooses is nobody else's. */
export function listenerExclusives({ network, address }: SocketAddress): readonly string[] {
  if (network === 'unix') return [`file:${address}`]
  if (address.endsWith(':0')) return []
  return [network === 'udp' ? `udp:${address}` : `port:${address}`]
}
