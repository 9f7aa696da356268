/**
 * Converges one source, for ever: look, read, plan, apply, tell. Level, not edge: a hint only says "look again", looks
 * are serialised, and what a hint missed the timer finds.
 *
 * A look that changes nothing writes nothing and asks the engine for nothing.
 */

import { type Identity, identityKey } from '../../crds/resource.ts'
import { asHeadgateError, HeadgateError } from '../../engine/error.ts'
import type { Clock, Timer } from '../../engine/ports/clock.ts'
import type { Logger } from '../../engine/ports/logger.ts'
import type { Streams } from '../../engine/streams/streams.ts'
import { forgetRemoved } from '../catalog/restore-catalog.ts'
import type { ChangePolicy } from '../plan/change-policy.ts'
import type { NOTHING_DECIDED, PlanPolicy } from '../plan/observed.ts'
import type { Plan } from '../plan/plan.ts'
import { afterAll, plan } from '../plan/planner.ts'
import { PRUNE_BUDGET_DEFAULT } from '../plan/prune-budget.ts'
import { advanceSettle, alreadySettled, type Settle } from '../plan/settle.ts'
import { API_SOURCE } from '../resource-writes.ts'
import type { ResourceSet } from '../sets/resource-set.ts'
import type { Source, SourceDeclaration } from '../sources/source.ts'
import { applyFailed } from './apply-atomically.ts'
import type { ApplyOptions, Outcome } from './apply-plan.ts'
import { type Converged, converge, type Posting, type Round } from './converge.ts'
import type { ConvergenceReport } from './convergence.ts'
import { type ConvergenceRecorder, NO_HISTORY, type SetPins } from './convergence-ports.ts'
import { holdBack } from './hold-back.ts'
import { keepUnmarked } from './keep-unmarked.ts'
import { Lingering } from './lingering.ts'
import { observe } from './observe.ts'
import { NOTHING_SAID, report, type Said } from './report.ts'
import { type ResumeOptions, resume, resumeKey } from './resume.ts'

export const SWEEP_MS_DEFAULT = 30_000

export interface SourceLoopOptions {
  readonly source: Source
  readonly apply: ApplyOptions
  readonly resume: ResumeOptions
  readonly streams: Pick<Streams, 'describe'>
  /** What people decided that is not in the catalog's tables, and who reads what. */
  readonly decided?: (source: string) => Partial<typeof NOTHING_DECIDED>
  /** Looks up what a plan of the set needs to know and cannot wait for. */
  readonly lookUp?: (set: ResourceSet) => Promise<void>
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

interface Made extends Pick<Converged, 'outcomes' | 'compensated'> {
  /** What is left to do was looked at after all was done; else the next look does that. */
  readonly isVerified: boolean
  /** An approval was spent. */
  readonly approved: boolean
}

const NOTHING_MADE: Made = {
  outcomes: [],
  approved: false,
  compensated: false,
  isVerified: true,
}

/** What came of one look. */
export interface Looked {
  readonly plan: Plan
  readonly outcomes: readonly Outcome[]
  readonly compensated: boolean
  /** In history, where it became one. */
  readonly revision: number | undefined
  readonly elapsedMs: number
}

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
  /** Somebody asked for another plan, maybe while one was carried out. */
  #isStale = false
  #looking: Promise<void> | undefined
  #again = false
  #timer: Timer | undefined
  #watching: Disposable | undefined
  readonly #lingering = new Lingering(() => this.planAgain())
  /** Looks and posted sets are made one after the other. */
  #turn: Promise<void> = Promise.resolve()

  constructor(options: SourceLoopOptions) {
    this.#options = options
    this.declaration = options.source.declaration
  }

