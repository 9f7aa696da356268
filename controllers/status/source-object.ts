/** A source as an object: where it points, what was read and applied, what is wrong, and what waits for approval. */
import { API_VERSION, identityText, type ResourceObject } from '../../crds/resource.ts'
import { APPROVABLE } from '../apply/report.ts'
import type { SourceState } from '../apply/source-loop.ts'
import type { Pin } from '../history/history.ts'
import type { Suspension } from '../plan/observed.ts'
import type { Action } from '../plan/plan.ts'
import { suspensionOf } from '../plan/suspension.ts'
import type { SourceDeclaration } from '../sources/source.ts'
import type { Condition } from './condition.ts'
import { isNotSo, isSo, rfc3339, type TransitionTimes } from './conditions.ts'
import { placeText } from './place-text.ts'
import type { Reason } from './reasons.ts'
import { suspensionStatus } from './suspension-status.ts'

/** More are counted, not listed. */
export const PROBLEMS_SHOWN_MAX = 100

/** What people decided about a source. */
export interface SourceHolds {
  readonly pin: Pin | undefined
  readonly suspended: Suspension | undefined
  readonly wallUs: number
}

const NOT_HELD: SourceHolds = { pin: undefined, suspended: undefined, wallUs: 0 }

export function sourceObject(
  declaration: SourceDeclaration,
  state: SourceState,
  times: TransitionTimes,
  held: SourceHolds = NOT_HELD,
): ResourceObject {
  const { name, type, location, scope, prune, atomic } = declaration
  const { set, plan, applied } = state
  const actions = plan?.actions ?? []
  return {
    apiVersion: API_VERSION,
    kind: 'Source',
    metadata: { name },
    spec: { type, location, prune, atomic, scope },
    status: {
      revision: { attempted: set?.digest, applied },
      ...pinnedOf(held),
      ...suspendedOf(held),
      complete: set?.complete ?? false,
      incompleteBecause: set?.incompleteBecause ?? [],
      declared: set?.members.size ?? 0,
      converged: plan?.kept ?? 0,
      problemCount: set?.problems.length ?? 0,
      problems: (set?.problems ?? []).slice(0, PROBLEMS_SHOWN_MAX),
      notes: set?.notes ?? [],
      blocked: actions.filter(({ verb }) => verb === 'blocked').map(blockedText),
      blockedDeletes: actions.filter(isBlockedRemoval).map(blockedText),
      ...(plan?.destructiveDigest === undefined || !actions.some(isApprovable)
        ? {}
        : { destructiveDigest: plan.destructiveDigest }),
      conditions: times.stamp(`Source//${name}`, conditionsWith(state, held)),
    },
  }
}

export function isApprovable({ blockedBy }: Action): boolean {
  return APPROVABLE.has(blockedBy)
}

function isBlockedRemoval({ verb, wanted }: Action): boolean {
  return verb === 'blocked' && (wanted === 'delete' || wanted === 'retain')
}

function blockedText(action: Action): Readonly<Record<string, unknown>> {
  const { wanted, identity, blockedBy, reason, cause } = action
  return {
    resource: identityText(identity),
    wanted,
    reason: blockedBy,
    message: reason,
    ...(cause === undefined ? {} : { origin: placeText(cause) }),
  }
}

function pinnedOf({ pin }: SourceHolds): Readonly<Record<string, unknown>> {
  if (pin === undefined) return {}
  const { revision, sinceUs, reason, rolledBack } = pin
  return {
    pinned: {
      revision,
      since: rfc3339(sinceUs),
      ...(reason === undefined ? {} : { reason }),
      resumesAt: 'the first set that was not rolled back',
      rolledBack,
    },
  }
}

function suspendedOf({ suspended }: SourceHolds): Readonly<Record<string, unknown>> {
  return suspended === undefined ? {} : { suspended: suspensionStatus(suspended) }
}

/** Who lists sources sees the reason of Ready, so a source that is held says it there, too. */
function conditionsWith(state: SourceState, holds: SourceHolds): readonly Condition[] {
  const held = holdConditions(holds)
  const [holding] = held
  const own = conditionsOf(state).map((condition) =>
    holding !== undefined && condition.type === 'Ready' && condition.status === 'True'
      ? { ...condition, reason: holding.reason, message: holding.message }
      : condition,
  )
  return [...own, ...held]
}

function holdConditions({ pin, suspended, wallUs }: SourceHolds): readonly Condition[] {
  const conditions: Condition[] = []
  if (pin !== undefined)
    conditions.push(
      isSo(
        'Pinned',
        'RolledBack',
        `It is rolled back to revision ${pin.revision}${pin.reason === undefined ? '' : ` (${pin.reason})`}, and is followed again at the first set that was not rolled back.`,
      ),
    )
  const own = new Map(suspended === undefined ? [] : [['', suspended]])
  const told = suspensionOf('', { suspended: undefined, suspensions: own }, wallUs)
  if (told !== undefined) conditions.push(isSo('Suspended', 'Suspended', told))
  return conditions
}

function conditionsOf(state: SourceState): readonly Condition[] {
  const stalled = stalledBecause(state)
  if (stalled !== undefined)
    return [
      isNotSo('Ready', stalled.reason, stalled.message),
      isSo('Stalled', stalled.reason, stalled.message),
    ]
  const { plan } = state
  const left = plan?.actions.filter(({ blockedBy }) => !IS_STEADY.has(blockedBy)) ?? []
  if (plan === undefined || left.length > 0) {
    const [first] = left
    if (left.every(({ blockedBy }) => blockedBy === 'Suspended') && first !== undefined)
      return [
        isNotSo(
          'Ready',
          'Suspended',
          `${left.length === 1 ? '1 change is' : `${left.length} changes are`} held back. ${first.reason}`,
        ),
      ]
    const message =
      plan === undefined
        ? 'It was not read yet.'
        : `${left.length} resources are not as declared yet.`
    return [isNotSo('Ready', 'Applying', message), isSo('Reconciling', 'Applying', message)]
  }
  return [isSo('Ready', 'Converged', 'Everything that it declares is as declared.')]
}

/** Over by itself, or once somebody resumes it. */
const PASSES: ReadonlySet<string | undefined> = new Set(['Settling', 'Suspended'])

/** Held back on purpose and for good: no reason to call the source unready. */
const IS_STEADY: ReadonlySet<string | undefined> = new Set([
  'Protected',
  'PruneDisabled',
  'InUse',
  'Drifted',
])

function stalledBecause({
  set,
  plan,
  error,
}: SourceState): { readonly reason: Reason; readonly message: string } | undefined {
  if (error !== undefined) return { reason: 'SourceUnreadable', message: error.message }
  if (set !== undefined && !set.complete)
    return { reason: 'Incomplete', message: set.incompleteBecause.join(' ') }
  const problems = set?.problems.filter(({ severity }) => severity === 'error') ?? []
  const [first] = problems
  if (first !== undefined) {
    const others = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
    return { reason: 'Invalid', message: `${placeText(first)}: ${first.message}${others}` }
  }
  const held = plan?.actions.find(
    ({ verb, blockedBy }) =>
      verb === 'blocked' && !PASSES.has(blockedBy) && !IS_STEADY.has(blockedBy),
  )
  if (held === undefined) return undefined
  return {
    reason: held.blockedBy ?? 'NotApplied',
    message: `${identityText(held.identity)}: ${held.reason}`,
  }
}
