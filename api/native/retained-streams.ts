/** Streams whose declaration is gone and whose data is kept; DELETE is the purge, for good. */
import type { FastifyInstance } from 'fastify'
import { GROUP, type ResourceObject } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'
import { BASE, type NativeContext, parameter, query, requireAccess } from './context.ts'
import { RETAINED_STREAMS } from './kinds.ts'
import { pageOf, readPageQuery } from './list-page.ts'
import { notFound, type StatusBody, success } from './status.ts'

const KIND = 'RetainedStream'

export function serveRetainedStreams(server: FastifyInstance, context: NativeContext): void {
  const { retained, resources } = context.controlPlane
  const collection = `${BASE}/namespaces/:namespace/${RETAINED_STREAMS}`
  const listed = (namespace: string | undefined, parameters: Readonly<Record<string, unknown>>) => {
    requireAccess('Read', { kind: KIND, namespace, name: undefined })
    return pageOf(KIND, retained.list(namespace), resources.revision(), readPageQuery(parameters))
  }
  server.get(`${BASE}/${RETAINED_STREAMS}`, (request) => listed(undefined, query(request)))
  server.get(collection, (request) => listed(parameter(request, 'namespace'), query(request)))
  server.get(`${collection}/:name`, (request) => {
    const [namespace, name] = [parameter(request, 'namespace'), parameter(request, 'name')]
    requireAccess('Read', { kind: KIND, namespace, name })
    const object = retained.get(namespace, name)
    if (object === undefined) throw notFound(RETAINED_STREAMS, name)
    return object
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
