/** Get, list and watch of the five kinds. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { KindDefinition } from '../../crds/kind.ts'
import type { ResourceObject } from '../../crds/resource.ts'
import { answerList, answerObject, wantsWatch } from './answer-objects.ts'
import { BASE, type NativeContext, parameter, query, requireAccess } from './context.ts'
import { SERVED_KINDS, servedOf } from './kinds.ts'
import { maskObject } from './mask.ts'
import { notFound } from './status.ts'
import { watchResources } from './watch-resources.ts'

export function serveResources(server: FastifyInstance, context: NativeContext): void {
  for (const served of SERVED_KINDS) {
    const collection = `${BASE}/namespaces/:namespace/${served.plural}`
    server.get(`${BASE}/${served.plural}`, (request, reply) =>
      listed(context, served, undefined, request, reply),
    )
    server.get(collection, (request, reply) =>
      listed(context, served, parameter(request, 'namespace'), request, reply),
    )
    for (const url of [`${collection}/:name`, `${collection}/:name/status`])
      server.get(url, (request, reply) => {
        const [namespace, name] = [parameter(request, 'namespace'), parameter(request, 'name')]
        const object = got(context, served, namespace, name)
        return answerObject(context, request, reply, servedOf(served.plural), object)
      })
  }
}

function listed(
  context: NativeContext,
  { kind, plural }: KindDefinition,
  namespace: string | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  requireAccess('Read', { kind, namespace, name: undefined })
  const served = servedOf(plural)
  if (wantsWatch(query(request))) return watchResources(context, request, reply, served, namespace)
  const { resources } = context.controlPlane
  return answerList(context, request, reply, served, {
    objects: () => resources.list(kind, namespace),
    page: (part) => resources.page(kind, namespace, part),
    resourceVersion: () => resources.revision(),
    shown: maskObject,
  })
}

/** One of them as it may be shown. */
function got(
  { controlPlane }: NativeContext,
  { kind, plural }: KindDefinition,
  namespace: string,
  name: string,
): ResourceObject {
  requireAccess('Read', { kind, namespace, name })
  const object = controlPlane.resources.get(kind, namespace, name)
  if (object !== undefined) return maskObject(object)
  const isRetained = kind === 'Stream' && controlPlane.retained.get(namespace, name) !== undefined
  throw notFound(
    plural,
    name,
    isRetained
      ? 'It is retained: see retainedstreams; declaring it again brings it back.'
      : undefined,
  )
}
