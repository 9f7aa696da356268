/** History as the faces see it: lists, differences, and the way back. */
import { HeadgateError } from '../../engine/error.ts'
import type { Clock } from '../../engine/ports/clock.ts'
import type { Logger } from '../../engine/ports/logger.ts'
import type { SourceState } from '../apply/source-loop.ts'
import type { Catalog, StoredEntry } from '../catalog/catalog.ts'
import { API_SOURCE } from '../resource-writes.ts'
import type { Resource } from '../sets/resource-set.ts'
import { type ComparedSet, differencesOfSets } from './differences-of-sets.ts'
import {
  type History,
  type Pin,
  REVISIONS_MAX,
  type Revision,
  type RevisionDifference,
  type RollbackAnswer,
} from './history.ts'
import { declaredIn, digestsOf, memberOf } from './member-texts.ts'
import type { SourcePins } from './source-pins.ts'

/** What history asks of a source's loop. */
export interface HistoryLoop {
  state(): SourceState
  firstLook(): Promise<void>
  /** Resolves when a look was made that began after the call, whatever came of it. */
  lookNow(): Promise<void>
  /** Resolves once nothing of what looks began goes on. */
  settled(): Promise<void>
}

export interface SourceHistoryOptions {
  readonly catalog: Catalog
  readonly pins: SourcePins
  readonly loops: ReadonlyMap<string, HistoryLoop>
  readonly clock: Pick<Clock, 'wallUs'>
  readonly logger: Pick<Logger, 'info'>
  readonly onPinned: (pin: Pin) => void
  readonly onResumed: (pin: Pin) => void
}

export class SourceHistory implements History {
  readonly #options: SourceHistoryOptions

  constructor(options: SourceHistoryOptions) {
    this.#options = options
  }

  list(source: string, limit: number = REVISIONS_MAX): readonly Revision[] {
    this.#requireKnown(source)
    return this.#revisions.list(source, limit)
  }

  get(source: string, revision: number): Revision | undefined {
    this.#requireKnown(source)
    return this.#revisions.get(source, revision)
  }

  diff(source: string, revision: number, to?: number): readonly RevisionDifference[] {
    const from = this.#kept(this.#found(source, revision))
    const other = to === undefined ? this.#declared(source) : this.#kept(this.#found(source, to))
    return differencesOfSets(from, other)
  }

  pin(source: string): Pin | undefined {
    return this.#options.catalog.pins.get(source)
  }

  async rollback(source: string, revision: number, reason?: string): Promise<RollbackAnswer> {
    const { catalog, logger, onPinned } = this.#options
    const loop = this.#loopOf(source)
    if (source === API_SOURCE)
      throw new HeadgateError(
        'BadRequest',
        `Source ${API_SOURCE} holds single objects, not sets, and is not rolled back in whole.`,
        { hint: 'Write the objects as `headgate history` shows that they were.' },
      )
    await loop.firstLook()
    const target = this.#found(source, revision)
    const pin = this.#pinTo(target, reason)
    catalog.atomically(() => {
      catalog.pins.put(pin)
      for (const entry of this.#createdSince(target))
        catalog.entries.put({ ...entry, removal: removalOf(entry) })
    })
    logger.info('The source is rolled back, until it says something else.', { source, revision })
    onPinned(pin)
    const before = this.#revisions.latest(source)?.revision
    await carriedOut(loop)
    const made = this.#revisions.latest(source)
    const plan = loop.state().plan
    if (plan === undefined)
      throw loop.state().error ?? new HeadgateError('Internal', `Source ${source} has no plan.`)
    return { pin, plan, revision: made?.revision === before ? undefined : made }
  }

  async resume(source: string): Promise<void> {
    const { catalog, pins, logger, onResumed } = this.#options
    const loop = this.#loopOf(source)
    const pin = catalog.pins.get(source)
    if (pin === undefined) return
    pins.remove(source)
    logger.info('The source is followed again, by hand.', { source, revision: pin.revision })
    onResumed(pin)
    await carriedOut(loop)
  }

  #pinTo({ source, revision, setDigest }: Revision, reason: string | undefined): Pin {
    const { pins, clock } = this.#options
    const before = this.pin(source)
    const said = pins.read(source)?.digest
    if ((before?.setDigest ?? said) === setDigest)
      throw new HeadgateError(
        'NothingToRollBack',
        `Source ${source} is at revision ${revision}, or at one that declares the same.`,
        { hint: `List the others with \`headgate history ${source}\`.` },
      )
    const rolledBack = new Set(before?.rolledBack)
    for (const later of this.#revisions.list(source, Number.MAX_SAFE_INTEGER))
      if (later.revision > revision) rolledBack.add(later.setDigest)
    if (said !== undefined) rolledBack.add(said)
    rolledBack.delete(setDigest)
    const sinceUs = clock.wallUs()
    return { source, revision, setDigest, sinceUs, reason, rolledBack: [...rolledBack] }
  }

  /**
   * Who rolls back means that what came since goes, so it needs no approval. What would lose data is left out: it is
   * judged as in any other plan.
   */
  #createdSince({ source, revision }: Revision): readonly StoredEntry[] {
    const { entries } = this.#options.catalog
    const since = this.#revisions.declaredSince(source, revision)
    const target = this.#revisions.members(source, revision)
    return [...since]
      .filter((key) => !target.has(key))
      .map((key) => entries.get(key))
      .filter((entry) => entry !== undefined)
      .filter((entry) => entry.owner === source && entry.accepted !== undefined)
      .filter(({ accepted }) => !losesData(accepted))
  }

