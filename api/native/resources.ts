/**
 * Get and list of the five kinds. A write to what a source owns is a conflict that names the owner and the file; any
 * other is a method that is not there.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { KindDefinition } from '../../crds/kind.ts'
import type { ResourceObject } from '../../crds/resource.ts'
import { answerList, answerObject, wantsWatch } from './answer-objects.ts'
import { BASE, type NativeContext, parameter, query, requireAccess } from './context.ts'
import { SERVED_KINDS, servedOf } from './kinds.ts'
import { maskObject } from './mask.ts'
import { notFound, StatusError } from './status.ts'
import { watchResources } from './watch-resources.ts'

const WRITES = ['POST', 'PUT', 'PATCH', 'DELETE'] as const

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
  const objects = resources.list(kind, namespace)
  const resourceVersion = resources.revision()
  return answerList(context, request, reply, served, {
    objects,
    resourceVersion,
    shown: maskObject,
  })
}

/** One of them as it may be shown. */
export function got(
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
