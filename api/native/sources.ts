/** Sources: read-only but for plans (which change nothing) and approvals (which let a blocked delete happen). */
import type { FastifyInstance } from 'fastify'
import type { SourceFile } from '../../controllers/control-plane.ts'
import type { ResourceObject } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'
import { answerList, answerObject } from './answer-objects.ts'
import { BASE, bodyObject, type NativeContext, parameter, requireAccess } from './context.ts'
import { SOURCES, servedOf } from './kinds.ts'
import type { PathItems } from './openapi/path-item.ts'
import { readOnlyPaths } from './openapi/read-only-paths.ts'
import { anyObject, list, object, text } from './openapi/schema.ts'
import { planAnswer } from './plan-answer.ts'
import { refuseWrites } from './refuse-writes.ts'
import { notFound } from './status.ts'

const READ_ONLY = 'a source is configured in headgate.yaml or by the folder given to headgate up'

export const PLAN_FILES_MAX = 10_000
export const PLAN_BODY_BYTES_MAX: number = 64 * 1024 * 1024

const FILES = list(
  'All that the source would hold.',
  object('A file.', { path: text('Its path in the folder.'), text: text('What it says.') }),
)

export const SOURCE_PATHS: PathItems = {
  ...readOnlyPaths(servedOf(SOURCES), READ_ONLY),
  [`${BASE}/${SOURCES}/{name}/plan`]: {
    get: {
      summary: 'The plan of the last look: what is not as declared yet, and what is held back.',
      answers: { 200: { description: 'A plan.', schema: anyObject('A Plan.') } },
    },
    post: {
      summary: 'Plans these files as if they were all that the source holds. Changes nothing.',
      body: object('What to plan.', { files: FILES }),
      answers: { 200: { description: 'A plan.', schema: anyObject('A Plan.') } },
    },
  },
  [`${BASE}/${SOURCES}/{name}/approvals`]: {
    post: {
      summary: 'Approves what is blocked now, or just what a destructive digest names.',
      body: object('What is approved.', { 'digest?': text('The destructive digest.') }),
      answers: { 201: { description: 'What was approved.', schema: anyObject('An Approval.') } },
    },
  },
}

export function serveSources(server: FastifyInstance, context: NativeContext): void {
  const served = servedOf(SOURCES)
  const one = `${BASE}/${SOURCES}/:name`
  const { sources, resources } = context.controlPlane
  server.get(`${BASE}/${SOURCES}`, (request, reply) => {
    requireAccess('Read', { kind: 'Source', namespace: undefined, name: undefined })
    return answerList(context, request, reply, served, {
      objects: () => sources.list(),
      resourceVersion: () => resources.revision(),
    })
  })
  server.get(one, (request, reply) => {
    const name = parameter(request, 'name')
    requireAccess('Read', { kind: 'Source', namespace: undefined, name })
    return answerObject(context, request, reply, served, found(context, name))
  })
  server.get(`${one}/plan`, (request) => {
    const name = parameter(request, 'name')
    requireAccess('Read', { kind: 'Source', namespace: undefined, name })
    found(context, name)
    const planned = sources.planned(name)
    if (planned === undefined)
      throw new HeadgateError('NotFound', `the source ${name} was not read yet`)
    return planAnswer(planned)
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

export function readFiles(value: unknown): readonly SourceFile[] {
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
