/** Sets that are posted: judged in whole, planned, and then applied in whole or refused with all reasons. */
import { identityText } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'
import { APPROVABLE } from '../apply/report.ts'
import { SetRefused } from '../apply/set-refused.ts'
import type { SourceLoop } from '../apply/source-loop.ts'
import type { ApplyAnswer, ApplyRequest } from '../control-plane.ts'
import type { Action, Plan } from '../plan/plan.ts'
import { alreadySettled } from '../plan/settle.ts'
import { filesDigest } from '../posted/posted-store.ts'
import { ProblemsError } from '../problems-error.ts'
import { API_SOURCE } from '../resource-writes.ts'
import { isName } from '../sets/object-meta.ts'
import type { ResourceSet } from '../sets/resource-set.ts'
import type { Running } from './running.ts'

export async function applySet(
  source: string,
  request: ApplyRequest,
  running: Running,
): Promise<ApplyAnswer> {
  const startedMs = running.options.clock.monotonicMs()
  const known = running.loops.get(source)
  const loop = postedLoop(source, running)
  if (!request.dryRun) running.register(loop)
  try {
    const set = await running.postedSources.readFiles(loop.declaration, request.files)
    const own = set.problems.filter(({ file }) => isTouched(file, request))
    if (own.some(({ severity }) => severity === 'error'))
      throw new ProblemsError(`The set of source ${source}`, own)
    const made = request.dryRun
      ? await planned(set, request, loop)
      : await carriedOut(set, request, loop, running)
    const elapsedMs = running.options.clock.monotonicMs() - startedMs
    return { problems: set.problems, elapsedMs, ...made }
  } catch (error) {
    if (known === undefined && running.posted.sets.digest(source) === undefined) {
      running.unregister(loop)
      await loop.stop()
    }
    throw error
  }
}

type Made = Pick<ApplyAnswer, 'plan' | 'outcome' | 'revision'>

async function planned(set: ResourceSet, request: ApplyRequest, loop: SourceLoop): Promise<Made> {
  const settle = alreadySettled(set, loop.policy().pruneSettleMs)
  await loop.lookUp(set)
  const held = loop.planFor(set, settle)
  const plan = request.isExplicit ? loop.planFor(set, settle, held.destructiveDigest) : held
  requireExpected(plan, request)
  return { plan, outcome: 'planned', revision: undefined }
}

async function carriedOut(
  set: ResourceSet,
  request: ApplyRequest,
  loop: SourceLoop,
  running: Running,
): Promise<Made> {
  const { files } = request
  const { catalog, posted, options } = running
  const { name } = loop.declaration
  let judged: Plan | undefined
  let approve: string | undefined
  const judge = (plan: Plan): void => {
    judged = plan
    approve = requireWhole(plan, request)
    if (approve !== undefined)
      catalog.approvals.give(name, { digest: approve, givenUs: options.clock.wallUs() })
  }
  const commit = (): void => posted.sets.put(name, files)
  try {
    const looked = await loop.applySet(set, { filesDigest: filesDigest(files), commit }, judge)
    // Another first post of the same name may have failed meanwhile.
    running.register(loop)
    loop.start()
    const outcome = looked.outcomes.length === 0 ? 'unchanged' : 'applied'
    return { plan: judged ?? looked.plan, outcome, revision: looked.revision }
  } finally {
    // It was given for this set, and nothing else.
    if (approve !== undefined) catalog.approvals.spend(name, approve)
  }
}

/** The loop of a posted source; for a name that is new, one that looks at nothing yet. */
export function postedLoop(source: string, running: Running): SourceLoop {
  const loop = running.loops.get(source)
  if (source === API_SOURCE)
    throw new HeadgateError('Conflict', `Source ${API_SOURCE} takes single objects, no sets.`, {
      hint: 'Post the set under a name of its own.',
    })
  if (loop !== undefined && loop.declaration.type !== 'api')
    throw new HeadgateError(
      'Conflict',
      `Source ${source} reads ${loop.declaration.location}, and takes no posted sets.`,
      { hint: 'Edit what it reads, or post the set under another name.' },
    )
  if (loop === undefined && !isName(source))
    throw new HeadgateError(
      'BadRequest',
      `expected the name of a source, got ${JSON.stringify(source)}`,
    )
  return loop ?? running.openPosted(source)
}

function requireExpected({ digest }: Plan, { expectedDigest }: ApplyRequest): void {
  if (expectedDigest !== undefined && expectedDigest !== digest)
    throw new HeadgateError(
      'StateMoved',
      `The plan is another one now: expected ${expectedDigest}, got ${digest}`,
      { hint: 'Make the plan again, look at it, and apply that one.' },
    )
}

/**
 * Throws what refuses the plan as a whole: it is another one, something is held back, or too much would go. Answers the
 * destructive digest that is approved with it.
 */
function requireWhole(plan: Plan, request: ApplyRequest): string | undefined {
  requireExpected(plan, request)
  const approve = request.isExplicit ? plan.destructiveDigest : request.approve
  const held = plan.actions.filter(
    ({ verb, blockedBy, cause }) =>
      verb === 'blocked' &&
      !NOT_OF_THE_SET.has(blockedBy) &&
      (cause === undefined || isTouched(cause.file, request)),
  )
  const others = held.filter(({ blockedBy }) => !APPROVABLE.has(blockedBy))
  if (others.length > 0)
    throw new SetRefused(
      `Nothing of source ${plan.source} was changed, for it cannot be applied in whole: ${reasonsOf(others)}`,
      others.map(({ identity, wanted = 'create', reason }) => {
        return { identity, verb: wanted, because: 'held', message: reason }
      }),
    )
  if (held.length === 0) return undefined
  const { destructiveDigest } = plan
  if (approve !== undefined && approve === destructiveDigest) return approve
  if (approve !== undefined)
    throw new HeadgateError(
      'DigestMismatch',
      `What would go has the digest ${destructiveDigest ?? 'none'}, not ${approve}.`,
      { hint: 'Look at the plan, and approve what is there now.' },
    )
  throw new HeadgateError(
    'PruneBlocked',
    `Nothing of source ${plan.source} was changed, for more would go than may: ${reasonsOf(held)}`,
    {
      hint: `If all of that is meant to go, apply again with --approve ${destructiveDigest ?? ''}`,
    },
  )
}

function isTouched(file: string, { touches }: ApplyRequest): boolean {
  return touches === undefined || touches.has(file)
}

/** What follows from something else, and what somebody does behind our back. */
const NOT_OF_THE_SET: ReadonlySet<string | undefined> = new Set(['HeldBack', 'Drifted'])

/** As many names and as many reasons as a person reads; the plan has all of them. */
const NAMES_TOLD_MAX = 5
const REASONS_TOLD_MAX = 20

function reasonsOf(actions: readonly Action[]): string {
  const byReason = [...Map.groupBy(actions, ({ reason }) => reason)].map(
    ([reason, same]) => `${namesOf(same)}: ${reason}`,
  )
  const more = byReason.length - REASONS_TOLD_MAX
  const told = byReason.slice(0, REASONS_TOLD_MAX).join(' ')
  return more > 0 ? `${told} There are ${more} more reasons; the plan has all of them.` : told
}

function namesOf(actions: readonly Action[]): string {
  const more = actions.length - NAMES_TOLD_MAX
  const told = actions.slice(0, NAMES_TOLD_MAX).map(({ identity }) => identityText(identity))
  return more > 0 ? `${told.join(', ')} and ${more} more` : told.join(', ')
}
