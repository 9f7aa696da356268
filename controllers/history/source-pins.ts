/**
 * Holds a rolled back source at its revision, and follows it again at the first set that was not rolled back.
 *
 * Only a complete set counts: a folder that cannot be read says nothing new. One that lacks something that the rolled
 * back set had has to last as long as any absence, for editors unlink a file before they write it again.
 */
import type { Clock, Timer } from '../../engine/ports/clock.ts'
import type { Logger } from '../../engine/ports/logger.ts'
import type { SetPins } from '../apply/convergence-ports.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { ResourceSet } from '../sets/resource-set.ts'
import type { Pin } from './history.ts'
import { memberOf, restoredSet } from './member-texts.ts'

export interface SourcePinsOptions {
  readonly catalog: Pick<Catalog, 'pins' | 'revisions'>
  readonly clock: Pick<Clock, 'monotonicMs' | 'schedule'>
  readonly logger: Pick<Logger, 'info'>
  readonly settleMsOf: (source: string) => number
  readonly lookAgain: (source: string) => void
  /** The source said something that was not rolled back. */
  readonly onLifted: (pin: Pin) => void
}

interface Candidate {
  readonly digest: string
  readonly sinceMs: number
  readonly timer: Timer
}

export class SourcePins implements SetPins, Disposable {
  readonly #options: SourcePinsOptions
  /** What each source said last. */
  readonly #read = new Map<string, ResourceSet>()
  /** What it said last of what was rolled back. */
  readonly #rolledBack = new Map<string, ResourceSet>()
  readonly #candidates = new Map<string, Candidate>()
  readonly #restored = new Map<string, { readonly pin: Pin; readonly set: ResourceSet }>()

  constructor(options: SourcePinsOptions) {
    this.#options = options
  }

  setFor(source: string, read: ResourceSet): ResourceSet {
    const pin = this.#options.catalog.pins.get(source)
    if (pin === undefined) return read
    if (this.#isNew(pin, read)) return read
    const restored = this.#restore(pin)
    // Of what was rolled back nobody needs to hear again; what keeps it from being read in whole is news.
    return read.complete ? restored : { ...restored, problems: read.problems, notes: read.notes }
  }

  /** A look was made of what the source said. */
  saw(source: string, read: ResourceSet): void {
    this.#read.set(source, read)
  }

  /** What the source says, pinned or not; undefined before its first look. */
  read(source: string): ResourceSet | undefined {
    return this.#read.get(source)
  }

  /** By hand. */
  remove(source: string): void {
    this.#options.catalog.pins.remove(source)
    this.#forget(source)
  }

  [Symbol.dispose](): void {
    for (const source of [...this.#candidates.keys()]) this.#drop(source)
  }

  #isNew(pin: Pin, read: ResourceSet): boolean {
    const { source } = pin
    if (!read.complete) return false
    if (pin.rolledBack.includes(read.digest)) {
      this.#rolledBack.set(source, read)
      this.#drop(source)
      return false
    }
    return !this.#lacksSomething(source, read) || this.#hasLasted(source, read)
  }

  #lacksSomething(source: string, read: ResourceSet): boolean {
    const before = this.#rolledBack.get(source)
    if (before === undefined) return true
    for (const key of before.members.keys()) if (!read.members.has(key)) return true
    return false
  }

  #hasLasted(source: string, { digest }: ResourceSet): boolean {
    const { clock, settleMsOf, lookAgain } = this.#options
    const now = clock.monotonicMs()
    const known = this.#candidates.get(source)
    const settleMs = settleMsOf(source)
    if (settleMs === 0) return true
    if (known?.digest === digest && now - known.sinceMs >= settleMs) return true
    this.#drop(source)
    const sinceMs = known?.digest === digest ? known.sinceMs : now
    const timer = clock.schedule(sinceMs + settleMs - now, () => lookAgain(source))
    this.#candidates.set(source, { digest, sinceMs, timer })
    return false
  }

  /** A set that was not rolled back was carried out: only now, for one that is refused changes nothing. */
  followed(source: string): void {
    const { logger, onLifted, catalog } = this.#options
    const pin = catalog.pins.get(source)
    if (pin === undefined) return
    this.remove(source)
    logger.info('The source says something that was not rolled back, and is followed again.', {
      source: pin.source,
      revision: pin.revision,
    })
    onLifted(pin)
  }

  #restore(pin: Pin): ResourceSet {
    const known = this.#restored.get(pin.source)
    if (known?.pin === pin) return known.set
    const { revisions } = this.#options.catalog
    const members = revisions.members(pin.source, pin.revision)
    const set = restoredSet(
      pin,
      [...members.values()].map((digest) => memberOf(revisions.text(digest) ?? '', digest)),
    )
    this.#restored.set(pin.source, { pin, set })
    return set
  }

  #forget(source: string): void {
    this.#drop(source)
    this.#rolledBack.delete(source)
    this.#restored.delete(source)
  }

  #drop(source: string): void {
    this.#candidates.get(source)?.timer.cancel()
    this.#candidates.delete(source)
  }
}
