/** A plan in the form that `plan -o json` prints, with secrets hidden. */
import type { PlanAnswer } from '../../controllers/control-plane.ts'
import type { Action, Cost } from '../../controllers/plan/plan.ts'
import { rfc3339 } from '../../controllers/status/conditions.ts'
import type { Identity } from '../../crds/resource.ts'
import type { RecordAmount } from '../../engine/streams/position-move.ts'
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
    ...(action.movedFrom === undefined ? {} : { movedFrom: identityAnswer(action.movedFrom) }),
    ...(action.ownerBefore === undefined ? {} : { ownerBefore: action.ownerBefore }),
    cost: cost === undefined ? null : costAnswer(cost),
  }
}

function costAnswer(cost: Cost): object {
  const { records, bytes, oldestUs, newestUs, consumers, readers, readAgain, skipped } = cost
  return {
    records,
    bytes,
    oldest: oldestUs === undefined ? null : rfc3339(oldestUs),
    newest: newestUs === undefined ? null : rfc3339(newestUs),
    consumers,
    readers: readers.map(identityAnswer),
    ...(readAgain === undefined ? {} : { readAgain: amountAnswer(readAgain) }),
    ...(skipped === undefined ? {} : { skipped: amountAnswer(skipped) }),
  }
}

function amountAnswer({ records, bytes, oldestUs }: RecordAmount): object {
  return { records, bytes, oldest: oldestUs === undefined ? null : rfc3339(oldestUs) }
}

function identityAnswer({ kind, namespace, name }: Identity): object {
  return { kind, namespace, name }
}
