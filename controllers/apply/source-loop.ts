/**
 * Converges one source, for ever: look, read, plan, apply, tell. Level, not edge: a hint only says "look again", looks
 * are serialised, and what a hint missed the timer finds.
 *
 * A look that changes nothing writes nothing and asks the engine for nothing.
 */

import { type Identity, identityKey } from '../../crds/resource.ts'
import { asHeadgateError, type HeadgateError } from '../../engine/error.ts'
import type { Clock, Timer } from '../../engine/ports/clock.ts'
import type { Logger } from '../../engine/ports/logger.ts'
import type { Streams } from '../../engine/streams/streams.ts'
import type { ChangePolicy } from '../plan/change-policy.ts'
import type { NOTHING_DECIDED, PlanPolicy } from '../plan/observed.ts'
import type { Plan } from '../plan/plan.ts'
import { plan } from '../plan/planner.ts'
import { PRUNE_BUDGET_DEFAULT } from '../plan/prune-budget.ts'
import { advanceSettle, alreadySettled, type Settle } from '../plan/settle.ts'
import type { ResourceSet } from '../sets/resource-set.ts'
import type { Source, SourceDeclaration } from '../sources/source.ts'
import { type ApplyOptions, applyPlan, type Outcome } from './apply-plan.ts'
import type { ConvergenceReport } from './convergence.ts'
import { type ConvergenceRecorder, NO_HISTORY, type SetPins } from './convergence-ports.ts'
import { observe } from './observe.ts'
import { NOTHING_SAID, report, type Said } from './report.ts'
import { type ResumeOptions, resume, resumeKey } from './resume.ts'

export const SWEEP_MS_DEFAULT = 30_000
/** Each round makes something ready that the next one needs; a set that never settles is left to the next look. */
export const ROUNDS_MAX = 10

export interface SourceLoopOptions {
  readonly source: Source
  readonly apply: ApplyOptions
  readonly resume: ResumeOptions
  readonly streams: Pick<Streams, 'describe'>
  /** What people decided that is not in the catalog's tables, and who reads what. */
  readonly decided?: (source: string) => Partial<typeof NOTHING_DECIDED>
  /** Counts every change of a stream, so that an unchanged engine need not be asked. */
  readonly engineChanges: () => number
  readonly clock: Clock
  readonly logger: Logger
  readonly pruneSettleMs: number
  /** What has to hold for changes to be carried out. */
  readonly changes?: readonly ChangePolicy[]
  readonly sweepMs: number
  /** Which set is in force, and what was made of it; nothing is remembered without. */
  readonly history?: SetPins & ConvergenceRecorder
  readonly onConvergence: (report: ConvergenceReport) => void
  /** How these are may be another thing than before the look: tried, held back, or no longer so. */
  readonly onLooked?: (touched: readonly Identity[]) => void
  /** Something changed that another source may wait for. */
  readonly onChanged: (source: string) => void
}

interface Made {
  readonly outcomes: readonly Outcome[]
  /** An approval was spent. */
  readonly approved: boolean
}

const NOTHING_MADE: Made = { outcomes: [], approved: false }

/** What the status shows. */
export interface SourceState {
  readonly set: ResourceSet | undefined
  readonly plan: Plan | undefined
  /** The digest of the last set that was carried out in whole. */
  readonly applied: string | undefined
  readonly error: HeadgateError | undefined
}

export class SourceLoop {
  readonly declaration: SourceDeclaration
  readonly #options: SourceLoopOptions
  readonly #stopping = new AbortController()
  readonly #first = Promise.withResolvers<void>()
  #state: SourceState = { set: undefined, plan: undefined, applied: undefined, error: undefined }
  #settle: Settle | undefined
  #said: Said = NOTHING_SAID
  #hintMs: number | undefined
  #seen: string | undefined
  #looking: Promise<void> | undefined
  #again = false
  #timer: Timer | undefined
  #watching: Disposable | undefined

  constructor(options: SourceLoopOptions) {
    this.#options = options
    this.declaration = options.source.declaration
  }

  start(): void {
    this.#watching = this.#options.source.watch(() => this.lookAgain())
    this.lookAgain()
  }

