/** Streams whose declaration is gone and whose data is kept; DELETE is the purge, for good. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { GROUP, type ResourceObject, VERSION } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'
import { answerList, answerObject } from './answer-objects.ts'
import { BASE, type NativeContext, parameter, requireAccess } from './context.ts'
import { RETAINED_STREAMS, servedOf } from './kinds.ts'
import { META } from './openapi/meta-schemas.ts'
import type { PathItems } from './openapi/path-item.ts'
import { readOnlyPaths } from './openapi/read-only-paths.ts'
import { reference } from './openapi/schema.ts'
import { notFound, type StatusBody, success } from './status.ts'

const KIND = 'RetainedStream'

export const RETAINED_STREAM_PATHS: PathItems = readOnlyPaths(
  servedOf(RETAINED_STREAMS),
  undefined,
  {
    delete: {
      summary: 'Removes the data of a retained stream, for good.',
      answers: { 200: { description: 'It is gone.', schema: reference(`${META}.Status`) } },
      action: 'delete',
      of: { group: GROUP, version: VERSION, kind: KIND },
    },
  },
)

export function serveRetainedStreams(server: FastifyInstance, context: NativeContext): void {
  const { retained, resources } = context.controlPlane
  const collection = `${BASE}/namespaces/:namespace/${RETAINED_STREAMS}`
  const served = servedOf(RETAINED_STREAMS)
  const listed = (
    namespace: string | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): FastifyReply => {
    requireAccess('Read', { kind: KIND, namespace, name: undefined })
    return answerList(context, request, reply, served, {
      objects: () => retained.list(namespace),
      resourceVersion: () => resources.revision(),
    })
  }
  server.get(`${BASE}/${RETAINED_STREAMS}`, (request, reply) => listed(undefined, request, reply))
  server.get(collection, (request, reply) =>
    listed(parameter(request, 'namespace'), request, reply),
  )
  server.get(`${collection}/:name`, (request, reply) => {
    const [namespace, name] = [parameter(request, 'namespace'), parameter(request, 'name')]
    requireAccess('Read', { kind: KIND, namespace, name })
    const object = retained.get(namespace, name)
    if (object === undefined) throw notFound(RETAINED_STREAMS, name)
    return answerObject(context, request, reply, served, object)
  })
  server.delete(`${collection}/:name`, (request) =>
    purged(context, parameter(request, 'namespace'), parameter(request, 'name')),
  )
}

/** A protected stream stays open after its document went, so that is said apart. */
function notRetained(
  stream: ResourceObject | undefined,
  namespace: string,
  name: string,
): HeadgateError {
  if (stream === undefined) {
    return notFound(RETAINED_STREAMS, name, 'Retained streams are listed by: headgate get retained')
  }
  const spec = stream.spec as { readonly protected?: boolean } | undefined
  if (spec?.protected !== true) {
    return notFound(RETAINED_STREAMS, name, 'The stream is declared: remove its document first.')
  }
  return new HeadgateError('ProtectedResource', `Stream ${namespace}/${name} is protected`, {
    hint: 'Declare it with protected: false, and then remove its document.',
  })
}

async function purged(
  { controlPlane }: NativeContext,
  namespace: string,
  name: string,
): Promise<StatusBody> {
  requireAccess('Delete', { kind: KIND, namespace, name })
  const object = controlPlane.retained.get(namespace, name)
  if (object === undefined) {
    throw notRetained(controlPlane.resources.get('Stream', namespace, name), namespace, name)
  }
  await controlPlane.retained.purge(namespace, name)
  const { uid } = object.metadata
  return success({
    name,
    group: GROUP,
    kind: RETAINED_STREAMS,
    ...(uid === undefined ? {} : { uid }),
  })
}
