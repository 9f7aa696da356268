/** A plan in the form that `plan -o json` prints, with secrets hidden. */
import type { PlanAnswer } from '../../controllers/control-plane.ts'
import type { Action } from '../../controllers/plan/plan.ts'
import { maskAt } from './mask.ts'

export function planAnswer({ plan, problems }: PlanAnswer): object {
  return {
    source: plan.source,
    digest: plan.digest,
    destructiveDigest: plan.destructiveDigest ?? null,
    actions: plan.actions.map(actionAnswer),
    kept: plan.kept,
    problems,
  }
}

function actionAnswer(action: Action): object {
  const { kind, namespace, name } = action.identity
  const { cause, cost } = action
  return {
    verb: action.verb,
    kind,
    namespace,
    name,
    risk: action.risk,
    reason: action.reason,
    ...(action.blockedBy === undefined ? {} : { blockedBy: action.blockedBy }),
    ...(action.wanted === undefined ? {} : { wanted: action.wanted }),
    cause:
      cause === undefined ? null : { file: cause.file, line: cause.line, column: cause.column },
    changes: action.changes.map(({ path, from, to }) => ({
      path,
      from: maskAt(kind, path, from) ?? null,
      to: maskAt(kind, path, to) ?? null,
    })),
    waitsFor: action.waitsFor,
    cost: cost === undefined ? null : { records: cost.records, bytes: cost.bytes },
  }
}
