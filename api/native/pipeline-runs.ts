/** Restarts a Pipeline, and pauses one that came through the Connect API. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { kinds } from '../../crds/kinds.ts'
import type { Identity } from '../../crds/resource.ts'
import { BASE, type NativeContext, parameter, requireAccess } from './context.ts'
import { beneath, type PathItems } from './openapi/path-item.ts'

const { plural } = kinds.Pipeline
const RESTART = `/namespaces/{namespace}/${plural}/{name}/restart`
const PAUSE = `/namespaces/{namespace}/${plural}/{name}/pause`

export const PIPELINE_RUN_PATHS: PathItems = beneath(BASE, {
  [RESTART]: {
    post: {
      summary:
        'Restarts the Pipeline: it drains, stops and begins anew, a finite input from its start.',
      answers: { 204: { description: 'It runs anew.' } },
    },
  },
  [PAUSE]: {
    put: {
      summary: 'Pauses a Pipeline of the Connect API: it stops and keeps its position.',
      answers: { 204: { description: 'It is paused.' } },
    },
    delete: {
      summary: 'Lets a Pipeline of the Connect API run on.',
      answers: { 204: { description: 'It is not paused.' } },
    },
  },
})

export function servePipelineRuns(
  server: FastifyInstance,
  { controlPlane: { runs } }: NativeContext,
): void {
  server.post(urlOf(RESTART), async (request, reply) => {
    await runs.restart(targetOf(request))
    return reply.code(204).send()
  })
  server.put(urlOf(PAUSE), async (request, reply) => {
    await runs.pause(targetOf(request), true)
    return reply.code(204).send()
  })
  server.delete(urlOf(PAUSE), async (request, reply) => {
    await runs.pause(targetOf(request), false)
    return reply.code(204).send()
  })
}

function urlOf(path: string): string {
  return BASE + path.replace(/\{(\w+)\}/g, ':$1')
}

function targetOf(request: FastifyRequest): Identity {
  const identity: Identity = {
    kind: 'Pipeline',
    namespace: parameter(request, 'namespace'),
    name: parameter(request, 'name'),
  }
  requireAccess('Write', identity)
  return identity
}
