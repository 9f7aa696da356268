/**
 * Carries a plan out: each action after those that it waits for, several at once, failures alone. Nothing else changes
 * the engine's resources.
 *
 * What is about to happen is in the catalog before the first step and confirmed after the last; every step may be
 * repeated. A crash anywhere, then a start, converges.
 */
import PQueue from 'p-queue'
import { identityKey, identityText, type Kind } from '../../crds/resource.ts'
import { decide, type Principal } from '../../engine/access/decide.ts'
import { asHeadgateError, HeadgateError } from '../../engine/error.ts'
import type { Clock } from '../../engine/ports/clock.ts'
import type { Random } from '../../engine/ports/random.ts'
import type { Catalog, CatalogEntry } from '../catalog/catalog.ts'
import { isRemoval } from '../plan/order.ts'
import type { Action, Plan } from '../plan/plan.ts'
import type { Reconciler } from '../reconcilers/reconciler.ts'
import type { Resource } from '../sets/resource-set.ts'
import type { BackOff } from './back-off.ts'
import { confirmApplied, confirmRemoved, writeIntents } from './intents.ts'

export const APPLY_CONCURRENCY = 8

export interface ApplyOptions {
  readonly catalog: Catalog
  readonly reconcilers: ReadonlyMap<Kind, Reconciler>
  readonly clock: Pick<Clock, 'wallUs'>
  readonly random: Pick<Random, 'uuid'>
  readonly backOff: BackOff
}

export interface Outcome {
  readonly action: Action
  readonly error: HeadgateError | undefined
}

/** Answers for what was tried; what is blocked, or has to wait after a failure, is left out. */
export async function applyPlan(
  plan: Plan,
  options: ApplyOptions,
  signal?: AbortSignal,
): Promise<readonly Outcome[]> {
  const due = plan.actions.filter(
    ({ verb, identity, desired }) =>
      verb !== 'blocked' && !options.backOff.mustWait(identityKey(identity), desired?.digest),
  )
  if (due.length === 0) return []
  writeIntents(plan, due, options)
  const queue = new PQueue({ concurrency: APPLY_CONCURRENCY })
  const blockedKeys = new Set(
    plan.actions
      .filter((action) => action.verb !== 'blocked' && !due.includes(action))
      .map(({ identity }) => identityKey(identity)),
  )
  const started = new Map<string, Promise<Outcome>>()
  for (const action of due) {
    const key = identityKey(action.identity)
    started.set(key, startAfter(action, started, blockedKeys, queue, plan.source, options, signal))
  }
  return Promise.all(started.values())
}

async function startAfter(
  action: Action,
  started: ReadonlyMap<string, Promise<Outcome>>,
  blockedKeys: ReadonlySet<string>,
  queue: PQueue,
  source: string,
  options: ApplyOptions,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  // An action of the plan that is not due waits after a failure, and so does what waits for it.
  const waiting = action.waitsFor.find((key) => blockedKeys.has(key))
  if (waiting !== undefined) return notReady(action, waiting)
  for (const key of action.waitsFor) {
    const before = await started.get(key)
    if (before?.error !== undefined) return notReady(action, identityText(before.action.identity))
  }
  return queue.add(() => carryOut(action, source, options, signal))
}

function notReady(action: Action, on: string): Outcome {
  const error = new HeadgateError('DependencyNotReady', `It waits for ${on}, which failed.`)
  return { action, error }
}

async function carryOut(
  action: Action,
  source: string,
  options: ApplyOptions,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  const key = identityKey(action.identity)
  try {
    signal?.throwIfAborted()
    await perform(action, source, options, signal)
    if (isRemoval(action.verb)) options.backOff.forget(key)
    else options.backOff.succeeded(key)
    return { action, error: undefined }
  } catch (thrown) {
    const error = asHeadgateError(thrown)
    // A stop is no failure of the resource.
    if (signal?.aborted !== true) options.backOff.failed(key, action.desired?.digest, error)
    return { action, error }
  }
}

async function perform(
  action: Action,
  source: string,
  options: ApplyOptions,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { catalog, reconcilers } = options
  const entry = catalog.entries.get(identityKey(action.identity))
  const reconciler = reconcilers.get(action.identity.kind)
  if (entry === undefined || reconciler === undefined)
    throw new HeadgateError('Internal', `There is no record of ${identityText(action.identity)}.`)
  if (entry.owner !== source)
    throw new HeadgateError('Conflict', `Source ${entry.owner} declared it a moment earlier.`)
  const principal: Principal = { name: `source:${source}` }
  requireAccess(principal, action)
  if (isRemoval(action.verb)) {
    const resource = entry.accepted ?? entry.pending ?? nameless(entry)
    const retain = action.verb === 'retain'
    await reconciler.remove({ resource, uid: entry.uid, owner: source, retain }, signal)
    confirmRemoved(action, options)
    return
  }
  if (action.desired === undefined) return
  await reconciler.apply(
    { resource: action.desired, uid: entry.uid, owner: source, principal },
    signal,
  )
  confirmApplied(action.desired, options)
}

/** All that is known of what never had a declaration here; enough to take it away. */
function nameless({ identity, id }: CatalogEntry): Resource {
  return { identity, id, labels: {}, annotations: {}, spec: {}, digest: '', references: [] }
}

function requireAccess(principal: Principal, { identity, verb }: Action): void {
  const right = isRemoval(verb) ? 'Delete' : 'Write'
  const decision = decide(principal, right, identity)
  if (!decision.allowed)
    throw new HeadgateError(
      'Forbidden',
      `${principal.name} may not ${right} ${identityText(identity)}: ${decision.reason}`,
    )
}
