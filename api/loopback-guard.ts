/**
 * Keeps web pages away from a listener that has no login.
 *
 * A page on the internet can make a browser send requests to 127.0.0.1, either across origins (then `Origin` is the
 * page's) or by a name of its own that resolves to loopback (then `Host` is that name). Both are refused before any
 * handler sees them.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { isLoopbackHost } from './listen-address.ts'

/** Why the request is refused, in one sentence, or undefined. */
export function refusalOf(headers: IncomingHttpHeaders): string | undefined {
  const host = headers.host
  if (host === undefined || !isLoopbackHost(hostNameOf(host))) {
    return `expected a Host header that names this machine, got ${quoted(host)}`
  }
  const origin = headers.origin
  if (origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`) {
    return `expected no Origin header or http://${host}, got ${quoted(origin)}`
  }
  return undefined
}

function hostNameOf(host: string): string {
  const match = /^(\[[^\]]*\]|[^:]*)(:[0-9]*)?$/.exec(host)
  return (match?.[1] ?? '').replace(/^\[|\]$/g, '')
}

function quoted(value: string | undefined): string {
  return value === undefined ? 'none' : JSON.stringify(value.slice(0, 200))
}
