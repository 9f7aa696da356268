/** `/streams/{id}/stats`: what one stream counted, and `/stats`: what all of them did. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ConnectStreams } from '../../controllers/connect/connect-streams.ts'
import type { Metrics } from '../metrics.ts'
import { parameter, requireAccess } from '../native/context.ts'
import { answerJson, answerUnknown } from './answers.ts'
import { flatMetrics } from './flat-metrics.ts'
import { serveVerbs } from './serve-verbs.ts'
import { targetOf } from './streams.ts'

const NS_PER_MS = 1_000_000

export function serveStats(
  server: FastifyInstance,
  connect: ConnectStreams,
  metrics: Metrics,
): void {
  serveVerbs(server, '/streams/:id/stats', {
    GET: (request, reply) => {
      const id = parameter(request, 'id')
      requireAccess('Read', targetOf(id))
      const state = connect.get(id)
      if (state === undefined) return answerUnknown(reply)
      const uptimeNs = Math.round(state.uptimeMs * NS_PER_MS)
      return answerJson(reply, 200, {
        ...flatMetrics(id, connect.series(id)),
        uptime_ns: uptimeNs,
      })
    },
  })
  server.get('/stats', async (request, reply) => {
    requireAccess('Read', targetOf(undefined))
    if (wantsText(request)) return reply.type(metrics.contentType).send(await metrics.text())
    const all = connect.list().map(({ id }) => flatMetrics(id, connect.series(id)))
    const shared = flatMetrics('', connect.resourceSeries())
    return answerJson(reply, 200, Object.assign(shared, ...all))
  })
}

/** Prometheus asks for text before anything else. */
function wantsText({ headers }: FastifyRequest): boolean {
  const { accept = '' } = headers
  return /text\/plain|openmetrics/.test(accept) && !/application\/json/.test(accept)
}
