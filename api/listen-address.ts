/**
 * Where the server listens: `host:port`, and loopback only. A bind that others can reach needs a login, and until
 * one exists it is refused at start rather than opened to everybody.
 */
import { isIPv4 } from 'node:net'
import { HeadgateError } from '../engine/error.ts'

export interface ListenAddress {
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
}

export const LISTEN_DEFAULT = '127.0.0.1:4195'
const PORT_MAX = 65_535

export function parseListenAddress(text: string): ListenAddress {
  const match = /^(\[[^\]]*\]|[^:]*):([0-9]{1,5})$/.exec(text)
  const port = Number(match?.[2])
  const host = (match?.[1] ?? '').replace(/^\[|\]$/g, '')
  if (match === null || host === '' || port > PORT_MAX) {
    throw new HeadgateError('Usage', `--listen: expected HOST:PORT, got "${text}"`, {
      hint: `Write for example --listen ${LISTEN_DEFAULT}.`,
    })
  }
  if (!isLoopbackHost(host)) {
    throw new HeadgateError(
      'Usage',
      `--listen: expected a loopback address, got "${text}", which others can reach without a login`,
      { hint: `Listen on ${LISTEN_DEFAULT} and put a proxy with a login before it.` },
    )
  }
  return { host, port }
}

/** Names and addresses that lead nowhere but to this machine. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase()
  if (name === 'localhost' || name === '::1') return true
  return isIPv4(name) && name.startsWith('127.')
}

export function addressUrl({ host, port }: ListenAddress): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}
