/** Revisions as the native API answers them. */
import type { Pin, Revision, RevisionDifference } from '../../controllers/history/history.ts'
import { CHANGES, changesAnswer, revisionActionAnswer } from './change-answer.ts'
import { integer, list, type OpenApiSchema, object, text } from './openapi/schema.ts'
import { formatTimeUs } from './records-position.ts'

const SUMMARY = {
  revision: integer('Counts the revisions of this source, from 1.'),
  setDigest: text('Of the set that was carried out.'),
  started: text('RFC 3339.'),
  elapsedMs: integer('How long it took.'),
  outcome: text('What came of it.', { enum: ['applied', 'failed', 'partial', 'rolled-back'] }),
  cause: text('change, apply, approval, rollback, resume, drift or start.'),
  declared: integer('How many resources the set declares.'),
  counts: {
    type: 'object',
    description: 'How many of each verb were carried out, and how many failed.',
    additionalProperties: { type: 'integer' },
  },
} as const

const ACTION: OpenApiSchema = object('What was done to one resource, or tried.', {
  verb: text('create, update, replace, delete, retain, …'),
  kind: text('Its kind.'),
  namespace: text('Its namespace.'),
  name: text('Its name.'),
  risk: text('safe, disruptive or data-loss.'),
  reason: text('A sentence.'),
  changes: CHANGES,
  'error?': object('Present when it failed.', {
    code: text('Of the table of errors.'),
    message: text('A sentence.'),
  }),
})

const PIN: OpenApiSchema = object('What a rolled back source is held at.', {
  revision: integer('The revision that is in force.'),
  since: text('RFC 3339.'),
  'reason?': text('What was given with the rollback.'),
  rolledBack: list('Digests of the sets that were rolled back.', { type: 'string' }),
})

export const REVISION_SCHEMAS: Readonly<
  Record<'summary' | 'revision' | 'pin' | 'difference', OpenApiSchema>
> = {
  summary: object('A revision, without what was done.', SUMMARY),
  revision: object('A revision.', {
    ...SUMMARY,
    actionCount: integer('How many actions there were, those that are not listed too.'),
    actions: list('What was done, failures first.', ACTION),
  }),
  pin: PIN,
  difference: object('One resource that is not the same in both sets.', {
    kind: text('Its kind.'),
    namespace: text('Its namespace.'),
    name: text('Its name.'),
    change: text('From the revision to the other set.', { enum: ['added', 'changed', 'removed'] }),
    changes: CHANGES,
  }),
}

export function revisionSummary(revision: Revision): object {
  const { setDigest, startedUs, elapsedMs, outcome, cause, declared, actions } = revision
  const counts: Record<string, number> = {}
  for (const { verb, error } of actions) {
    const counted = error === undefined ? verb : 'failed'
    counts[counted] = (counts[counted] ?? 0) + 1
  }
  return {
    revision: revision.revision,
    setDigest,
    started: formatTimeUs(startedUs),
    elapsedMs,
    outcome,
    cause,
    declared,
    counts,
  }
}

export function revisionAnswer(revision: Revision): object {
  return {
    source: revision.source,
    ...revisionSummary(revision),
    actionCount: revision.actionCount,
    actions: revision.actions.map(revisionActionAnswer),
  }
}

export function differenceAnswer(difference: RevisionDifference): object {
  const { kind, namespace, name, change, changes } = difference
  return { kind, namespace, name, change, changes: changesAnswer(kind, changes) }
}

export function pinAnswer({ revision, sinceUs, reason, rolledBack }: Pin): object {
  return {
    revision,
    since: formatTimeUs(sinceUs),
    ...(reason === undefined ? {} : { reason }),
    rolledBack,
  }
}
