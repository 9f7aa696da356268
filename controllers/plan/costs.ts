/** Completes what data loss costs: who reads the stream, and what of it they have not read yet. */
import { type Identity, identityKey } from '../../crds/resource.ts'
import type { Observed } from './observed.ts'
import type { Action, Consumer, Cost } from './plan.ts'
import { streamName } from './stream-record.ts'

export function withCosts(actions: readonly Action[], observed: Observed): readonly Action[] {
  if (!actions.some(({ cost }) => cost !== undefined)) return actions
  const readers = readersIn(observed)
  return actions.map((action) => {
    const { cost } = action
    if (cost === undefined || action.identity.kind !== 'Stream') return action
    const identity = action.movedFrom ?? action.identity
    const key = identityKey(identity)
    const kept = (observed.resources.get(key)?.stream?.records ?? 0) - cost.records
    const consumers = observed
      .consumersOf(streamName(identity))
      .map(({ group, behind }): Consumer => ({ group, behind: missed(behind, kept, cost) }))
      .filter(({ behind }) => behind > 0)
    return { ...action, cost: { ...cost, consumers, readers: readers.get(key) ?? [] } }
  })
}

/** What goes is the oldest, and so is what was read: of the unread records, those go that are not among the kept ones. */
function missed(behind: number, kept: number, { records }: Cost): number {
  return Math.min(records, Math.max(0, behind - kept))
}

function readersIn({ resources }: Observed): ReadonlyMap<string, readonly Identity[]> {
  const readers = new Map<string, Identity[]>()
  for (const { identity, accepted } of resources.values())
    for (const { to, access } of accepted?.references ?? []) {
      if (access !== 'read' || to.kind !== 'Stream') continue
      const key = identityKey(to)
      const known = readers.get(key)
      if (known === undefined) readers.set(key, [identity])
      else if (known.at(-1) !== identity) known.push(identity)
    }
  return readers
}
