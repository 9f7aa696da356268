/** `POST /resources/{type}/{id}`: what all streams may name by its label. */
import type { FastifyInstance } from 'fastify'
import type { ConnectStreams } from '../../controllers/connect/connect-streams.ts'
import { parameter, requireAccess } from '../native/context.ts'
import { answerDone, answerRefusal } from './answers.ts'
import { bodyOf, readWrite } from './read-write.ts'
import { serveVerbs } from './serve-verbs.ts'
import { targetOf } from './streams.ts'

export function serveResourcePosts(server: FastifyInstance, connect: ConnectStreams): void {
  serveVerbs(server, '/resources/:type/:id', {
    POST: async (request, reply) => {
      requireAccess('Write', targetOf(undefined))
      const [type, id] = [parameter(request, 'type'), parameter(request, 'id')]
      try {
        await connect.putResource(type, id, bodyOf(request), readWrite(request, reply))
        return answerDone(reply)
      } catch (thrown) {
        return answerRefusal(reply, thrown)
      }
    },
  })
}
