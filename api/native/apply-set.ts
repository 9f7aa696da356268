/** Posts a set to a source: all or nothing, answered once it is in force and durable. */
import type { FastifyInstance } from 'fastify'
import { ProblemsError } from '../../controllers/problems-error.ts'
import { placeText } from '../../controllers/status/place-text.ts'
import { GROUP } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'
import { BASE, bodyObject, type NativeContext, parameter, requireAccess } from './context.ts'
import { SOURCES } from './kinds.ts'
import { beneath, type PathItems } from './openapi/path-item.ts'
import { anyObject, flag, list, object, text } from './openapi/schema.ts'
import { planAnswer } from './plan-answer.ts'
import { PLAN_BODY_BYTES_MAX, readFiles } from './sources.ts'
import { StatusError } from './status.ts'

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
    const files = readFiles(body['files'])
    const expectedDigest = readText('expectedDigest', body['expectedDigest'])
    const approve = readText('approve', body['approve'])
    const answer = await sources
      .apply(name, { files, dryRun, expectedDigest, approve })
      .catch((thrown: unknown) => {
        throw refusalOf(thrown, name)
      })
    const { plan, problems, outcome, revision, elapsedMs } = answer
    return { ...planAnswer({ plan, problems }), outcome, revision: revision ?? null, elapsedMs }
  })
}

/** As many as a person reads at once; `causes` has all of them. */
const PROBLEMS_TOLD_MAX = 20

/** All that is wrong with the set, each with its place. */
function refusalOf(thrown: unknown, name: string): unknown {
  if (!(thrown instanceof ProblemsError)) return thrown
  const problems = thrown.problems.filter(({ severity }) => severity === 'error')
  const lines = problems.slice(0, PROBLEMS_TOLD_MAX).map((problem) => {
    const { message, hint } = problem
    return `  ${placeText(problem)}: ${message}${hint === undefined ? '' : ` (${hint})`}`
  })
  const more = problems.length - lines.length
  const rest = more > 0 ? [`  and ${more} more`] : []
  const head = `nothing of the source ${name} was changed, for its set is invalid`
  const causes = problems.map((problem) => ({
    reason: problem.code,
    message: problem.message,
    field: placeText(problem),
  }))
  return new StatusError(422, 'Invalid', [`${head}:`, ...lines, ...rest].join('\n'), {
    name,
    group: GROUP,
    kind: SOURCES,
    causes: [{ reason: 'Invalid', message: head }, ...causes],
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
