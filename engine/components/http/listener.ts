/** A listener of a component's own: opened on connecting, and closed so that answers under way still leave. */
import type { IncomingMessage, RequestListener, Server } from 'node:http'
import { HeadgateError } from '../../error.ts'
import type { Clock } from '../../ports/clock.ts'
import type { UpgradeHandler } from '../../ports/endpoints.ts'
import { listenOn } from './listen-on.ts'

/** Connections that are still open after this are cut. */
export const LISTENER_CLOSE_MS = 1_000

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** `host:port`, `:port` for all interfaces, `[::1]:port`; undefined for anything else. */
export function parseAddress(text: string): ListenAddress | undefined {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]\s]*):([0-9]{1,5})$/.exec(text)
  const port = Number(match?.[2])
  if (match === null || port > 65_535) return undefined
  const host = (match[1] ?? '').replace(/^\[|\]$/g, '')
  return { host: host === '' ? '::' : host, port }
}

export interface Listening {
  readonly request: RequestListener
  readonly upgrade: UpgradeHandler
  /** Undefined for one without TLS. */
  readonly identity: { readonly cert: string; readonly key: string } | undefined
}

export async function openListener(
  address: ListenAddress,
  { request, upgrade, identity }: Listening,
): Promise<Server> {
  const server = await createListener(request, identity)
  server.on('upgrade', upgrade)
  await listenOn(server, address)
  return server
}

/** Whoever only judges a config has no use for an HTTP server. */
async function createListener(
  request: RequestListener,
  identity: Listening['identity'],
): Promise<Server> {
  const options = { shouldUpgradeCallback: asksForWebsocket }
  if (identity === undefined) return (await import('node:http')).createServer(options, request)
  const { createServer } = await import('node:https')
  try {
    return createServer({ ...options, ...identity }, request)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown'
    throw new HeadgateError(
      'ComponentConfigInvalid',
      `the certificate of cert_file and the key of key_file cannot be used: ${code}`,
      { hint: 'Both have to be PEM, and the key has to fit the certificate.' },
    )
  }
}

/** What asks for another protocol, as some clients always do, is an ordinary request. */
function asksForWebsocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket'
}

export async function closeListener(server: Server, clock: Clock): Promise<void> {
  const timer = clock.schedule(LISTENER_CLOSE_MS, () => server.closeAllConnections())
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
  })
  timer.cancel()
}
