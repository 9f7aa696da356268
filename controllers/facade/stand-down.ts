/** Stops a pipeline that a plan replaces or removes, before the plan is carried out and beside all other changes. */
import { type Identity, identityKey } from '../../crds/resource.ts'
import { isRemoval } from '../plan/order.ts'
import type { Plan } from '../plan/plan.ts'
import type { Running } from './running.ts'

/**
 * `planned` is asked where something runs. What is disposed of unused runs again. Where the replacement cannot be built nothing stops: carrying the plan out will
 * say why.
 */
export async function standDown(
  identity: Identity,
  { reconcilers, catalog }: Running,
  planned: () => Promise<Plan>,
): Promise<AsyncDisposable> {
  const key = identityKey(identity)
  const held = new AsyncDisposableStack()
  if (reconcilers.runner.state(key)?.pipeline?.phase !== 'running') return held
  const plan = await planned()
  const action = plan.actions.find((one) => identityKey(one.identity) === key)
  if (action === undefined || action.verb === 'blocked') return held
  if (isRemoval(action.verb)) {
    held.use(await reconcilers.runner.standDown(key))
    return held
  }
  const reconciler = reconcilers.byKind.get(identity.kind)
  const uid = catalog.entries.get(key)?.uid
  if (reconciler?.prepare === undefined || action.desired === undefined || uid === undefined)
    return held
  const owner = plan.source
  const principal = { name: `source:${owner}` }
  const prepared = await reconciler
    .prepare({ resource: action.desired, uid, owner, principal })
    .catch(() => undefined)
  if (prepared === undefined) return held
  held.use(prepared)
  if (prepared.stops) held.use(await reconcilers.runner.standDown(key))
  return held
}
