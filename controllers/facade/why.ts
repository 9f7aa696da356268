/** Gathers why a resource is as it is: from the catalog, its source's last look, and history. */
import { type Identity, identityKey } from '../../crds/resource.ts'
import type { KeptChange } from '../history/revision-recorder.ts'
import type { Condition } from '../status/condition.ts'
import type { LastChange, Why } from '../status/why.ts'
import { readResource } from './resources.ts'
import type { Running } from './running.ts'

export function whyOf(identity: Identity, running: Running): Why | undefined {
  const { catalog, loops, chronicle } = running
  const key = identityKey(identity)
  const entry = catalog.entries.get(key)
  const object = readResource(identity, running)
  const lastChange = lastChangeOf(key, running)
  if (object === undefined && lastChange === undefined) return undefined
  const member = entry && loops.get(entry.owner)?.state().set?.members.get(key)
  const status = object?.status as { readonly conditions?: readonly Condition[] } | undefined
  return {
    identity,
    owner: entry?.owner || undefined,
    origin: member?.origin ?? entry?.origin,
    revision: lastChange?.revision,
    lastChange,
    suspended: chronicle.suspensions.resource(identity),
    conditions: status?.conditions ?? [],
  }
}

function lastChangeOf(key: string, { catalog }: Running): LastChange | undefined {
  const stored = catalog.revisions.lastChange(key)
  if (stored === undefined) return undefined
  const { verb, risk, reason, changes, setDigest, atUs, cause } = JSON.parse(
    stored.change,
  ) as KeptChange
  const { source, revision } = stored
  return { source, revision, setDigest, atUs, cause, verb, risk, reason, changes }
}
