/** `/{id}/ready`: whether each end of one stream is connected. */
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { ConnectStreams } from '../../controllers/connect/connect-streams.ts'
import type { ConnectionStatus } from '../../engine/pipelines/pipeline.ts'
import { parameter, requireAccess } from '../native/context.ts'
import { answerJson, answerUnknown } from './answers.ts'
import { targetOf } from './streams.ts'

export function serveStreamReady(server: FastifyInstance, connect: ConnectStreams): void {
  server.get('/:id/ready', (request, reply) =>
    answerReady(reply, parameter(request, 'id'), connect),
  )
}

function answerReady(reply: FastifyReply, id: string, connect: ConnectStreams): FastifyReply {
  requireAccess('Read', targetOf(id))
  const state = connect.get(id)
  if (state === undefined) return answerUnknown(reply)
  const statuses = [...connect.connections(id)].sort(byPath)
  if (!state.active)
    return answerJson(reply, 503, {
      statuses,
      error: connect.standstill(id) ?? 'stream terminated',
    })
  const isReady = statuses.every(({ connected }) => connected)
  return answerJson(reply, isReady ? 200 : 503, { statuses })
}

function byPath(left: ConnectionStatus, right: ConnectionStatus): number {
  return left.path < right.path ? -1 : 1
}
