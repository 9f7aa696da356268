/** Answers writes to what is not made through this API with 405, and says how it is made. */
import type { FastifyInstance } from 'fastify'
import { StatusError } from './status.ts'

export function refuseWrites(
  server: FastifyInstance,
  url: string,
  kind: string,
  message: string,
): void {
  server.route({
    method: ['POST', 'PUT', 'PATCH', 'DELETE'],
    url,
    handler: (_request, reply) => {
      reply.header('allow', 'GET, HEAD')
      throw new StatusError(405, 'MethodNotAllowed', message, { group: 'headgate.dev', kind })
    },
  })
}
