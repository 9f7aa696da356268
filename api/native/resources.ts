/**
 * Get and list of the five kinds. A write to what a source owns is a conflict that names the owner and the file; any
 * other is a method that is not there.
 */
import type { FastifyInstance } from 'fastify'
import type { KindDefinition } from '../../crds/kind.ts'
import type { ResourceObject } from '../../crds/resource.ts'
import { BASE, type NativeContext, parameter, query, requireAccess } from './context.ts'
import { SERVED_KINDS } from './kinds.ts'
import { pageOf, readPageQuery } from './list-page.ts'
import { maskObject } from './mask.ts'
import { notFound, StatusError } from './status.ts'

const WRITES = ['POST', 'PUT', 'PATCH', 'DELETE'] as const

export function serveResources(server: FastifyInstance, context: NativeContext): void {
  for (const served of SERVED_KINDS) {
    const collection = `${BASE}/namespaces/:namespace/${served.plural}`
    server.get(`${BASE}/${served.plural}`, (request) =>
      listed(context, served, undefined, query(request)),
    )
    server.get(collection, (request) =>
      listed(context, served, parameter(request, 'namespace'), query(request)),
    )
    server.get(`${collection}/:name`, (request) =>
      got(context, served, parameter(request, 'namespace'), parameter(request, 'name')),
    )
    for (const url of [`${BASE}/${served.plural}`, collection, `${collection}/:name`]) {
      server.route({
        method: [...WRITES],
        url,
        handler: (request, reply) => {
          reply.header('allow', 'GET, HEAD')
          throw refusal(
            context,
            served,
            parameter(request, 'namespace'),
            parameter(request, 'name'),
          )
        },
      })
    }
  }
}

function listed(
  { controlPlane }: NativeContext,
  { kind }: KindDefinition,
  namespace: string | undefined,
  parameters: Readonly<Record<string, unknown>>,
): object {
  requireAccess('Read', { kind, namespace, name: undefined })
  const page = readPageQuery(parameters)
  const objects = controlPlane.resources.list(kind, namespace)
  const answer = pageOf(kind, objects, controlPlane.resources.revision(), page)
  return { ...answer, items: answer.items.map(maskObject) }
}

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

function refusal(
  { controlPlane }: NativeContext,
  { kind, plural }: KindDefinition,
  namespace: string,
  name: string,
): StatusError {
  requireAccess('Write', { kind, namespace: namespace || undefined, name: name || undefined })
  const object = name === '' ? undefined : controlPlane.resources.get(kind, namespace, name)
  const details = { ...(name === '' ? {} : { name }), group: 'headgate.dev', kind: plural }
  const owner = ownerOf(object)
  if (owner === undefined) {
    const message = `${plural} cannot be written here: add a document to a folder that a source reads`
    return new StatusError(405, 'MethodNotAllowed', message, details)
  }
  const message = `${kind} ${namespace}/${name} is owned by the source ${owner.source}: edit ${owner.place} instead`
  const causes = [{ reason: 'Conflict', message: `owned by the source ${owner.source}` }]
  return new StatusError(409, 'Conflict', message, { ...details, causes })
}

interface Owner {
  readonly source: string
  readonly place: string
}

/** The status of every resource tells the source and the place of its declaration. */
function ownerOf(object: ResourceObject | undefined): Owner | undefined {
  const status = object?.status as
    | { readonly owner?: unknown; readonly origin?: unknown }
    | undefined
  if (typeof status?.owner !== 'string') return undefined
  return {
    source: status.owner,
    place: typeof status.origin === 'string' ? status.origin : 'its file',
  }
}
