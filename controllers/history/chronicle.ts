/**
 * What a control plane remembers of its sources and tells about them, put together: history and pins, suspensions, the
 * flap breaker, events. It decides nothing; the parts do.
 */
import { type Identity, identityKey } from '../../crds/resource.ts'
import type { Clock } from '../../engine/ports/clock.ts'
import type { Logger } from '../../engine/ports/logger.ts'
import type { ConvergenceReport } from '../apply/convergence.ts'
import type { ConvergenceRecord, ConvergenceRecorder, SetPins } from '../apply/convergence-ports.ts'
import type { SourceLoop } from '../apply/source-loop.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { Observed, Suspension } from '../plan/observed.ts'
import { EventRing } from '../status/event-ring.ts'
import type { EventSubject, Events } from '../status/events.ts'
import { eventsOf } from '../status/events-of-look.ts'
import { KeptSuspensions } from '../suspensions/kept-suspensions.ts'
import type { Suspensions, SuspensionTarget } from '../suspensions/suspensions.ts'
import { FlapBreaker } from './flap-breaker.ts'
import type { History, Pin } from './history.ts'
import { RevisionRecorder } from './revision-recorder.ts'
import { SourceHistory } from './source-history.ts'
import { SourcePins } from './source-pins.ts'

export interface ChronicleOptions {
  readonly catalog: Catalog
  readonly loops: ReadonlyMap<string, SourceLoop>
  readonly clock: Clock
  readonly logger: Logger
  /** How a resource reads may be another thing than before. */
  readonly onTouched: (identity: Identity) => void
}

export class Chronicle implements SetPins, ConvergenceRecorder, Disposable {
  readonly history: History
  readonly #options: ChronicleOptions
  readonly #recorder: RevisionRecorder
  readonly #pins: SourcePins
  readonly #suspensions: KeptSuspensions
  readonly #flaps: FlapBreaker
  readonly #events: EventRing

  constructor(options: ChronicleOptions) {
    const { catalog, loops, clock, logger } = options
    this.#options = options
    this.#recorder = new RevisionRecorder(catalog)
    this.#flaps = new FlapBreaker(clock)
    this.#events = new EventRing(clock)
    this.#pins = new SourcePins({
      catalog,
      clock,
      logger,
      settleMsOf: (source) => settleMsOf(loops.get(source)),
      lookAgain: (source) => loops.get(source)?.lookAgain(),
      onLifted: (pin) =>
        this.#tellOfPin(pin, 'Followed', 'says something that was not rolled back'),
    })
    this.history = new SourceHistory({
      catalog,
      pins: this.#pins,
      loops,
      clock,
      logger,
      onPinned: (pin) =>
        this.#tellOfPin(pin, 'RolledBack', `is rolled back to revision ${pin.revision}`),
      onResumed: (pin) => this.#tellOfPin(pin, 'Followed', 'is followed again, by hand'),
    })
    this.#suspensions = new KeptSuspensions({
      catalog,
      loops,
      clock,
      logger,
      onChanged: (target, suspension) => this.#suspended(target, suspension),
    })
  }

  get suspensions(): Suspensions {
    return this.#suspensions
  }

  get events(): Events {
    return this.#events
  }

  /** Ends the suspensions whose time came while the process was away. */
  start(): void {
    this.#suspensions.start()
  }

  setFor(...[source, read]: Parameters<SetPins['setFor']>): ReturnType<SetPins['setFor']> {
    return this.#pins.setFor(source, read)
  }

  record(look: ConvergenceRecord): number | undefined {
    for (const identity of this.#flaps.tell(look.outcomes)) {
      this.#events.add({
        type: 'Warning',
        reason: 'Flapping',
        message: 'Somebody changes it again and again; it is not reverted any more.',
        regarding: this.#subject(identity),
        source: look.source,
      })
      this.#options.loops.get(look.source)?.planAgain()
    }
    this.#pins.saw(look.source, look.read)
    if (look.set === look.read && !look.compensated) this.#pins.followed(look.source)
    return this.#recorder.record(look)
  }

  /** Called after every look. */
  watchLooks(listener: (look: ConvergenceRecord) => void): Disposable {
    return this.#recorder.watch(listener)
  }

  /** What people decided, as a plan observes it. */
  decidedFor(source: string): Pick<Observed, 'suspended' | 'suspensions' | 'flapping'> {
    return {
      suspended: this.#suspensions.source(source),
      suspensions: this.#suspensions.resources(),
      flapping: this.#flaps.flapping(),
    }
  }

  tell(report: ConvergenceReport): void {
    const { entries } = this.#options.catalog
    for (const event of eventsOf(report, (key) => entries.get(key)?.uid)) this.#events.add(event)
  }

  [Symbol.dispose](): void {
    this.#pins[Symbol.dispose]()
    this.#suspensions[Symbol.dispose]()
  }

  #suspended(target: SuspensionTarget, suspension: Suspension | undefined): void {
    const reason = suspension === undefined ? 'Resumed' : 'Suspended'
    const because = suspension?.reason === undefined ? '' : `: ${suspension.reason}`
    if ('source' in target) {
      this.#tellOfSource(
        target.source,
        reason,
        `Source ${target.source} is ${reason.toLowerCase()}${because}.`,
      )
      for (const { identity, owner } of this.#options.catalog.entries.all().values())
        if (owner === target.source) this.#options.onTouched(identity)
      return
    }
    const { resource } = target
    const key = identityKey(resource)
    if (suspension === undefined) this.#flaps.forget(key)
    this.#events.add({
      type: 'Normal',
      reason,
      message: `It is ${reason.toLowerCase()}${because}.`,
      regarding: this.#subject(resource),
      source: this.#options.catalog.entries.get(key)?.owner ?? '',
    })
    this.#options.onTouched(resource)
  }

  #tellOfPin({ source }: Pin, reason: string, what: string): void {
    this.#tellOfSource(source, reason, `Source ${source} ${what}.`)
  }

  #tellOfSource(source: string, reason: string, message: string): void {
    const regarding: EventSubject = {
      kind: 'Source',
      namespace: undefined,
      name: source,
      uid: undefined,
    }
    this.#events.add({ type: 'Normal', reason, message, regarding, source })
  }

  #subject(identity: Identity): EventSubject {
    return { ...identity, uid: this.#options.catalog.entries.get(identityKey(identity))?.uid }
  }
}

/** What is posted is meant as it is. */
function settleMsOf(loop: SourceLoop | undefined): number {
  if (loop === undefined || loop.declaration.type === 'api') return 0
  return loop.policy().pruneSettleMs
}
