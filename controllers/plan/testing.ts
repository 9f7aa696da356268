/** Hand-made observations for the planner's tests: what exists, as catalog and engine would tell it. */
import { identityKey } from '../../crds/resource.ts'
import type { StreamDescription } from '../../engine/streams/streams.ts'
import type { Member, ResourceSet } from '../sets/resource-set.ts'
import { setOf } from '../testing.ts'
import {
  NOTHING_DECIDED,
  type Observed,
  type ObservedResource,
  type PlanPolicy,
} from './observed.ts'
import type { Plan } from './plan.ts'
import { plan } from './planner.ts'
import { PRUNE_BUDGET_DEFAULT } from './prune-budget.ts'
import { alreadySettled } from './settle.ts'
import { streamRecord } from './stream-record.ts'

export interface ObservedOptions {
  readonly owner?: string
  readonly sealed?: boolean
  readonly records?: number
}

/** The member, as it is once it was applied. */
export function existing(member: Member, options: ObservedOptions = {}): ObservedResource {
  if (member.state === 'invalid') throw new Error('an invalid member does not exist')
  const { resource, identity, origin } = member
  const owner = options.owner ?? 'local'
  const uid = `uid-${identityKey(identity)}`
  return {
    identity,
    uid,
    id: resource.id,
    owner,
    accepted: resource,
    stream: identity.kind === 'Stream' ? description(member, uid, owner, options) : undefined,
    removal: undefined,
    uncertain: false,
    origin,
  }
}

function description(
  { resource }: Extract<Member, { state: 'valid' }>,
  uid: string,
  owner: string,
  { sealed, records = 100 }: ObservedOptions,
): StreamDescription {
  return {
    ...streamRecord(resource, { uid, owner, existing: undefined }),
    sealed: sealed === true ? { sinceUs: 0, by: owner } : undefined,
    incarnation: 1,
    createdUs: 0,
    records,
    bytes: records * 10,
    shardStates: [
      {
        shard: 0,
        first: 1,
        next: records + 1,
        records,
        bytes: records * 10,
        oldestUs: 0,
        newestUs: 1,
      },
    ],
  }
}

export const POLICY: PlanPolicy = {
  scope: { namespaces: undefined, kinds: undefined },
  grants: { namespaces: undefined, kinds: undefined, declaredIn: undefined },
  prune: true,
  pruneSettleMs: 2_000,
  pruneBudget: PRUNE_BUDGET_DEFAULT,
  drift: 'revert',
  changes: [],
  location: '/config',
}

export function observedOf(
  resources: readonly ObservedResource[],
  set: ResourceSet,
  given: Partial<Observed> = {},
): Observed {
  return {
    resources: new Map(resources.map((resource) => [identityKey(resource.identity), resource])),
    pruned: [],
    approvals: [],
    locationAccepted: '/config',
    settle: alreadySettled(set, POLICY.pruneSettleMs),
    ...NOTHING_DECIDED,
    ...given,
  }
}

export const NOW_US: number = 100 * 24 * 3_600_000_000

export function planOf(
  members: readonly Member[],
  resources: readonly ObservedResource[],
  given: Partial<Observed> & {
    readonly policy?: Partial<PlanPolicy>
    readonly set?: ResourceSet
  } = {},
): Plan {
  const set = given.set ?? setOf(members)
  return plan({
    set,
    observed: observedOf(resources, set, given),
    policy: { ...POLICY, ...given.policy },
    now: { wallUs: NOW_US, monotonicMs: 1_000_000 },
  })
}

/** `blocked(Conflict) update Stream/default/a` */
export function linesOf({ actions }: Plan): readonly string[] {
  return actions.map(({ verb, blockedBy, wanted, identity }) =>
    verb === 'blocked'
      ? `blocked(${blockedBy}) ${wanted} ${identityKey(identity)}`
      : `${verb} ${identityKey(identity)}`,
  )
}
