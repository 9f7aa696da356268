/**
 * Writes a revision whenever a look changed or tried something, and nothing when it did not.
 *
 * What a revision left to do and a later look does, after a retry or once an absence has settled, is added to that
 * revision. What somebody decided in between, and what was changed behind our back, makes a revision of its own.
 */
import { identityKey } from '../../crds/resource.ts'
import type { ConvergenceRecord, ConvergenceRecorder } from '../apply/convergence-ports.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { Pin, Revision, RevisionCause } from './history.ts'
import { declaredIn, digestsOf, memberText } from './member-texts.ts'
import { NOTHING_TRIED, outcomeOf, revisionAction, withOutcomes } from './revision-actions.ts'
import type { MemberDigests } from './revision-store.ts'

type Listener = (look: ConvergenceRecord, revision: Revision | undefined) => void

/** They never count as the rest of another revision. */
const OWN_REVISION: ReadonlySet<RevisionCause> = new Set(['approval', 'resume', 'drift'])

/** What is kept of the last change of a resource, as JSON. */
export type KeptChange = ReturnType<typeof revisionAction> &
  Pick<Revision, 'setDigest' | 'cause'> & { readonly atUs: number }

export class RevisionRecorder implements ConvergenceRecorder {
  readonly #catalog: Pick<Catalog, 'entries' | 'revisions' | 'pins'>
  /** As of the last look of each source. */
  readonly #pinned = new Map<string, Pin>()
  readonly #started = new Set<string>()
  readonly #listeners = new Set<Listener>()

  constructor(catalog: Pick<Catalog, 'entries' | 'revisions' | 'pins'>) {
    this.#catalog = catalog
  }

  record(look: ConvergenceRecord): number | undefined {
    const isFirst = !this.#started.has(look.source)
    this.#started.add(look.source)
    const revision =
      look.outcomes.length > 0
        ? this.#write(look)
        : isFirst
          ? this.#writeWhatWasFound(look)
          : undefined
    const pin = this.#catalog.pins.get(look.source)
    if (pin === undefined) this.#pinned.delete(look.source)
    else this.#pinned.set(look.source, pin)
    for (const listener of this.#listeners) listener(look, revision)
    return revision?.revision
  }

  /** Called after every look, with the revision that it became. */
  watch(listener: Listener): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  #write(look: ConvergenceRecord): Revision {
    const { revisions } = this.#catalog
    const latest = revisions.latest(look.source)
    const cause = this.#causeOf(look)
    const isRest = cause === 'rollback' ? latest?.cause === cause : !OWN_REVISION.has(cause)
    if (isRest && latest?.setDigest === look.set.digest) return this.#addTo(latest, look)
    return this.#add(look, cause)
  }

  /** From before there was a history, or what a crash kept from being written. */
  #writeWhatWasFound(look: ConvergenceRecord): Revision | undefined {
    const { revisions } = this.#catalog
    if (!look.set.complete) return undefined
    const { source, set } = look
    const found = this.#membersOf(look).members
    const latest = revisions.latest(source)
    const known = latest === undefined ? new Map() : revisions.members(source, latest.revision)
    if (latest?.setDigest === set.digest || isSame(known, found)) return undefined
    return this.#add(look, 'start')
  }

  #add(look: ConvergenceRecord, cause: RevisionCause): Revision {
    const { revisions, pins } = this.#catalog
    const { source, set, outcomes, startedUs, compensated } = look
    const tried = withOutcomes(NOTHING_TRIED, outcomes)
    const { members, textOf } = this.#membersOf(look)
    const revision: Revision = {
      source,
      revision: (revisions.latest(source)?.revision ?? 0) + 1,
      setDigest: set.digest,
      startedUs,
      elapsedMs: Math.round(look.elapsedMs),
      outcome: outcomeOf(tried, compensated),
      cause,
      ...tried,
      declared: members.size,
    }
    const pinned = pins.get(source)?.revision
    revisions.add({ revision, members, textOf, changes: changesOf(look, revision), pinned })
    return revision
  }

  #addTo(latest: Revision, look: ConvergenceRecord): Revision {
    const tried = withOutcomes(latest, look.outcomes)
    const outcome = outcomeOf(tried, look.compensated)
    const isSame =
      outcome === latest.outcome && JSON.stringify(tried.actions) === JSON.stringify(latest.actions)
    // It failed as before; that is known.
    if (isSame) return latest
    const passedMs = (look.startedUs - latest.startedUs) / 1_000
    const elapsedMs = Math.max(latest.elapsedMs, Math.round(passedMs + look.elapsedMs))
    const revision: Revision = { ...latest, ...tried, outcome, elapsedMs }
    this.#catalog.revisions.replace(revision, changesOf(look, revision))
    return revision
  }

  #causeOf({ source, read, set, outcomes, approved, posted }: ConvergenceRecord): RevisionCause {
    if (set !== read) return 'rollback'
    if (this.#pinned.get(source)?.rolledBack.includes(read.digest) === true) return 'resume'
    if (approved) return 'approval'
    if (outcomes.every(({ action }) => action.reason.startsWith('drifted:'))) return 'drift'
    return posted ? 'apply' : 'change'
  }

  #membersOf({ set }: ConvergenceRecord): {
    readonly members: MemberDigests
    readonly textOf: (key: string) => string
  } {
    const entries = this.#catalog.entries.all()
    const members = digestsOf(set, entries)
    let declared: ReturnType<typeof declaredIn> | undefined
    return {
      members,
      textOf(key) {
        const member = set.members.get(key)
        if (member?.state === 'valid') return memberText(member)
        declared ??= declaredIn(set, entries)
        const one = declared.get(key)
        return one === undefined ? '' : memberText(one)
      },
    }
  }
}

function changesOf(
  { outcomes, startedUs, compensated }: ConvergenceRecord,
  { setDigest, cause }: Revision,
): ReadonlyMap<string, string> {
  const changes = new Map<string, string>()
  if (compensated) return changes
  for (const outcome of outcomes) {
    if (outcome.error !== undefined) continue
    const change: KeptChange = { ...revisionAction(outcome), setDigest, cause, atUs: startedUs }
    changes.set(identityKey(outcome.action.identity), JSON.stringify(change))
  }
  return changes
}

function isSame(known: MemberDigests, found: MemberDigests): boolean {
  if (known.size !== found.size) return false
  for (const [key, digest] of found) if (known.get(key) !== digest) return false
  return true
}
