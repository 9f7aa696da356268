/** Lets a server listen, or says in our words why it cannot. */
import type { Server } from 'node:net'
import { HeadgateError } from '../../error.ts'
import type { ListenAddress } from './listener.ts'

export async function listenOn(server: Server, { host, port }: ListenAddress): Promise<void> {
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
}