  /** Once; again does nothing. */
  start(): void {
    if (this.#watching !== undefined) return
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
    this.#isStale = true
    this.lookAgain()
  }

  /** As `planAgain`; resolves when that look was made, whatever came of it. */
  async lookNow(): Promise<void> {
    this.planAgain()
    await this.#looking
  }

  /**
   * Converges to a set that is posted, between two looks. `judge` refuses the plan by throwing; ApplyFailed says that
   * something failed and nothing has changed.
   */
  async applySet(set: ResourceSet, posting: Posting, judge: (plan: Plan) => void): Promise<Looked> {
    return this.#inTurn(async () => {
      this.#stopping.signal.throwIfAborted()
      this.#hintMs = this.#options.clock.monotonicMs()
      const { name } = this.declaration
      const before = this.#state
      if ((this.#options.history ?? NO_HISTORY).setFor(name, set) !== set)
        throw new HeadgateError('Conflict', `Source ${name} was rolled back from this very set.`, {
          hint: 'Let it be followed again first, or post another set.',
        })
      await this.lookUp(set)
      const planned = this.planFor(set, alreadySettled(set, this.policy().pruneSettleMs))
      judge(planned)
      for (const { identity } of planned.actions)
        this.#options.apply.backOff.forget(identityKey(identity))
      const looked = await this.#converge(set, posting)
      if (!looked.compensated) return looked
      for (const { action } of looked.outcomes)
        this.#options.apply.backOff.forget(identityKey(action.identity))
      this.#state = before
      this.planAgain()
      throw applyFailed(name, looked.outcomes)
    })
  }

  /** Runs between two looks. */
  between<T>(work: () => Promise<T>): Promise<T> {
    return this.#inTurn(work)
  }

  /** Resolves once nothing of what is under way goes on. */
  settled(): Promise<void> {
    return this.#lingering.settled()
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
    await this.#inTurn(() => this.#lingering.settled())
    this.#first.resolve()
    await this.#options.source[Symbol.asyncDispose]()
  }

  async #lookWhileAsked(): Promise<void> {
    // A hint that comes while the caller still holds the turn is part of this look.
    await Promise.resolve()
    while (this.#again && !this.#stopping.signal.aborted) {
      this.#again = false
      try {
        await this.#inTurn(() => this.#look())
      } catch (thrown) {
        const error = asHeadgateError(thrown)
        this.#state = { ...this.#state, error }
        this.#isStale = true
        if (!this.#stopping.signal.aborted)
          this.#options.logger.error('A source could not be converged.', {
            source: this.declaration.name,
            code: error.code,
            error: error.message,
          })
      }
      void this.#lingering.settled().then(() => this.#first.resolve())
      if (!this.#stopping.signal.aborted) this.#setTimer()
    }
    this.#looking = undefined
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#turn
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#turn = promise
    await before
    try {
      return await work()
    } finally {
      resolve()
    }
  }

