/** Sources: read-only but for plans (which change nothing) and approvals (which let a blocked delete happen). */
import type { FastifyInstance } from 'fastify'
import type { SourceFile } from '../../controllers/control-plane.ts'
import type { ResourceObject } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'
import { BASE, bodyObject, type NativeContext, parameter, query, requireAccess } from './context.ts'
import { SOURCES } from './kinds.ts'
import { pageOf, readPageQuery } from './list-page.ts'
import { planAnswer } from './plan-answer.ts'
import { refuseWrites } from './refuse-writes.ts'
import { notFound } from './status.ts'

const READ_ONLY = 'a source is configured in headgate.yaml or by the folder given to headgate up'

export const PLAN_FILES_MAX = 10_000
export const PLAN_BODY_BYTES_MAX: number = 64 * 1024 * 1024

export function serveSources(server: FastifyInstance, context: NativeContext): void {
  const one = `${BASE}/${SOURCES}/:name`
  const { sources, resources } = context.controlPlane
  server.get(`${BASE}/${SOURCES}`, (request) => {
    requireAccess('Read', { kind: 'Source', namespace: undefined, name: undefined })
    return pageOf('Source', sources.list(), resources.revision(), readPageQuery(query(request)))
  })
  server.get(one, (request) => {
    const name = parameter(request, 'name')
    requireAccess('Read', { kind: 'Source', namespace: undefined, name })
    return found(context, name)
  })
  server.post(`${one}/plan`, { bodyLimit: PLAN_BODY_BYTES_MAX }, async (request) => {
    const name = parameter(request, 'name')
    requireAccess('Read', { kind: 'Source', namespace: undefined, name })
    found(context, name)
    return planAnswer(await sources.plan(name, readFiles(bodyObject(request)['files'])))
  })
  server.post(`${one}/approvals`, async (request, reply) => {
    const name = parameter(request, 'name')
    requireAccess('Delete', { kind: 'Source', namespace: undefined, name })
    found(context, name)
    const approval = await sources.approve(name, readDigest(bodyObject(request)['digest']))
    reply.code(201)
    return approval
  })
  for (const url of [`${BASE}/${SOURCES}`, one]) refuseWrites(server, url, SOURCES, READ_ONLY)
}

function found({ controlPlane }: NativeContext, name: string): ResourceObject {
  const source = controlPlane.sources.get(name)
  if (source !== undefined) return source
  const names = controlPlane.sources.list().map(({ metadata }) => metadata.name)
  throw notFound(SOURCES, name, `The sources of this server are ${names.join(', ') || 'none'}.`)
}

function readFiles(value: unknown): readonly SourceFile[] {
  if (!Array.isArray(value)) {
    throw new HeadgateError('BadRequest', 'files: expected a list of {path, text}')
  }
  if (value.length > PLAN_FILES_MAX) {
    throw new HeadgateError(
      'BadRequest',
      `files: expected at most ${PLAN_FILES_MAX}, got ${value.length}`,
    )
  }
  return value.map((file: unknown, index) => {
    const { path, text } = (file ?? {}) as { readonly path?: unknown; readonly text?: unknown }
    if (typeof path === 'string' && path !== '' && typeof text === 'string') return { path, text }
    throw new HeadgateError('BadRequest', `files[${index}]: expected a path and a text`)
  })
}

function readDigest(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string' && value !== '') return value
  throw new HeadgateError('BadRequest', 'digest: expected the destructive digest as a text')
}
