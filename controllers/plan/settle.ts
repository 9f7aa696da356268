/**
 * Decides whether absence has lasted: editors and `git checkout` unlink a file before they write it again.
 *
 * Identities are compared, not contents: a file that is edited all the time does not block pruning elsewhere.
 */
import { identitiesDigest } from '../sets/read-set.ts'
import type { ResourceSet } from '../sets/resource-set.ts'

/** An unbroken run of complete sweeps that declared the same identities. */
export interface Settle {
  readonly identities: string
  readonly sinceMs: number
  readonly sweeps: number
  readonly lastMs: number
}

export const PRUNE_SETTLE_MS_DEFAULT = 2_000

/** The run after one more look; an incomplete one breaks it, and a narrow one is no sweep, but sees what changes. */
export function advanceSettle(
  before: Settle | undefined,
  set: ResourceSet,
  nowMs: number,
): Settle | undefined {
  if (!set.complete) return undefined
  const identities = identitiesOf(set)
  if (before === undefined || before.identities !== identities)
    return { identities, sinceMs: nowMs, sweeps: set.isNarrow === true ? 0 : 1, lastMs: nowMs }
  if (set.isNarrow === true) return before
  return { ...before, sweeps: before.sweeps + 1, lastMs: nowMs }
}

/** Two sweeps at least, and at least this long from the first to the last. */
export function isSettled(settle: Settle | undefined, pruneSettleMs: number): boolean {
  return (
    settle !== undefined && settle.sweeps >= 2 && settle.lastMs - settle.sinceMs >= pruneSettleMs
  )
}

/** For a plan that is only shown: what would happen once the absence has lasted. */
export function alreadySettled(set: ResourceSet, pruneSettleMs: number): Settle | undefined {
  if (!set.complete) return undefined
  return { identities: identitiesOf(set), sinceMs: 0, sweeps: 2, lastMs: pruneSettleMs }
}

function identitiesOf({ identities, members }: ResourceSet): string {
  return identities ?? identitiesDigest([...members.keys()].sort())
}
