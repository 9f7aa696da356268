/** Which alerts a source gives rise to, as of its last look. Pure. */
import { type Identity, identityText } from '../../crds/resource.ts'
import type { Failure } from '../apply/back-off.ts'
import type { Action, Plan } from '../plan/plan.ts'
import type { ResourceSet } from '../sets/resource-set.ts'
import { maskText } from '../sets/secret-text.ts'
import { placeText } from '../status/place-text.ts'
import { awaitsSomebody } from '../status/resource-objects.ts'
import type { Alert } from './alert.ts'

/** Unread for longer is stale. */
export const STALE_AFTER_MS = 300_000

export interface AlertingSource {
  readonly source: string
  readonly set: ResourceSet | undefined
  readonly plan: Plan | undefined
  /** Failures of its resources, by identityKey. */
  readonly failureOf: (key: string) => Failure | undefined
  /** What is as declared and does not run: it stopped by itself, and does not start again. */
  readonly stopped: readonly Stopped[]
  /** How long it could not be read in whole; undefined when it can. */
  readonly unreadMs: number | undefined
  readonly nowUs: number
}

export interface Stopped {
  readonly identity: Identity
  readonly failure: Failure
}

/** Waits for a person, who may approve it or take protection away. */
const PRUNE_WAITS: ReadonlySet<string | undefined> = new Set([
  'EmptySet',
  'OverBudget',
  'LocationChanged',
  'Protected',
])
/** Over by itself, or what somebody decided. */
const NOBODY_NEEDED: ReadonlySet<string | undefined> = new Set([
  'Settling',
  'Suspended',
  'Drifted',
  'Policy',
])

export function alertsOf(request: AlertingSource): readonly Alert[] {
  return [...staleOf(request), ...prunesOf(request), ...stalledOf(request)]
}

function staleOf({ source, set, unreadMs, nowUs }: AlertingSource): readonly Alert[] {
  if (unreadMs === undefined || unreadMs < STALE_AFTER_MS) return []
  const because = set?.incompleteBecause[0]
  const message = `It could not be read in whole for ${Math.floor(unreadMs / 60_000)} minutes${because === undefined ? '' : `: ${because}`}`
  const sinceUs = nowUs - unreadMs * 1_000
  return [aboutSource('SourceStale', source, 'SourceUnreadable', message, sinceUs)]
}

function prunesOf({ source, plan, nowUs }: AlertingSource): readonly Alert[] {
  const waiting = (plan?.actions ?? []).filter(
    ({ verb, wanted, blockedBy }) =>
      verb === 'blocked' &&
      (wanted === 'delete' || wanted === 'retain') &&
      PRUNE_WAITS.has(blockedBy),
  )
  const [first] = waiting
  if (first === undefined) return []
  const others = waiting.length > 1 ? ` and ${waiting.length - 1} more` : ''
  const message = `${identityText(first.identity)}${others}: ${first.reason}`
  return [aboutSource('PruneBlocked', source, first.blockedBy ?? 'OverBudget', message, nowUs)]
}

function stalledOf(request: AlertingSource): readonly Alert[] {
  const { source, set, plan, failureOf, stopped, nowUs } = request
  const alerts: Alert[] = []
  const problem = set?.problems.find(({ severity }) => severity === 'error')
  if (problem !== undefined)
    alerts.push(
      aboutSource('Stalled', source, 'Invalid', `${placeText(problem)}: ${problem.message}`, nowUs),
    )
  const all = [
    ...(plan?.actions ?? []).map((action) => ({
      identity: action.identity,
      told: stalledBecause(action, failureOf),
    })),
    ...stopped
      .filter(({ failure }) => awaitsSomebody(failure))
      .map(({ identity, failure: { error } }) => ({
        identity,
        told: { reason: error.code, message: error.message },
      })),
  ]
  for (const { identity, told } of all) {
    if (told === undefined) continue
    const { kind, namespace, name } = identity
    const message = maskText(told.message, false)
    const { reason } = told
    alerts.push({
      event: 'Stalled',
      source,
      kind,
      namespace,
      name,
      reason,
      message,
      sinceUs: nowUs,
    })
  }
  return alerts
}

function stalledBecause(
  { verb, wanted, blockedBy, reason, identity }: Action,
  failureOf: AlertingSource['failureOf'],
): { readonly reason: string; readonly message: string } | undefined {
  if (verb === 'blocked') {
    if (wanted === 'delete' || wanted === 'retain' || NOBODY_NEEDED.has(blockedBy)) return undefined
    return { reason: blockedBy ?? 'NotApplied', message: reason }
  }
  const { kind, namespace, name } = identity
  const failure = failureOf(`${kind}/${namespace}/${name}`)
  if (failure === undefined || !awaitsSomebody(failure)) return undefined
  return { reason: failure.error.code, message: failure.error.message }
}

function aboutSource(
  event: Alert['event'],
  source: string,
  reason: string,
  message: string,
  sinceUs: number,
): Alert {
  return {
    event,
    source,
    kind: 'Source',
    namespace: undefined,
    name: source,
    reason,
    message: maskText(message, false),
    sinceUs,
  }
}
