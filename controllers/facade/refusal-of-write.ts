/** What refuses a write of one object: who owns it, or what the planner says of it. */
import { identityText } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'
import type { ErrorCode } from '../../engine/error-codes.ts'
import type { CatalogEntry } from '../catalog/catalog.ts'
import type { Action } from '../plan/plan.ts'
import { API_SOURCE } from '../resource-writes.ts'
import { placeText } from '../status/place-text.ts'
import type { Reason } from '../status/reasons.ts'

/** What a caller is told; what is not here is accepted, and shows in the object's conditions. */
const REFUSED: Partial<Record<Reason, ErrorCode>> = {
  Conflict: 'Conflict',
  GrantMissing: 'GrantMissing',
  Immutable: 'Immutable',
  InUse: 'InUse',
  Invalid: 'Invalid',
  OutOfRange: 'PositionInvalid',
  Policy: 'Forbidden',
  Protected: 'ProtectedResource',
  Released: 'Conflict',
}

/** Undefined when it may be. */
export function refusalOfWrite(
  action: Action | undefined,
  entry: CatalogEntry | undefined,
): HeadgateError | undefined {
  if (entry !== undefined && entry.owner !== API_SOURCE) return ownedByAnother(entry)
  if (action?.verb !== 'blocked' || action.blockedBy === undefined) return undefined
  const isRemoval = action.wanted === 'delete' || action.wanted === 'retain'
  const code = REFUSED[action.blockedBy] ?? (isRemoval ? 'Conflict' : undefined)
  if (code === undefined) return undefined
  const what = identityText(action.identity)
  // The planner tells of a declaration that went; here somebody asked for just this.
  if (isRemoval && action.blockedBy === 'Protected')
    return new HeadgateError(code, `${what} is protected.`, {
      hint: 'Set spec.protected to false first, then delete it.',
    })
  return new HeadgateError(code, `${what}: ${action.reason}`)
}

function ownedByAnother({ identity, owner, origin }: CatalogEntry): HeadgateError {
  const what = identityText(identity)
  if (owner === '')
    return new HeadgateError('Conflict', `${what} is owned by no source.`, {
      hint: `Adopt it first: headgate adopt ${identity.kind.toLowerCase()} ${identity.name} -n ${identity.namespace} --source ${API_SOURCE}`,
    })
  const place = origin === undefined ? 'its declaration' : placeText(origin)
  return new HeadgateError(
    'Conflict',
    `${what} is owned by the source ${owner}: edit ${place} instead.`,
  )
}
