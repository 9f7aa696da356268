/** A connection through an HTTP proxy (CONNECT), for protocols that are not requests themselves. */
import type { Socket } from 'node:net'
import { HeadgateError } from '../../error.ts'
import { basicHeader } from './credentials.ts'
import { withoutSecrets } from './exchange.ts'

/** Rejects with NotConnected; what the proxy's address holds of names and passwords is not in it. */
export async function openTunnel(proxyUrl: string, host: string, port: number): Promise<Socket> {
  const proxy = new URL(proxyUrl)
  const { request: send } = await import(proxy.protocol === 'https:' ? 'node:https' : 'node:http')
  const { username, password, hostname, port: proxyPort } = proxy
  const login = basicHeader(decodeURIComponent(username), decodeURIComponent(password))
  const target = `${host.includes(':') ? `[${host}]` : host}:${port}`
  return await new Promise((resolve, reject) => {
    const fail = (reason: string, cause?: unknown): void => {
      const message = `the proxy ${withoutSecrets(proxyUrl)} ${reason}`
      reject(new HeadgateError('NotConnected', message, { cause }))
    }
    const request = send({
      method: 'CONNECT',
      host: hostname,
      port: proxyPort === '' ? undefined : Number(proxyPort),
      path: target,
      headers: { host: target, ...(username === '' ? {} : { 'proxy-authorization': login }) },
    })
    request.once('connect', ({ statusCode }: { statusCode?: number }, socket: Socket) => {
      if (statusCode === 200) return resolve(socket)
      socket.destroy()
      fail(`answered ${statusCode}`)
    })
    request.once('response', ({ statusCode }: { statusCode?: number }) => {
      request.destroy()
      fail(`answered ${statusCode}`)
    })
    request.once('error', (cause: NodeJS.ErrnoException) => fail(`failed: ${cause.code}`, cause))
    request.end()
  })
}