  /** Never rejects, and never waits: looks are made one after the other. */
  lookAgain(): void {
    if (this.#stopping.signal.aborted) return
    this.#hintMs ??= this.#options.clock.monotonicMs()
    this.#again = true
    this.#looking ??= this.#lookWhileAsked()
  }

  /** As after an approval: looks again even where nothing seems to have changed. */
  planAgain(): void {
    this.#seen = undefined
    this.lookAgain()
  }

  /** As `planAgain`; resolves when that look was made, whatever came of it. */
  async lookNow(): Promise<void> {
    this.planAgain()
    await this.#looking
  }

  /** Resolves after the first look, whatever came of it. */
  firstLook(): Promise<void> {
    return this.#first.promise
  }

  state(): SourceState {
    return this.#state
  }

  policy(): PlanPolicy {
    const { scope, grants, prune, location, pruneBudget, pruneSettleMs, drift } = this.declaration
    return {
      scope,
      grants,
      prune,
      location,
      pruneSettleMs: pruneSettleMs ?? this.#options.pruneSettleMs,
      pruneBudget: pruneBudget ?? PRUNE_BUDGET_DEFAULT,
      drift: drift ?? 'revert',
      changes: this.#options.changes ?? [],
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('The control plane stops.'))
    this.#watching?.[Symbol.dispose]()
    this.#timer?.cancel()
    await this.#looking
    this.#first.resolve()
    await this.#options.source[Symbol.asyncDispose]()
  }

  async #lookWhileAsked(): Promise<void> {
    // A hint that comes while the caller still holds the turn is part of this look.
    await Promise.resolve()
    while (this.#again && !this.#stopping.signal.aborted) {
      this.#again = false
      try {
        await this.#look()
      } catch (thrown) {
        const error = asHeadgateError(thrown)
        this.#state = { ...this.#state, error }
        if (!this.#stopping.signal.aborted)
          this.#options.logger.error('A source could not be converged.', {
            source: this.declaration.name,
            code: error.code,
            error: error.message,
          })
      }
      this.#first.resolve()
      this.#setTimer()
    }
    this.#looking = undefined
  }

  async #look(): Promise<void> {
    const { source, clock, onConvergence, history = NO_HISTORY } = this.#options
    const { name } = this.declaration
    const startedUs = clock.wallUs()
    const read = await source.read(this.#stopping.signal)
    this.#settle = advanceSettle(this.#settle, read, clock.monotonicMs())
    const set = history.setFor(name, read)
    const settle = set === read ? this.#settle : alreadySettled(set, this.policy().pruneSettleMs)
    const before = this.#state.plan
    const isSeen = before !== undefined && this.#seen === this.#seenKey(set) && !waits(before)
    const made = isSeen ? NOTHING_MADE : await this.#converge(set, settle)
    const { outcomes } = made
    const resumed = await resume(
      (owner) => owner === this.declaration.name,
      this.#options.resume,
      this.#stopping.signal,
    )
    const current = isSeen ? before : this.#state.plan
    if (current === undefined) return
    this.#state = this.#stateAfter(set, current)
    if (!isSeen) this.#seen = this.#seenKey(set)
    if (!isSeen) this.#options.onLooked?.(touchedBy(before, current, outcomes))
    const now = clock.monotonicMs()
    const elapsedMs = now - (this.#hintMs ?? now)
    const how = { compensated: false, posted: false, startedUs, elapsedMs }
    history.record({ source: name, read, set, plan: current, ...made, ...how })
    const said = report(
      {
        set,
        plan: current,
        outcomes,
        elapsedMs,
        retryInMs: (key) => this.#retryInMs(key),
      },
      this.#said,
    )
    this.#said = said.said
    if (!current.actions.some(({ blockedBy }) => blockedBy === 'Settling') && !this.#again)
      this.#hintMs = undefined
    if (said.report !== undefined) onConvergence(said.report)
    if (outcomes.some(({ error }) => error === undefined) || resumed > 0)
      this.#options.onChanged(this.declaration.name)
  }

  /** Plans and applies until a round makes nothing that was not there before. */
  async #converge(set: ResourceSet, settle: Settle | undefined): Promise<Made> {
    const { apply } = this.#options
    const outcomes = new Map<string, Outcome>()
    let approved = false
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      const next = this.planFor(set, settle)
      approved ||= this.#isApproved(next)
      this.#state = { ...this.#state, set, plan: next }
      this.#acceptLocation(set, next)
      this.#keepWhatCameBack(set)
      const made = await applyPlan(next, apply, this.#stopping.signal)
      // What was made once stays said, even when a later round touches it again.
      for (const outcome of made) outcomes.set(identityKey(outcome.action.identity), outcome)
      if (!made.some(({ error }) => error === undefined)) break
    }
    return { outcomes: [...outcomes.values()], approved: approved && outcomes.size > 0 }
  }

  #isApproved({ destructiveDigest }: Plan): boolean {
    const { apply, clock } = this.#options
    if (destructiveDigest === undefined) return false
    const given = apply.catalog.approvals.of(this.declaration.name, clock.wallUs())
    return given.some(({ digest }) => digest === destructiveDigest)
  }

  planFor(set: ResourceSet, settle: Settle | undefined): Plan {
    const { apply, streams, clock } = this.#options
    const wallUs = clock.wallUs()
    const source = this.declaration.name
    const decided = this.#options.decided?.(source) ?? {}
    const observed = observe({ source, catalog: apply.catalog, streams, settle, wallUs, decided })
    const now = { wallUs, monotonicMs: clock.monotonicMs() }
    return plan({ set, observed, policy: this.policy(), now })
  }

  /** A new place that declares all that the source owns needs no approval; one that lacks something waits for it. */
  #acceptLocation(set: ResourceSet, next: Plan): void {
    const { locations } = this.#options.apply.catalog
    const { name, location } = this.declaration
    const known = locations.get(name)
    if (known === location || (known !== undefined && next.destructiveDigest !== undefined)) return
    if (set.complete) locations.set(name, location)
  }

  /** A removal that was decided, and whose declaration returned before it was carried out. */
  #keepWhatCameBack(set: ResourceSet): void {
    const { entries } = this.#options.apply.catalog
    for (const [key, entry] of entries.all())
      if (entry.removal !== undefined && entry.owner === set.source && set.members.has(key))
        entries.put({ ...entry, removal: undefined })
  }

  #stateAfter(set: ResourceSet, current: Plan): SourceState {
    const isApplied = set.complete && current.actions.length === 0
    const applied = isApplied ? set.digest : this.#state.applied
    return { set, plan: current, applied, error: undefined }
  }

  #seenKey(set: ResourceSet): string {
    const { apply, engineChanges } = this.#options
    return [set.digest, apply.catalog.entries.revision(), engineChanges()].join(' ')
  }

  #setTimer(): void {
    const { clock, sweepMs, apply } = this.#options
    this.#timer?.cancel()
    const now = clock.monotonicMs()
    const waits = [sweepMs]
    if (this.#state.plan?.actions.some(({ blockedBy }) => blockedBy === 'Settling') === true)
      waits.push(Math.max(1, (this.#settle?.sinceMs ?? now) + this.policy().pruneSettleMs - now))
    const retryMs = apply.backOff.nextMs((key) => this.#isMine(key))
    if (retryMs !== undefined) waits.push(Math.max(1, retryMs - now))
    this.#timer = clock.schedule(Math.min(...waits), () => this.lookAgain())
  }

  #isMine(key: string): boolean {
    const { entries } = this.#options.apply.catalog
    const bare = key.startsWith(resumeKey('')) ? key.slice(resumeKey('').length) : key
    return entries.get(bare)?.owner === this.declaration.name
  }

  #retryInMs(key: string): number | undefined {
    const { apply, clock } = this.#options
    const retryAtMs = apply.backOff.failure(key)?.retryAtMs
    return retryAtMs === undefined ? undefined : Math.max(0, retryAtMs - clock.monotonicMs())
  }
}

const PASSING: ReadonlySet<string | undefined> = new Set([
  'Settling',
  'OverBudget',
  'Policy',
  'Suspended',
])

function touchedBy(
  before: Plan | undefined,
  now: Plan,
  outcomes: readonly Outcome[],
): readonly Identity[] {
  const actions = [
    ...(before?.actions ?? []),
    ...now.actions,
    ...outcomes.map(({ action }) => action),
  ]
  return actions.map(({ identity }) => identity)
}

/** Whether time alone may change the plan, or something is left to do. */
function waits({ actions }: Plan): boolean {
  return actions.some(({ verb, blockedBy }) => verb !== 'blocked' || PASSING.has(blockedBy))
}
