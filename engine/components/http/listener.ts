/** A listener of a component's own: opened on connecting, and closed so that answers under way still leave. */
import type { RequestListener, Server } from 'node:http'
import { HeadgateError } from '../../error.ts'
import type { Clock } from '../../ports/clock.ts'

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

export async function openListener(
  { host, port }: ListenAddress,
  handler: RequestListener,
): Promise<Server> {
  // Whoever only judges a config has no use for an HTTP server.
  const { createServer } = await import('node:http')
  const server = createServer(handler)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE'
      const message = taken
        ? `another program listens on ${host}:${port}`
        : `cannot listen on ${host}:${port}: ${cause.message}`
      reject(new HeadgateError(taken ? 'ResourceBusy' : 'InputFailed', message, { cause }))
    })
    server.listen({ host, port }, resolve)
  })
  return server
}

export async function closeListener(server: Server, clock: Clock): Promise<void> {
  const timer = clock.schedule(LISTENER_CLOSE_MS, () => server.closeAllConnections())
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
  })
  timer.cancel()
}
