/** Turns one look into its report: what is new since the look before, and nothing that was said already. */
import { formatDuration } from '../../crds/duration.ts'
import { identityKey } from '../../crds/resource.ts'
import type { StreamDescription } from '../../engine/streams/streams.ts'
import type { Action, Plan } from '../plan/plan.ts'
import { streamIdentity } from '../plan/stream-record.ts'
import type { Problem } from '../sets/problem.ts'
import type { ResourceSet } from '../sets/resource-set.ts'
import type { Outcome } from './apply-plan.ts'
import type {
  ApprovalOffer,
  BlockedChange,
  ConvergedChange,
  ConvergenceFailure,
  ConvergenceReport,
} from './convergence.ts'
import type { SourceState } from './source-loop.ts'

export interface Look {
  readonly set: ResourceSet
  readonly plan: Plan
  readonly outcomes: readonly Outcome[]
  readonly elapsedMs: number
  readonly retryInMs: (key: string) => number | undefined
}

/** What was said before. */
export interface Said {
  readonly isFirst: boolean
  readonly problems: ReadonlySet<string>
  readonly incompleteBecause: ReadonlySet<string>
  readonly blocked: ReadonlySet<string>
  readonly failures: ReadonlySet<string>
}

export const NOTHING_SAID: Said = {
  isFirst: true,
  problems: new Set(),
  incompleteBecause: new Set(),
  blocked: new Set(),
  failures: new Set(),
}

/** What an approval lifts. */
export const APPROVABLE: ReadonlySet<string | undefined> = new Set([
  'EmptySet',
  'OverBudget',
  'LocationChanged',
])
/** Told by other lines, or over in a moment. */
const UNSPOKEN: ReadonlySet<string | undefined> = new Set([
  'Invalid',
  'Settling',
  'Incomplete',
  'PruneDisabled',
])

/** The report is undefined when there is nothing to say. */
export function report(
  look: Look,
  said: Said,
): { readonly report: ConvergenceReport | undefined; readonly said: Said } {
  const { set, plan, outcomes, elapsedMs } = look
  const spoken = plan.actions.filter(
    ({ verb, blockedBy }) => verb === 'blocked' && !UNSPOKEN.has(blockedBy),
  )
  const failed = outcomes.filter(({ error }) => error !== undefined)
  const now: Said = {
    isFirst: false,
    problems: new Set(set.problems.map(problemKey)),
    incompleteBecause: new Set(set.incompleteBecause),
    blocked: new Set(spoken.map(blockedKey)),
    failures: new Set([
      ...failed.map(failureKey),
      // A failure whose next try is still to come was said, and stays said.
      ...[...said.failures].filter((key) => stillWaits(key, plan)),
    ]),
  }
  const blocked = spoken.filter((action) => !said.blocked.has(blockedKey(action)))
  const done = outcomes.filter(({ error }) => error === undefined).map(({ action }) => action)
  const full: ConvergenceReport = {
    source: plan.source,
    setDigest: set.digest,
    isFirst: said.isFirst,
    changes: done.map(changeOf),
    failures: failed
      .filter((outcome) => !said.failures.has(failureKey(outcome)))
      .map((outcome) => failureOf(outcome, look)),
    elapsedMs,
    files: [...new Set(done.flatMap(({ cause }) => (cause === undefined ? [] : [cause.file])))],
    problems: set.problems.filter((problem) => !said.problems.has(problemKey(problem))),
    problemsResolved: [...said.problems].filter((key) => !now.problems.has(key)).length,
    incompleteBecause: set.incompleteBecause.filter((cause) => !said.incompleteBecause.has(cause)),
    blocked: blocked.map(blockedOf),
    approval: offerOf(plan, blocked),
    converged: plan.kept,
  }
  return { report: isWorthSaying(full) ? full : undefined, said: now }
}

export interface PurgedStream {
  readonly stream: Pick<StreamDescription, 'name' | 'retainForMs'>
  readonly source: string
  readonly state: SourceState | undefined
  readonly elapsedMs: number
}

/** What is said of a retained stream that went because its time had come. */
export function purgedReport({
  stream,
  source,
  state,
  elapsedMs,
}: PurgedStream): ConvergenceReport {
  const reason = `its retainFor of ${formatDuration(stream.retainForMs ?? 0)} has passed`
  return {
    source,
    setDigest: state?.set?.digest ?? '',
    isFirst: false,
    changes: [{ verb: 'delete', identity: streamIdentity(stream.name), reason, cause: undefined }],
    failures: [],
    elapsedMs,
    files: [],
    problems: [],
    problemsResolved: 0,
    incompleteBecause: [],
    blocked: [],
    approval: undefined,
    converged: state?.plan?.kept ?? 0,
  }
}

function isWorthSaying(report: ConvergenceReport): boolean {
  if (report.isFirst || report.problemsResolved > 0) return true
  return [
    report.changes,
    report.failures,
    report.problems,
    report.incompleteBecause,
    report.blocked,
  ].some((list) => list.length > 0)
}

export function offerOf(
  { source, destructiveDigest }: Plan,
  blocked: readonly Action[],
): ApprovalOffer | undefined {
  if (destructiveDigest === undefined) return undefined
  if (!blocked.some(({ blockedBy }) => APPROVABLE.has(blockedBy))) return undefined
  return { destructiveDigest, command: `headgate approve ${source} ${destructiveDigest}` }
}

function changeOf({ verb, identity, reason, cause }: Action): ConvergedChange {
  return { verb, identity, reason, cause }
}

function failureOf({ action, error }: Outcome, { retryInMs }: Look): ConvergenceFailure {
  return {
    ...changeOf(action),
    code: error?.code ?? 'Internal',
    message: error?.message ?? '',
    hint: error?.hint,
    retryInMs: retryInMs(identityKey(action.identity)),
  }
}

function blockedOf({ wanted, blockedBy, identity, reason, cause }: Action): BlockedChange {
  return { wanted, blockedBy: blockedBy ?? 'NotApplied', identity, reason, cause }
}

function problemKey({ file, line, column, code, message }: Problem): string {
  return [file, line, column, code, message].join('\n')
}

/** By the digest, for another mistake in the same place is news; reasons may count what grows, and are none. */
function blockedKey({ identity, blockedBy, wanted, desired }: Action): string {
  return [identityKey(identity), blockedBy, wanted, desired?.digest].join(' ')
}

function failureKey({ action, error }: Outcome): string {
  return [identityKey(action.identity), action.desired?.digest, error?.code].join(' ')
}

function stillWaits(key: string, { actions }: Plan): boolean {
  return actions.some(
    ({ identity, desired, verb }) =>
      verb !== 'blocked' && key.startsWith(`${identityKey(identity)} ${desired?.digest} `),
  )
}
