/** The history of a source: its revisions, what is between them, and the way back. */
import type { FastifyInstance } from 'fastify'
import { REVISIONS_MAX, type Revision } from '../../controllers/history/history.ts'
import type { AccessTarget } from '../../engine/access/decide.ts'
import { HeadgateError } from '../../engine/error.ts'
import { BASE, bodyObject, type NativeContext, parameter, query, requireAccess } from './context.ts'
import { SOURCES } from './kinds.ts'
import { beneath, type PathItems } from './openapi/path-item.ts'
import { integer, list, object, text } from './openapi/schema.ts'
import { planAnswer } from './plan-answer.ts'
import { readReason } from './read-reason.ts'
import {
  differenceAnswer,
  pinAnswer,
  REVISION_SCHEMAS,
  revisionAnswer,
  revisionSummary,
} from './revision-answer.ts'

const ONE = `/${SOURCES}/{name}`

export const REVISION_PATHS: PathItems = beneath(BASE, {
  [`${ONE}/revisions`]: {
    get: {
      summary: 'Lists what the source did, newest first, and what it is pinned to.',
      query: { limit: integer(`At most that many, of ${REVISIONS_MAX} that are kept.`) },
      answers: {
        200: {
          description: 'The revisions.',
          schema: object('The history of a source.', {
            source: text('Its name.'),
            pinned: { ...REVISION_SCHEMAS.pin, nullable: true },
            revisions: list('Newest first.', REVISION_SCHEMAS.summary),
          }),
        },
      },
    },
  },
  [`${ONE}/revisions/{revision}`]: {
    get: {
      summary: 'Reads one revision with all that was done.',
      answers: { 200: { description: 'The revision.', schema: REVISION_SCHEMAS.revision } },
    },
  },
  [`${ONE}/revisions/{revision}/diff`]: {
    get: {
      summary:
        'Compares the set of a revision with what is declared now, or with another revision.',
      query: { to: integer('The other revision; what is declared now where absent.') },
      answers: {
        200: {
          description: 'The differences, in the order of names.',
          schema: object('What is between two sets.', {
            source: text('Its name.'),
            from: integer('The revision.'),
            to: { ...integer('The other one; null for what is declared now.'), nullable: true },
            differences: list('One a resource.', REVISION_SCHEMAS.difference),
          }),
        },
      },
    },
  },
  [`${ONE}/rollback`]: {
    post: {
      summary:
        'Pins the source to a revision and carries it out, until the source says something that was not rolled back.',
      body: object('Where to.', {
        revision: integer('One of those that are kept.'),
        'reason?': text('For those who wonder later.'),
      }),
      answers: {
        200: {
          description: 'It is in force, but for what the plan still holds.',
          schema: object('What came of it.', {
            source: text('Its name.'),
            pinned: REVISION_SCHEMAS.pin,
            revision: { ...REVISION_SCHEMAS.revision, nullable: true },
            plan: { type: 'object', description: 'What is left to do, as POST …/plan answers it.' },
          }),
        },
      },
    },
  },
  [`${ONE}/rollback/resume`]: {
    post: {
      summary: 'Ends a rollback by hand: the source is followed again, whatever it says.',
      answers: {
        200: {
          description: 'It is followed.',
          schema: object('The source.', { source: text('Its name.') }),
        },
      },
    },
  },
})

export function serveRevisions(server: FastifyInstance, context: NativeContext): void {
  const { history } = context.controlPlane
  const one = `${BASE}/${SOURCES}/:name`
  server.get(`${one}/revisions`, (request) => {
    const source = parameter(request, 'name')
    requireAccess('Read', target(source))
    const limit = readLimit(query(request)['limit'])
    const pin = history.pin(source)
    const revisions = history.list(source, limit).map(revisionSummary)
    return { source, pinned: pin === undefined ? null : pinAnswer(pin), revisions }
  })
  server.get(`${one}/revisions/:revision`, (request) => {
    const source = parameter(request, 'name')
    requireAccess('Read', target(source))
    const revision = readRevision('revision', parameter(request, 'revision'))
    return revisionAnswer(found(context, source, revision))
  })
  server.get(`${one}/revisions/:revision/diff`, (request) => {
    const source = parameter(request, 'name')
    requireAccess('Read', target(source))
    const from = readRevision('revision', parameter(request, 'revision'))
    const given = query(request)['to']
    const to = given === undefined ? undefined : readRevision('to', given)
    const differences = history.diff(source, from, to).map(differenceAnswer)
    return { source, from, to: to ?? null, differences }
  })
  server.post(`${one}/rollback`, async (request) => {
    const source = parameter(request, 'name')
    requireAccess('Write', target(source))
    const body = bodyObject(request)
    const revision = readRevision('revision', body['revision'])
    const answer = await history.rollback(source, revision, readReason(body['reason']))
    return {
      source,
      pinned: pinAnswer(answer.pin),
      revision: answer.revision === undefined ? null : revisionAnswer(answer.revision),
      plan: planAnswer({ plan: answer.plan, problems: [] }),
    }
  })
  server.post(`${one}/rollback/resume`, async (request) => {
    const source = parameter(request, 'name')
    requireAccess('Write', target(source))
    await history.resume(source)
    return { source }
  })
}

function target(name: string): AccessTarget {
  return { kind: 'Source', namespace: undefined, name }
}

function found({ controlPlane }: NativeContext, source: string, revision: number): Revision {
  const kept = controlPlane.history.get(source, revision)
  if (kept !== undefined) return kept
  throw new HeadgateError('NotFound', `Source ${source} has no revision ${revision}.`, {
    hint: `List those that are kept with \`headgate history ${source}\`.`,
  })
}

function readLimit(value: unknown): number {
  if (value === undefined) return REVISIONS_MAX
  const limit = readNumber(value)
  if (limit !== undefined && limit >= 1) return Math.min(limit, REVISIONS_MAX)
  throw new HeadgateError('BadRequest', 'limit: expected a number from 1 on')
}

function readRevision(field: string, value: unknown): number {
  const revision = readNumber(value)
  if (revision !== undefined && revision >= 1) return revision
  throw new HeadgateError('BadRequest', `${field}: expected the number of a revision, from 1 on`)
}

/** A whole number, or the text of one. */
function readNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^[0-9]{1,15}$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : undefined
}
