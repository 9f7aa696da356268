/**
 * What an approval names: the source, and what would go. No counts and no times, so that the digest a person approves
 * is still the digest of the plan a minute later. A move of the source is part of it.
 */
import { createHash } from 'node:crypto'
import { identityKey } from '../../crds/resource.ts'
import type { Action } from './plan.ts'

/** Approvals wait this long for their plan, and are then forgotten. */
export const APPROVAL_VALID_US: number = 24 * 3_600_000_000

export function destructiveDigest(
  source: string,
  actions: readonly Pick<Action, 'verb' | 'wanted' | 'identity' | 'uid'>[],
  movedTo: string | undefined,
): string | undefined {
  if (actions.length === 0) return undefined
  const lines = actions
    .map(({ verb, wanted, identity, uid }) =>
      [wanted ?? verb, identityKey(identity), uid ?? ''].join(' '),
    )
    .sort()
  const moved = movedTo === undefined ? [] : [`location ${movedTo}`]
  return createHash('sha256')
    .update(JSON.stringify([source, ...moved, ...lines]))
    .digest('hex')
}
