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
import { confirmApplied, confirmReleased, confirmRemoved, writeIntents } from './intents.ts'
import type { Lingering } from './lingering.ts'

export const APPLY_CONCURRENCY = 8
/** How long a look waits for one action; what takes longer goes on beside it. */
export const ACTION_PATIENCE_MS = 250

export interface ApplyOptions {
  readonly catalog: Catalog
  readonly reconcilers: ReadonlyMap<Kind, Reconciler>
  readonly clock: Pick<Clock, 'wallUs' | 'schedule'>
  readonly random: Pick<Random, 'uuid'>
  readonly backOff: BackOff
}

/** One carrying out. */
export interface ApplyRun {
  readonly signal?: AbortSignal | undefined
  /** After a failure nothing more is begun. */
  readonly allOrNothing?: boolean | undefined
  /** Takes what is slow; without it everything is waited for. */
  readonly lingering?: Lingering | undefined
}

export interface Outcome {
  readonly action: Action
  readonly error: HeadgateError | undefined
  /** It was not begun, because of something else that failed. */
  readonly notBegun?: true
}

/** Answers for what was tried; what is blocked, has to wait after a failure, or goes on by itself is left out. */
export async function applyPlan(
  plan: Plan,
  options: ApplyOptions,
  run: ApplyRun = {},
): Promise<readonly Outcome[]> {
  const due = plan.actions.filter((action) => isDue(action, options, run.lingering))
  if (due.length === 0) return []
  writeIntents(plan, due, options)
  return carryOutAll(plan, due, options, run)
}

function isDue(
  { verb, identity, desired }: Action,
  { backOff }: ApplyOptions,
  lingering: Lingering | undefined,
): boolean {
  if (verb === 'blocked') return false
  const key = identityKey(identity)
  return lingering?.has(key) !== true && !backOff.mustWait(key, desired?.digest)
}

/** The intents of `due` are written. Each action comes after those of the plan that it waits for. */
export async function carryOutAll(
  plan: Plan,
  due: readonly Action[],
  options: ApplyOptions,
  run: ApplyRun,
): Promise<readonly Outcome[]> {
  const chosen = new Set(due)
  const turn: Turn = {
    source: plan.source,
    queue: new PQueue({ concurrency: APPLY_CONCURRENCY }),
    blockedKeys: new Set(
      plan.actions
        .filter((action) => action.verb !== 'blocked' && !chosen.has(action))
        .map(({ identity }) => identityKey(identity)),
    ),
    started: new Map(),
    options,
    run,
    hasFailed: false,
  }
  for (const action of due) turn.started.set(identityKey(action.identity), start(action, turn))
  const outcomes: Outcome[] = []
  for (const [key, { done, slow }] of turn.started) {
    const outcome = await Promise.race([done, slow])
    if (outcome !== undefined) outcomes.push(outcome)
    else run.lingering?.add(key, done)
  }
  return outcomes
}

interface Turn {
  readonly source: string
  readonly queue: PQueue
  readonly blockedKeys: ReadonlySet<string>
  readonly started: Map<string, Started>
  readonly options: ApplyOptions
  readonly run: ApplyRun
  hasFailed: boolean
}

interface Started {
  readonly done: Promise<Outcome>
  /** Resolves once it, or something that it waits for, takes longer than a look waits. */
  readonly slow: Promise<undefined>
}

function start(action: Action, turn: Turn): Started {
  const slow = Promise.withResolvers<undefined>()
  const isSlow = (): void => slow.resolve(undefined)
  for (const key of action.waitsFor) void turn.started.get(key)?.slow.then(isSlow)
  return { done: startAfter(action, turn, isSlow), slow: slow.promise }
}

async function startAfter(action: Action, turn: Turn, isSlow: () => void): Promise<Outcome> {
  const { started, blockedKeys, queue } = turn
  // An action of the plan that is not due waits after a failure, and so does what waits for it.
  const waiting = action.waitsFor.find((key) => blockedKeys.has(key))
  if (waiting !== undefined) return notReady(action, waiting)
  for (const key of action.waitsFor) {
    const before = await started.get(key)?.done
    if (before?.error !== undefined) return notReady(action, identityText(before.action.identity))
  }
  const result = Promise.withResolvers<Outcome>()
  const { run } = turn
  // What is slow gives its place to others.
  void queue.add(async () => {
    if (run.allOrNothing === true && turn.hasFailed) {
      result.resolve(notReady(action, 'something else of its set'))
      return
    }
    const patience = Promise.withResolvers<void>()
    const { clock } = turn.options
    const timer =
      run.lingering === undefined
        ? undefined
        : clock.schedule(ACTION_PATIENCE_MS, () => {
            isSlow()
            patience.resolve()
          })
    const done = carryOut(action, turn).then((outcome) => {
      timer?.cancel()
      turn.hasFailed ||= outcome.error !== undefined
      result.resolve(outcome)
    })
    await Promise.race([done, patience.promise])
  })
  return result.promise
}

function notReady(action: Action, on: string): Outcome {
  const error = new HeadgateError('DependencyNotReady', `It waits for ${on}, which failed.`)
  return { action, error, notBegun: true }
}

async function carryOut(
  action: Action,
  { source, options, run: { signal } }: Turn,
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
  if (action.verb === 'release') {
    await release(action, entry, reconciler, signal)
    confirmReleased(action, options)
    return
  }
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
    {
      resource: action.desired,
      uid: entry.uid,
      owner: source,
      principal,
      movedFrom: action.movedFrom,
    },
    signal,
  )
  confirmApplied(action.desired, options)
}

/** It stays as it is; only a stream's record tells who owns it. */
async function release(
  { identity }: Action,
  { accepted, uid }: CatalogEntry,
  reconciler: Reconciler,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (identity.kind !== 'Stream' || accepted === undefined) return
  const principal: Principal = { name: 'source:' }
  await reconciler.apply({ resource: accepted, uid, owner: '', principal }, signal)
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
