/** What was tried, as a revision keeps it: failures first, each resource once for as long as it fails. */
import { identityKey } from '../../crds/resource.ts'
import type { Outcome } from '../apply/apply-plan.ts'
import { maskText } from '../sets/secret-text.ts'
import { REVISION_ACTIONS_MAX, type Revision, type RevisionAction } from './history.ts'

export type Tried = Pick<Revision, 'actions' | 'actionCount'>

export const NOTHING_TRIED: Tried = { actions: [], actionCount: 0 }

export function revisionAction({ action, error }: Outcome): RevisionAction {
  const { verb, identity, risk, reason, changes } = action
  const { kind, namespace, name } = identity
  const done: RevisionAction = { verb, kind, namespace, name, risk, reason, changes }
  if (error === undefined) return done
  return { ...done, error: { code: error.code, message: maskText(error.message, false) } }
}

/** What failed before and was tried again counts as what came of it now. */
export function withOutcomes(before: Tried, outcomes: readonly Outcome[]): Tried {
  const now = outcomes.map(revisionAction)
  const again = new Set(now.map(identityKey))
  const kept = before.actions.filter(
    (action) => action.error === undefined || !again.has(identityKey(action)),
  )
  const all = [...kept, ...now]
  const ordered = [
    ...all.filter(({ error }) => error !== undefined),
    ...all.filter(({ error }) => error === undefined),
  ]
  const retried = before.actions.length - kept.length
  return {
    actions: ordered.slice(0, REVISION_ACTIONS_MAX),
    actionCount: before.actionCount - retried + now.length,
  }
}

export function outcomeOf(
  { actions, actionCount }: Tried,
  compensated: boolean,
): Revision['outcome'] {
  if (compensated) return 'rolled-back'
  const failed = actions.filter(({ error }) => error !== undefined).length
  if (failed === 0) return 'applied'
  return failed === actionCount ? 'failed' : 'partial'
}
