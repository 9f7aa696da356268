/**
 * Carries the plan of an atomic set out: all of it or nothing. When something fails, what was done is taken back from
 * what was accepted before; after a crash the next start does so.
 *
 * What cannot be taken back comes last: data go only once everything else is done and the set is in force, and what
 * fails then is tried again like anything else.
 */
import { identityKey } from '../../crds/resource.ts'
import type { HeadgateError } from '../../engine/error.ts'
import type { ObservedResource } from '../plan/observed.ts'
import { isRemoval } from '../plan/order.ts'
import type { Action, Plan } from '../plan/plan.ts'
import { type ApplyOptions, carryOutAll, type Outcome } from './apply-plan.ts'
import { writeIntents } from './intents.ts'
import { type PreparedActions, prepareAll } from './prepare-all.ts'
import { SetRefused } from './set-refused.ts'
import { takeBack } from './take-back.ts'
import type { Undo, UndoStep } from './undo-journal.ts'

export interface AtomicRun {
  readonly signal: AbortSignal | undefined
  /** As the planner saw it. */
  readonly resources: ReadonlyMap<string, ObservedResource>
  readonly filesDigest: string | undefined
  /** Makes the set durable; once it returns, nothing is taken back. */
  readonly commit: () => void
}

export interface AtomicResult {
  readonly outcomes: readonly Outcome[]
  /** Something failed, and nothing has changed. */
  readonly compensated: boolean
}

const NOTHING_MADE: AtomicResult = { outcomes: [], compensated: false }

/** Nothing of the plan is held back. What is left for later shows in the next plan. */
export async function applyAtomically(
  plan: Plan,
  options: ApplyOptions,
  run: AtomicRun,
): Promise<AtomicResult> {
  const due = plan.actions.filter(({ verb }) => verb !== 'blocked')
  const { backOff, catalog } = options
  const mustWait = due.some(({ identity, desired }) =>
    backOff.mustWait(identityKey(identity), desired?.digest),
  )
  if (mustWait) return NOTHING_MADE
  const { now, later } = inTwo(due)
  if (now.length === 0) {
    run.commit()
    if (later.length === 0) return NOTHING_MADE
    writeIntents(plan, later, options)
    const outcomes = await carryOutAll({ ...plan, actions: later }, later, options, run)
    return { outcomes, compensated: false }
  }
  await using prepared = await prepareAll(plan, now, options)
  if (prepared.failed.length > 0) return { outcomes: prepared.failed, compensated: true }
  const undo = undoOf(plan, now, options, run)
  catalog.atomically(() => {
    catalog.undo.put(undo)
    writeIntents(plan, now, options)
  })
  const outcomes = await inTurn(plan, prepared.waves, options, run)
  if (outcomes.every(({ error }) => error === undefined)) {
    try {
      run.commit()
    } catch (error) {
      await takeBack(undo, options)
      throw error
    }
    catalog.undo.remove(plan.source)
    return { outcomes, compensated: false }
  }
  await takeBack(undo, options)
  const failed = outcomes.filter(({ error, notBegun }) => error !== undefined && notBegun !== true)
  return { outcomes: failed, compensated: true }
}

/** After a failure the waves behind it are not begun. */
async function inTurn(
  plan: Plan,
  waves: PreparedActions['waves'],
  options: ApplyOptions,
  { signal }: AtomicRun,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = []
  for (const wave of waves) {
    const actions = { ...plan, actions: wave }
    outcomes.push(...(await carryOutAll(actions, wave, options, { signal, allOrNothing: true })))
    if (outcomes.some(({ error }) => error !== undefined)) break
  }
  return outcomes
}

/** What can be taken back, and what cannot, with all that has to come after it. */
function inTwo(due: readonly Action[]): {
  readonly now: readonly Action[]
  readonly later: readonly Action[]
} {
  const later = new Set<string>()
  const now: Action[] = []
  const last: Action[] = []
  for (const action of due) {
    const waits = action.waitsFor.some((key) => later.has(key))
    // A shorter retention makes nobody wait; what goes, or is called something else, does.
    // Records that were read again cannot be unread.
    const moves = action.cost?.readAgain !== undefined
    const isLast = action.risk === 'data-loss' || moves || action.movedFrom !== undefined || waits
    if (isLast) last.push(action)
    else now.push(action)
    const isWaitedFor = isRemoval(action.verb) || action.movedFrom !== undefined || waits
    if (isLast && isWaitedFor) later.add(identityKey(action.identity))
  }
  return { now, later: last }
}

function undoOf(
  plan: Plan,
  now: readonly Action[],
  { catalog, clock }: ApplyOptions,
  { resources, filesDigest }: AtomicRun,
): Undo {
  return {
    source: plan.source,
    setDigest: plan.setDigest,
    filesDigest,
    steps: now.map(({ verb, identity }): UndoStep => {
      const key = identityKey(identity)
      const before = resources.get(key)
      const former =
        before?.accepted === undefined
          ? undefined
          : {
              resource: before.accepted,
              uid: before.uid,
              owner: before.owner ?? '',
              sealed: before.stream?.sealed !== undefined,
            }
      return { verb, identity, entry: catalog.entries.get(key), former }
    }),
    approvals: catalog.approvals.of(plan.source, clock.wallUs()),
  }
}

/** What failed and that nothing has changed, in one error. */
export function applyFailed(source: string, failed: readonly Outcome[]): HeadgateError {
  const [first] = failed
  const what = failed.map(({ action: { identity, verb }, error }) => {
    const name = `${verb} ${identity.kind} ${identity.namespace}/${identity.name}`
    return `${name}: ${error?.message ?? 'it failed'}`
  })
  return new SetRefused(
    `Nothing of source ${source} was changed, for it could not be applied in whole: ${what.join('; ')}`,
    failed.map(({ action: { identity, verb }, error }) => {
      const message = error?.message ?? 'it failed'
      return { identity, verb, because: 'failed', message, hint: error?.hint }
    }),
    {
      ...(first?.error?.hint === undefined ? {} : { hint: first.error.hint }),
      cause: first?.error,
    },
  )
}
