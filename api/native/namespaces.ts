/**
 * Namespaces as clients of Kubernetes look for them. They are names, no objects: those that hold anything are listed, and
 * any may be read, for clients look whether the namespace of what they did not find is there.
 */
import type { FastifyInstance } from 'fastify'
import { KINDS, type ResourceObject } from '../../crds/resource.ts'
import { answerList, answerObject } from './answer-objects.ts'
import { type NativeContext, parameter, requireAccess } from './context.ts'
import { NAMESPACE } from './core-kinds.ts'
import type { PathItems } from './openapi/path-item.ts'
import { anyObject } from './openapi/schema.ts'
import { StatusError } from './status.ts'

const ALL = '/api/v1/namespaces'
const DEFAULT = 'default'
const NAMESPACE_NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/
const OF = { group: '', version: 'v1', kind: 'Namespace' }

const REFUSED = {
  summary: 'Is refused: a namespace is there while it holds anything.',
  answers: {},
}

export const NAMESPACE_PATHS: PathItems = {
  [ALL]: {
    get: {
      summary: 'Lists the namespaces that hold anything, and default.',
      answers: { 200: { description: 'A NamespaceList.', schema: anyObject('A NamespaceList.') } },
      action: 'list',
      of: OF,
    },
    post: REFUSED,
    put: REFUSED,
    patch: REFUSED,
    delete: REFUSED,
  },
  [`${ALL}/{name}`]: {
    get: {
      summary: 'Reads one namespace.',
      answers: { 200: { description: 'A Namespace.', schema: anyObject('A Namespace.') } },
      action: 'get',
      of: OF,
    },
    post: REFUSED,
    put: REFUSED,
    patch: REFUSED,
    delete: REFUSED,
  },
}

export function serveNamespaces(server: FastifyInstance, context: NativeContext): void {
  const { resources } = context.controlPlane
  server.get(ALL, (request, reply) => {
    requireAccess('Read', { kind: 'Namespace', namespace: undefined, name: undefined })
    return answerList(context, request, reply, NAMESPACE, {
      objects: () => namesOf(context).map(namespaceObject),
      resourceVersion: () => resources.revision(),
      apiVersion: 'v1',
      fields: ['metadata.name'],
    })
  })
  server.get(`${ALL}/:name`, (request, reply) => {
    const name = parameter(request, 'name')
    requireAccess('Read', { kind: 'Namespace', namespace: undefined, name })
    if (!NAMESPACE_NAME.test(name)) throw missing(name)
    return answerObject(context, request, reply, NAMESPACE, namespaceObject(name))
  })
  for (const url of [ALL, `${ALL}/:name`])
    server.route({
      method: ['POST', 'PUT', 'PATCH', 'DELETE'],
      url,
      handler: (_request, reply) => {
        reply.header('allow', 'GET, HEAD')
        throw new StatusError(
          405,
          'MethodNotAllowed',
          'namespaces are neither made nor removed: one is there while it holds anything, and any may be named',
          { kind: NAMESPACE.plural },
        )
      },
    })
}

function namesOf({ controlPlane }: NativeContext): readonly string[] {
  const { resources, retained } = controlPlane
  const objects = [
    ...KINDS.flatMap((kind) => resources.list(kind, undefined)),
    ...retained.list(undefined),
  ]
  const names = objects.map(({ metadata }) => metadata.namespace ?? DEFAULT)
  return [...new Set([DEFAULT, ...names])].sort()
}

function namespaceObject(name: string): ResourceObject {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
    spec: {},
    status: { phase: 'Active' },
  }
}

function missing(name: string): StatusError {
  return new StatusError(404, 'NotFound', `namespaces ${JSON.stringify(name)} not found`, {
    name,
    kind: NAMESPACE.plural,
  })
}