  #declared(source: string): ComparedSet {
    const { catalog, pins } = this.#options
    const set = pins.read(source)
    if (set === undefined)
      throw new HeadgateError('SourceUnreadable', `Source ${source} was not read yet.`)
    const declared = declaredIn(set, catalog.entries.all())
    const members = digestsOf(set, catalog.entries.all())
    return { members, resourceOf: (key) => present(declared.get(key)?.resource, key) }
  }

  #kept({ source, revision }: Revision): ComparedSet {
    const members = this.#revisions.members(source, revision)
    return {
      members,
      resourceOf: (key) => {
        const digest = members.get(key)
        const text = digest === undefined ? undefined : this.#revisions.text(digest)
        return present(
          text === undefined || digest === undefined ? undefined : memberOf(text, digest).resource,
          key,
        )
      },
    }
  }

  #found(source: string, revision: number): Revision {
    const found = this.get(source, revision)
    if (found !== undefined) return found
    const [newest] = this.#revisions.list(source, 1)
    throw new HeadgateError('NotFound', `Source ${source} has no revision ${revision}.`, {
      hint:
        newest === undefined
          ? 'It has none yet: the first comes with its first change.'
          : `The newest is ${newest.revision}; list them with \`headgate history ${source}\`.`,
    })
  }

  #loopOf(source: string): HistoryLoop {
    const loop = this.#options.loops.get(source)
    if (loop !== undefined) return loop
    throw this.#unknown(source)
  }

  #requireKnown(source: string): void {
    if (!this.#options.loops.has(source) && !this.#revisions.knows(source))
      throw this.#unknown(source)
  }

  #unknown(source: string): HeadgateError {
    const known = [...this.#options.loops.keys()].join(', ')
    return new HeadgateError('NotFound', `There is no source ${source}.`, {
      hint: known === '' ? 'No source is configured.' : `Configured are: ${known}.`,
    })
  }

  get #revisions(): Catalog['revisions'] {
    return this.#options.catalog.revisions
  }
}

/** What takes its time is waited for, as the draining of a pipeline. */
async function carriedOut(loop: HistoryLoop): Promise<void> {
  await loop.lookNow()
  const { plan } = loop.state()
  if (plan?.actions.every(({ verb }) => verb === 'blocked') === true) return
  await loop.settled()
  await loop.lookNow()
}

function losesData(accepted: Resource | undefined): boolean {
  return accepted?.identity.kind === 'Stream' && accepted.spec['deletionPolicy'] === 'Delete'
}

function removalOf({ identity }: StoredEntry): 'delete' | 'retain' {
  return identity.kind === 'Stream' ? 'retain' : 'delete'
}

function present(resource: Resource | undefined, key: string): Resource {
  if (resource !== undefined) return resource
  throw new HeadgateError('CatalogUnusable', `The text of ${key} is not in the catalog.`)
}
