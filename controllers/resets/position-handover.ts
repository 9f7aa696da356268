/**
 * Carries out what a declaration asks to reset, between the stop of what runs and the start of what shall run.
 *
 * Each step is written down before it is made, with absolute positions, and may be repeated: after a crash anywhere the
 * next start finds the reset open, and repeats it or takes it back before anything runs. So it has one effect, however
 * often it is begun; and a version that cannot start takes its reset back with it.
 */
import { identityKey } from '../../crds/resource.ts'
import type { Engine } from '../../engine/engine.ts'
import type { StreamReading } from '../../engine/pipelines/stream-readings.ts'
import type { Clock } from '../../engine/ports/clock.ts'
import type { GroupOffset } from '../../engine/streams/groups.ts'
import type { Resource } from '../sets/resource-set.ts'
import { type DeclaredReset, declaredReset } from './declared-reset.ts'
import { planResets, readAgainOf, setOffsets, skippedOf } from './move-positions.ts'
import type { GroupOffsets, OpenReset, ResetState, ResetStore } from './reset-store.ts'
import { resetTargets } from './reset-targets.ts'

/** What has to happen while nothing of a key runs. */
export interface Handover {
  /** After the old has stopped, before the new starts. A rejection has moved nothing for good. */
  move(): Promise<void>
  /** The new could not start: the old returns to where it was. */
  takeBack(): Promise<void>
  /** The new runs. */
  confirm(): void
}

export interface HandoverOptions {
  readonly engine: Pick<Engine, 'log' | 'groups' | 'streams'>
  readonly clock: Pick<Clock, 'wallUs'>
  readonly store: ResetStore
  /** What was applied last; undefined for what is made for the first time. */
  readonly acceptedOf: (key: string) => Resource | undefined
}

/** What a declaration asks for and was not carried out. */
export function dueReset(
  { spec }: Pick<Resource, 'spec'>,
  accepted: Pick<Resource, 'spec'> | undefined,
  { done }: Pick<ResetState, 'done'>,
): DeclaredReset | undefined {
  const wanted = declaredReset(spec)
  if (wanted === undefined || done.includes(wanted.digest)) return undefined
  const before = accepted === undefined ? undefined : declaredReset(accepted.spec)
  return before?.digest === wanted.digest ? undefined : wanted
}

/** Undefined where nothing is to be moved. */
export function handoverOf(
  resource: Resource,
  readings: () => Promise<readonly StreamReading[]>,
  options: HandoverOptions,
): Handover | undefined {
  const key = identityKey(resource.identity)
  const accepted = options.acceptedOf(key)
  const state = options.store.get(key)
  const due = dueReset(resource, accepted, state)
  if (due === undefined && state.open === undefined) return undefined
  return new PositionHandover(resource, due, accepted === undefined, readings, options)
}

class PositionHandover implements Handover {
  readonly #resource: Resource
  readonly #due: DeclaredReset | undefined
  readonly #isNew: boolean
  readonly #readings: () => Promise<readonly StreamReading[]>
  readonly #options: HandoverOptions
  readonly #key: string

  constructor(
    resource: Resource,
    due: DeclaredReset | undefined,
    isNew: boolean,
    readings: () => Promise<readonly StreamReading[]>,
    options: HandoverOptions,
  ) {
    this.#resource = resource
    this.#due = due
    this.#isNew = isNew
    this.#readings = readings
    this.#options = options
    this.#key = identityKey(resource.identity)
  }

  async move(): Promise<void> {
    const { engine } = this.#options
    const { open } = this.#state
    if (open !== undefined && open.digest === this.#due?.digest && open.phase !== 'returning') {
      if (open.phase === 'moved') return
      await this.#set(open.after)
      this.#put({ open: { ...open, phase: 'moved' } })
      return
    }
    if (open !== undefined) await this.takeBack()
    if (this.#due === undefined) return
    const begun = await this.#begin(this.#due)
    this.#put({ open: begun })
    await setOffsets(engine, begun.after)
    this.#put({ open: { ...begun, phase: 'moved' } })
  }

  async takeBack(): Promise<void> {
    const { open } = this.#state
    if (open === undefined) return
    this.#put({ open: { ...open, phase: 'returning' } })
    await this.#set(open.before)
    for (const { group, offsets } of open.before)
      if (offsets.length === 0) await this.#options.engine.groups.reset(group, [])
    this.#put({ open: undefined })
  }

  confirm(): void {
    const { open, done } = this.#state
    if (open === undefined) return
    this.#put({ open: undefined, done: [...done, open.digest], last: open.result })
  }

  async #begin(due: DeclaredReset): Promise<OpenReset> {
    const { engine, clock } = this.#options
    const { identity } = this.#resource
    const targets = resetTargets(
      { identity, readings: await this.#readings() },
      due,
      engine.streams,
    )
    const moves = await planResets(engine, targets, due.to, this.#isNew)
    const stands = moves.some(({ shards }) =>
      shards.some(({ committed }) => committed !== undefined),
    )
    const kept = this.#isNew && stands
    const { digest, id, text: to } = due
    return {
      digest,
      phase: 'moving',
      before: kept ? [] : moves.map(({ group, before }) => this.#before(group, before)),
      after: kept ? [] : moves.map(({ group, offsets }) => ({ group, offsets })),
      result: {
        atUs: clock.wallUs(),
        id,
        to,
        ...(kept ? { kept } : {}),
        readAgain: kept ? 0 : readAgainOf(moves).records,
        skipped: kept || this.#isNew ? 0 : skippedOf(moves).records,
      },
    }
  }

  /** A group that stood nowhere stands nowhere again. */
  #before(group: string, offsets: readonly GroupOffset[]): GroupOffsets {
    const stood = this.#options.engine.groups.offsets(group).length > 0
    return { group, offsets: stood ? offsets : [] }
  }

  /** A stream that is gone meanwhile has no positions. */
  async #set(offsets: readonly GroupOffsets[]): Promise<void> {
    const { engine } = this.#options
    const incarnations = new Set(engine.streams.describe().map(({ incarnation }) => incarnation))
    const standing = offsets.map((one) => ({
      ...one,
      offsets: one.offsets.filter(({ incarnation }) => incarnations.has(incarnation)),
    }))
    await setOffsets(engine, standing)
  }

  get #state(): ResetState {
    return this.#options.store.get(this.#key)
  }

  #put(change: Partial<ResetState>): void {
    this.#options.store.put(this.#key, { ...this.#state, ...change })
  }
}
