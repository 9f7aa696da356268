/** Suspends and resumes sources and single resources. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { suspensionStatus } from '../../controllers/status/suspension-status.ts'
import type { SuspensionTarget } from '../../controllers/suspensions/suspensions.ts'
import type { KindDefinition } from '../../crds/kind.ts'
import { HeadgateError } from '../../engine/error.ts'
import { BASE, bodyObject, type NativeContext, parameter, requireAccess } from './context.ts'
import { SERVED_KINDS, SOURCES } from './kinds.ts'
import { beneath, type PathItem, type PathItems } from './openapi/path-item.ts'
import { type OpenApiSchema, object, text } from './openapi/schema.ts'
import { readReason } from './read-reason.ts'
import { parseWhere } from './records-position.ts'

const REQUEST: OpenApiSchema = object('How long, and why.', {
  'reason?': text('For those who wonder later.'),
  'until?': text('RFC 3339; it ends by itself then.'),
})
const SUSPENSION: OpenApiSchema = object('A suspension.', {
  since: text('RFC 3339.'),
  'until?': text('RFC 3339.'),
  'reason?': text('What was given with it.'),
})

function pathItem(what: string): PathItem {
  return {
    put: {
      summary: `Suspends the ${what}: nothing of it is changed until it is resumed; what runs goes on running.`,
      body: REQUEST,
      answers: { 200: { description: 'It is suspended.', schema: SUSPENSION } },
    },
    delete: {
      summary: `Resumes the ${what}; nothing happens to one that is not suspended.`,
      answers: { 204: { description: 'It is not suspended.' } },
    },
  }
}

export const SUSPENSION_PATHS: PathItems = beneath(BASE, {
  [`/${SOURCES}/{name}/suspension`]: pathItem('source'),
  ...Object.fromEntries(
    SERVED_KINDS.map(({ kind, plural }) => [
      `/namespaces/{namespace}/${plural}/{name}/suspension`,
      pathItem(kind),
    ]),
  ),
})

export function serveSuspensions(server: FastifyInstance, context: NativeContext): void {
  serveOne(server, context, `${BASE}/${SOURCES}/:name/suspension`, (request) => {
    const source = parameter(request, 'name')
    requireAccess('Write', { kind: 'Source', namespace: undefined, name: source })
    return { source }
  })
  for (const served of SERVED_KINDS)
    serveOne(
      server,
      context,
      `${BASE}/namespaces/:namespace/${served.plural}/:name/suspension`,
      (request) => resourceTarget(served, request),
    )
}

function serveOne(
  server: FastifyInstance,
  { controlPlane: { suspensions } }: NativeContext,
  url: string,
  targetOf: (request: FastifyRequest) => SuspensionTarget,
): void {
  server.put(url, async (request) => {
    const target = targetOf(request)
    const body = bodyObject(request)
    const reason = readReason(body['reason'])
    const untilUs = readUntil(body['until'])
    return suspensionStatus(await suspensions.suspend(target, { reason, untilUs }))
  })
  server.delete(url, async (request, reply) => {
    await suspensions.resume(targetOf(request))
    return reply.code(204).send()
  })
}

function resourceTarget({ kind }: KindDefinition, request: FastifyRequest): SuspensionTarget {
  const [namespace, name] = [parameter(request, 'namespace'), parameter(request, 'name')]
  requireAccess('Write', { kind, namespace, name })
  return { resource: { kind, namespace, name } }
}

function readUntil(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined
  const where = typeof value === 'string' ? parseWhere('until', value) : undefined
  if (where?.kind === 'time') return where.arrivalUs
  throw new HeadgateError(
    'BadRequest',
    `until: expected an RFC 3339 time, got ${JSON.stringify(value).slice(0, 100)}`,
  )
}
