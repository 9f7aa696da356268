/**
 * Plans and carries out, round by round, until a round makes nothing that was not there before, or leaves nothing to do.
 */
import { identityKey } from '../../crds/resource.ts'
import type { ObservedResource } from '../plan/observed.ts'
import type { Plan } from '../plan/plan.ts'
import { applyAtomically } from './apply-atomically.ts'
import { type ApplyOptions, applyPlan, type Outcome } from './apply-plan.ts'
import type { Lingering } from './lingering.ts'
import { takeBack } from './take-back.ts'

/** Each round makes something ready that the next one needs; a set that never settles is left to the next look. */
export const ROUNDS_MAX = 10

export interface ConvergeRequest {
  readonly source: string
  /** All of it or nothing. */
  readonly atomic: boolean
  /** Looks at what is now; asked once a round. */
  readonly planRound: () => Round
  readonly lingering: Lingering
  readonly signal: AbortSignal
  /** For a set that is posted: makes it durable, once all that can be taken back is done. */
  readonly posting?: Posting | undefined
}

export interface Posting {
  readonly filesDigest: string
  readonly commit: () => void
}

export interface Round {
  readonly plan: Plan
  readonly resources: ReadonlyMap<string, ObservedResource>
}

export interface Converged {
  readonly outcomes: readonly Outcome[]
  /** Something failed, and all that was done was taken back. */
  readonly compensated: boolean
  /** All of the last plan was carried out, so that it was not planned once more; the next look does. */
  readonly done: Plan | undefined
}

export async function converge(
  request: ConvergeRequest,
  options: ApplyOptions,
): Promise<Converged> {
  const outcomes = new Map<string, Outcome>()
  const remember = (made: readonly Outcome[]): void => {
    // What was made once stays said, even when a later round touches it again.
    for (const outcome of made) outcomes.set(identityKey(outcome.action.identity), outcome)
  }
  remember(request.lingering.takeEnded())
  const interrupted = options.catalog.undo.of(request.source)
  if (interrupted !== undefined) await takeBack(interrupted, options)
  const commit = once(request.posting?.commit)
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const { plan, resources } = request.planRound()
    const carriedOut = await carryOutRound(plan, resources, request, commit, options)
    const { outcomes: made, compensated } = carriedOut
    remember(made)
    if (compensated) return { outcomes: [...outcomes.values()], compensated, done: undefined }
    if (isDone(plan, made)) return { outcomes: [...outcomes.values()], compensated, done: plan }
    if (!made.some(({ error }) => error === undefined)) break
  }
  return { outcomes: [...outcomes.values()], compensated: false, done: undefined }
}

function isDone({ actions }: Plan, made: readonly Outcome[]): boolean {
  return (
    made.length > 0 &&
    made.length === actions.length &&
    made.every(({ error }) => error === undefined)
  )
}

async function carryOutRound(
  plan: Plan,
  resources: Round['resources'],
  { atomic, lingering, signal, posting }: ConvergeRequest,
  commit: () => void,
  options: ApplyOptions,
): Promise<Pick<Converged, 'outcomes' | 'compensated'>> {
  if (!atomic) {
    const outcomes = await applyPlan(plan, options, { signal, lingering })
    return { outcomes, compensated: false }
  }
  const filesDigest = posting?.filesDigest
  return applyAtomically(plan, options, { signal, resources, filesDigest, commit })
}

function once(act: (() => void) | undefined): () => void {
  let done = false
  return () => {
    if (!done) act?.()
    done = true
  }
}