  async #look(): Promise<void> {
    const read = await this.#options.source.read(this.#stopping.signal)
    await this.#converge(read, undefined)
  }

  async #converge(read: ResourceSet, posting: Posting | undefined): Promise<Looked> {
    const { clock, history = NO_HISTORY } = this.#options
    const { name } = this.declaration
    const startedUs = clock.wallUs()
    this.#settle = advanceSettle(this.#settle, read, clock.monotonicMs())
    const set = history.setFor(name, read)
    const before = this.#state.plan
    const isSeen =
      posting === undefined &&
      !this.#isStale &&
      before !== undefined &&
      this.#seen === this.#seenKey(set) &&
      !waits(before)
    this.#isStale = false
    const made = isSeen ? NOTHING_MADE : await this.#makeSo(set, this.#settleOf(set, read), posting)
    const { outcomes, compensated } = made
    const resumed = await resume(
      (owner) => owner === name,
      this.#options.resume,
      this.#stopping.signal,
      (key) => this.#lingering.has(key),
    )
    const current = (isSeen ? before : this.#state.plan) ?? this.planFor(set, this.#settle)
    this.#state = this.#stateAfter(set, current)
    if (!isSeen) this.#seen = made.isVerified ? this.#seenKey(set) : undefined
    if (!isSeen) this.#options.onLooked?.(touchedBy(before, current, outcomes))
    const now = clock.monotonicMs()
    const elapsedMs = now - (this.#hintMs ?? now)
    const how = { posted: posting !== undefined, startedUs, elapsedMs }
    const revision = history.record({ source: name, read, set, plan: current, ...made, ...how })
    this.#tell(set, current, outcomes, elapsedMs)
    if (outcomes.some(({ error }) => error === undefined) || resumed > 0)
      this.#options.onChanged(name)
    return { plan: current, outcomes, compensated, revision, elapsedMs }
  }

  #tell(set: ResourceSet, plan: Plan, outcomes: readonly Outcome[], elapsedMs: number): void {
    const retryInMs = (key: string): number | undefined => this.#retryInMs(key)
    const said = report({ set, plan, outcomes, elapsedMs, retryInMs }, this.#said)
    // A source that nothing was posted to has nothing to tell.
    const isIdle = this.#said.isFirst && this.declaration.type === 'api' && outcomes.length === 0
    this.#said = said.said
    if (!plan.actions.some(({ blockedBy }) => blockedBy === 'Settling') && !this.#again)
      this.#hintMs = undefined
    if (said.report !== undefined && !isIdle) this.#options.onConvergence(said.report)
  }

  /** What is posted is meant, and what a rollback put in force has lasted; a folder has to last. */
  #settleOf(set: ResourceSet, read: ResourceSet): Settle | undefined {
    const isMeant = set !== read || this.declaration.type === 'api'
    return isMeant ? alreadySettled(set, this.policy().pruneSettleMs) : this.#settle
  }

  async #makeSo(
    set: ResourceSet,
    settle: Settle | undefined,
    posting: Posting | undefined,
  ): Promise<Made> {
    const { name, atomic } = this.declaration
    let approved = false
    const { catalog } = this.#options.apply
    await this.lookUp(set)
    const planRound = (): Round => {
      forgetRemoved(catalog, (stream) => this.#isOpen(stream))
      const round = this.#planRound(set, settle)
      approved ||= this.#isApproved(round.plan)
      this.#state = { ...this.#state, set, plan: round.plan }
      this.#acceptLocation(set, round.plan)
      this.#keepWhatCameBack(set)
      return round
    }
    const made = await converge(
      {
        source: name,
        // What is posted is in force in whole or not at all, whatever its source is otherwise.
        atomic: atomic || posting !== undefined,
        planRound,
        posting,
        lingering: this.#lingering,
        signal: this.#stopping.signal,
      },
      this.#options.apply,
    )
    const { outcomes, compensated, done } = made
    if (done !== undefined) this.#state = { ...this.#state, plan: afterAll(done) }
    const isVerified = done === undefined
    return { outcomes, compensated, isVerified, approved: approved && outcomes.length > 0 }
  }

  #isOpen(name: string): boolean {
    const [stream] = this.#options.streams.describe([name])
    return stream !== undefined && stream.sealed === undefined
  }

  #isApproved({ destructiveDigest }: Plan): boolean {
    const { apply, clock } = this.#options
    if (destructiveDigest === undefined) return false
    const given = apply.catalog.approvals.of(this.declaration.name, clock.wallUs())
    return given.some(({ digest }) => digest === destructiveDigest)
  }

  /** Before a plan of a set is made, where that may wait: what it costs is estimated otherwise. */
  async lookUp(set: ResourceSet): Promise<void> {
    await this.#options.lookUp?.(set)
  }

  /** `approved`: a destructive digest that is taken for approved, whatever the catalog says. */
  planFor(set: ResourceSet, settle: Settle | undefined, approved?: string): Plan {
    return this.#planRound(set, settle, approved).plan
  }

  #planRound(set: ResourceSet, settle: Settle | undefined, approved?: string): Round {
    const { apply, streams, clock } = this.#options
    const { name: source, atomic } = this.declaration
    const wallUs = clock.wallUs()
    const decided = this.#options.decided?.(source) ?? {}
    const seen = observe({ source, catalog: apply.catalog, streams, settle, wallUs, decided })
    const given = approved === undefined ? [] : [{ digest: approved, givenUs: wallUs }]
    const observed = { ...seen, approvals: [...seen.approvals, ...given] }
    const now = { wallUs, monotonicMs: clock.monotonicMs() }
    const planned = plan({ set, observed, policy: this.policy(), now })
    const { resources } = observed
    if (source === API_SOURCE) return { plan: keepUnmarked(planned, resources), resources }
    return { plan: atomic ? holdBack(planned) : planned, resources }
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
    const owner = entries.get(bare)?.owner
    // What was taken back has no owner, and is tried again.
    if (owner === undefined) return this.#state.set?.members.has(bare) === true
    return owner === this.declaration.name
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
  'OutOfRange',
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
