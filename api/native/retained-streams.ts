/** Streams whose declaration is gone and whose data is kept; DELETE is the purge, for good. */
import type { FastifyInstance } from 'fastify'
import { GROUP } from '../../crds/resource.ts'
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

async function purged(
  { controlPlane }: NativeContext,
  namespace: string,
  name: string,
): Promise<StatusBody> {
  requireAccess('Delete', { kind: KIND, namespace, name })
  const object = controlPlane.retained.get(namespace, name)
  if (object === undefined) {
    const isDeclared = controlPlane.resources.get('Stream', namespace, name) !== undefined
    throw notFound(
      RETAINED_STREAMS,
      name,
      isDeclared ? 'The stream is still declared: remove its document first.' : undefined,
    )
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
