/** Posts a set to a source: all or nothing, answered once it is in force and durable. */
import type { FastifyInstance } from 'fastify'
import { HeadgateError } from '../../engine/error.ts'
import { BASE, bodyObject, type NativeContext, parameter, requireAccess } from './context.ts'
import { SOURCES } from './kinds.ts'
import { beneath, type PathItems } from './openapi/path-item.ts'
import { anyObject, flag, list, object, text } from './openapi/schema.ts'
import { planAnswer } from './plan-answer.ts'
import { PLAN_BODY_BYTES_MAX, readFiles } from './sources.ts'

const REQUEST = object('A set, and what is known of its plan.', {
  files: list(
    'All that the source holds from now on.',
    object('A file.', { path: text('Its path in the set.'), text: text('What it says.') }),
  ),
  'dryRun?': flag('Plans it, and changes nothing.'),
  'expectedDigest?': text('Of the plan that was shown; refused when it is another one now.'),
  'approve?': text('The destructive digest that is approved with it.'),
})

export const APPLY_SET_PATHS: PathItems = beneath(BASE, {
  [`/${SOURCES}/{name}/apply`]: {
    post: {
      summary:
        'Makes these files all that a posted source holds, in whole or not at all; a name that is new becomes a source.',
      body: REQUEST,
      answers: {
        200: { description: 'What was done.', schema: anyObject('A Plan, with what came of it.') },
      },
    },
  },
})

export function serveApplySet(
  server: FastifyInstance,
  { controlPlane: { sources } }: NativeContext,
): void {
  const url = `${BASE}/${SOURCES}/:name/apply`
  server.post(url, { bodyLimit: PLAN_BODY_BYTES_MAX }, async (request) => {
    const name = parameter(request, 'name')
    const body = bodyObject(request)
    const dryRun = readFlag('dryRun', body['dryRun'])
    requireAccess(dryRun ? 'Read' : 'Write', { kind: 'Source', namespace: undefined, name })
    const { plan, problems, outcome, revision, elapsedMs } = await sources.apply(name, {
      files: readFiles(body['files']),
      dryRun,
      expectedDigest: readText('expectedDigest', body['expectedDigest']),
      approve: readText('approve', body['approve']),
    })
    return { ...planAnswer({ plan, problems }), outcome, revision: revision ?? null, elapsedMs }
  })
}

function readFlag(name: string, value: unknown): boolean {
  if (value === undefined || value === null) return false
  if (typeof value === 'boolean') return value
  throw new HeadgateError('BadRequest', `${name}: expected true or false`)
}

function readText(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string' && value !== '') return value
  throw new HeadgateError('BadRequest', `${name}: expected a text`)
}
