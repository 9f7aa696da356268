/** The routes that write objects of the five kinds. What a file declares is refused with the file to edit. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { KindDefinition } from '../../../crds/kind.ts'
import type { ResourceObject } from '../../../crds/resource.ts'
import { answerJson, answerObject } from '../answer-objects.ts'
import { BASE, type NativeContext, parameter, requireAccess } from '../context.ts'
import { SERVED_KINDS, servedOf } from '../kinds.ts'
import { StatusError } from '../status.ts'
import { applyObject, createObject, patchObject, replaceObject } from './change-object.ts'
import { deleteObject, deleteSelected, readDeleteOptions } from './delete-object.ts'
import { refuseForeign } from './foreign-owner.ts'
import { patchKindOf } from './patch.ts'
import { readBody } from './read-body.ts'
import { scaleOf, writeScale } from './scale.ts'
import type { WriteTarget } from './write-object.ts'
import { readWriteOptions, type WriteOptions } from './write-options.ts'
import { refusalOf } from './write-status.ts'

/** Of one object: what a Kubernetes API server keeps, with room for what it says of it. */
export const OBJECT_BYTES_MAX: number = 3 * 1024 * 1024

const LIMIT = { bodyLimit: OBJECT_BYTES_MAX }

type Handle = (
  at: { readonly namespace: string; readonly name: string },
  request: FastifyRequest,
  reply: FastifyReply,
) => Promise<FastifyReply>

export function serveWrites(server: FastifyInstance, context: NativeContext): void {
  for (const definition of SERVED_KINDS) {
    const collection = `${BASE}/namespaces/:namespace/${definition.plural}`
    const one = `${collection}/:name`
    const guarded = (right: 'Write' | 'Delete', handle: Handle) =>
      guard(context, definition, right, handle)
    server.post(collection, LIMIT, guarded('Write', created(context, definition)))
    server.delete(
      collection,
      LIMIT,
      guarded('Delete', async ({ namespace }, request, reply) =>
        answerJson(reply, await deleteSelected(context, definition, namespace, request)),
      ),
    )
    server.put(one, LIMIT, guarded('Write', replaced(context, definition)))
    server.patch(one, LIMIT, guarded('Write', patched(context, definition)))
    server.delete(
      one,
      LIMIT,
      guarded('Delete', async ({ namespace, name }, request, reply) => {
        const options = readDeleteOptions(request)
        return answerJson(reply, await deleteObject(context, definition, namespace, name, options))
      }),
    )
    serveScale(server, context, definition, `${one}/scale`)
    refuse(
      server,
      definition,
      `${BASE}/${definition.plural}`,
      ['POST', 'PUT', 'PATCH', 'DELETE'],
      'GET, HEAD',
      'name a namespace: POST to its collection',
    )
    refuse(
      server,
      definition,
      collection,
      ['PUT', 'PATCH'],
      'GET, HEAD, POST, DELETE',
      'name an object',
    )
    refuse(
      server,
      definition,
      one,
      ['POST'],
      'GET, HEAD, PUT, PATCH, DELETE',
      'objects are created in their collection',
    )
    refuse(
      server,
      definition,
      `${one}/status`,
      ['POST', 'PUT', 'PATCH', 'DELETE'],
      'GET, HEAD',
      'the server alone writes it',
    )
  }
}

function created(context: NativeContext, definition: KindDefinition): Handle {
  return async ({ namespace }, request, reply) => {
    const options = readWriteOptions(request, 'CreateOptions')
    const target: WriteTarget = { context, definition, namespace, options, reply }
    const object = await createObject(target, readBody(request))
    return answered(target, request, object, 201)
  }
}

function replaced(context: NativeContext, definition: KindDefinition): Handle {
  return async ({ namespace, name }, request, reply) => {
    const options = readWriteOptions(request, 'UpdateOptions')
    const target: WriteTarget = { context, definition, namespace, options, reply }
    return answered(target, request, await replaceObject(target, readBody(request), name), 200)
  }
}

function patched(context: NativeContext, definition: KindDefinition): Handle {
  return async ({ namespace, name }, request, reply) => {
    const kind = patchKindOf(request.headers['content-type'])
    const options = readWriteOptions(request, 'PatchOptions', kind === 'apply')
    const target: WriteTarget = { context, definition, namespace, options, reply }
    const body = readBody(request)
    if (kind !== 'apply')
      return answered(target, request, await patchObject(target, body, name, kind), 200)
    const { object, created: isNew } = await applyObject(target, body, name)
    return answered(target, request, object, isNew ? 201 : 200)
  }
}

function answered(
  { context, definition, reply }: WriteTarget,
  request: FastifyRequest,
  object: ResourceObject,
  status: 200 | 201,
): FastifyReply {
  reply.code(status)
  return answerObject(context, request, reply, servedOf(definition.plural), object)
}

function serveScale(
  server: FastifyInstance,
  context: NativeContext,
  definition: KindDefinition,
  url: string,
): void {
  const { scale } = definition
  if (scale === undefined) return
  server.get(
    url,
    guard(context, definition, 'Read', async ({ namespace, name }, _request, reply) => {
      const object = context.controlPlane.resources.get(definition.kind, namespace, name)
      if (object === undefined) throw notThere(definition, name)
      return answerJson(reply, scaleOf(object, scale))
    }),
  )
  const write =
    (options: (request: FastifyRequest) => WriteOptions): Handle =>
    async ({ namespace, name }, request, reply) => {
      const target: WriteTarget = {
        context,
        definition,
        namespace,
        options: options(request),
        reply,
      }
      const patch =
        request.method === 'PATCH' ? patchKindOf(request.headers['content-type']) : undefined
      return answerJson(reply, await writeScale(target, name, scale, readBody(request), patch))
    }
  const putting = write((request) => readWriteOptions(request, 'UpdateOptions'))
  const patching = write((request) => readWriteOptions(request, 'PatchOptions'))
  server.put(url, LIMIT, guard(context, definition, 'Write', putting))
  server.patch(url, LIMIT, guard(context, definition, 'Write', patching))
}

function notThere({ plural }: KindDefinition, name: string): StatusError {
  const details = { name, group: 'headgate.dev', kind: plural }
  return new StatusError(
    404,
    'NotFound',
    `${plural}.headgate.dev ${JSON.stringify(name)} not found`,
    details,
  )
}

/** Asks whether it may be, and says what is refused as clients of Kubernetes know it. */
function guard(
  context: NativeContext,
  definition: KindDefinition,
  right: 'Read' | 'Write' | 'Delete',
  handle: Handle,
) {
  const { kind, plural } = definition
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const [namespace, name] = [parameter(request, 'namespace'), parameter(request, 'name')]
    requireAccess(right, { kind, namespace, name: name || undefined })
    const isScale = request.routeOptions.url?.endsWith('/scale') === true
    if (right !== 'Read' && name !== '')
      refuseForeign(context, definition, namespace, name, isScale)
    try {
      return await handle({ namespace, name }, request, reply)
    } catch (error) {
      throw refusalOf(error, { kind, plural, name })
    }
  }
}

function refuse(
  server: FastifyInstance,
  { plural }: KindDefinition,
  url: string,
  method: ('POST' | 'PUT' | 'PATCH' | 'DELETE')[],
  allow: string,
  why: string,
): void {
  server.route({
    method,
    url,
    handler: (_request, reply) => {
      reply.header('allow', allow)
      throw new StatusError(
        405,
        'MethodNotAllowed',
        `the server does not allow this method on the requested resource: ${why}`,
        {
          group: 'headgate.dev',
          kind: plural,
        },
      )
    },
  })
}
