/**
 * Whether the process lives, whether it is ready, and whether its pipelines are connected.
 *
 * Ready means that every first action was carried out or failed once: a folder with a mistake in it is ready, and
 * deletes that wait do not count.
 */
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { ControlPlane } from '../controllers/control-plane.ts'
import type { Condition } from '../controllers/status/condition.ts'
import type { ResourceObject } from '../crds/resource.ts'
import { decide, LOCAL_ADMIN } from '../engine/access/decide.ts'

export function serveHealth(server: FastifyInstance, controlPlane: ControlPlane): void {
  let converged = false
  void controlPlane.sources.firstConvergence().then(
    () => {
      converged = true
    },
    () => undefined,
  )
  server.get('/livez', (_request, reply) => plain(reply, 200, 'ok'))
  server.get('/readyz', (_request, reply) =>
    converged ? plain(reply, 200, 'ok') : plain(reply, 503, 'the first convergence is under way'),
  )
  server.get('/ping', (_request, reply) => plain(reply, 200, 'pong'))
  server.get('/ready', (_request, reply) => {
    const target = { kind: 'Pipeline', namespace: undefined, name: undefined } as const
    if (!decide(LOCAL_ADMIN, 'Read', target).allowed) return plain(reply, 403, 'forbidden')
    const away = notConnected(controlPlane.resources.list('Pipeline', undefined))
    if (away.length === 0) return plain(reply, 200, 'OK')
    return plain(reply, 503, `streams ${away.join(', ')} are not connected\n`)
  })
}

/**
 * The ids of the pipelines that wait for a connection, or should run and do not; those that ended, are paused or are
 * about to be replaced do not count.
 */
function notConnected(pipelines: readonly ResourceObject[]): readonly string[] {
  return pipelines
    .filter((pipeline) => {
      const conditions = conditionsOf(pipeline)
      const holds = (type: string, status: string): boolean =>
        conditions.some((condition) => condition.type === type && condition.status === status)
      if (holds('Completed', 'True') || isPaused(pipeline)) return false
      if (conditions.some(({ reason }) => reason === 'Stopping')) return false
      if (holds('Connected', 'False')) return true
      return !holds('Connected', 'True') && holds('Ready', 'False')
    })
    .map(({ metadata, spec }) => {
      const id = (spec as { readonly id?: unknown } | undefined)?.id
      return typeof id === 'string' ? id : metadata.name
    })
}

function isPaused({ spec }: ResourceObject): boolean {
  return (spec as { readonly paused?: unknown } | undefined)?.paused === true
}

function conditionsOf({ status }: ResourceObject): readonly Condition[] {
  const conditions = (status as { readonly conditions?: unknown } | undefined)?.conditions
  return Array.isArray(conditions) ? (conditions as readonly Condition[]) : []
}

function plain(reply: FastifyReply, code: number, text: string): FastifyReply {
  return reply.code(code).type('text/plain; charset=utf-8').send(text)
}
