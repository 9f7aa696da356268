/**
 * What of an atomic set can be done while everything still runs: replacements and newcomers are built, and what they
 * want alone is asked for. Whatever fails here has touched nothing.
 */
import PQueue from 'p-queue'
import { identityKey } from '../../crds/resource.ts'
import { asHeadgateError } from '../../engine/error.ts'
import type { Action, Plan } from '../plan/plan.ts'
import type { Prepared } from '../reconcilers/reconciler.ts'
import { APPLY_CONCURRENCY, type ApplyOptions, type Outcome } from './apply-plan.ts'

export interface PreparedActions extends AsyncDisposable {
  readonly failed: readonly Outcome[]
  /**
   * In the order in which they are carried out, wave after wave: what is new, then what takes the place of something,
   * then what needs something that another one gives up.
   */
  readonly waves: readonly (readonly Action[])[]
}

export async function prepareAll(
  { source }: Plan,
  actions: readonly Action[],
  options: ApplyOptions,
): Promise<PreparedActions> {
  const held = new AsyncDisposableStack()
  const waitsForHolder = new Set<Action>()
  const failed: Outcome[] = []
  const queue = new PQueue({ concurrency: APPLY_CONCURRENCY })
  const made = new Set(actions.map(({ identity }) => identityKey(identity)))
  for (const action of actions) {
    // What it refers to may not be there yet.
    if (action.waitsFor.some((key) => made.has(key))) continue
    void queue.add(async () => {
      try {
        const prepared = await prepare(action, source, options)
        if (prepared === undefined) return
        held.use(prepared)
        if (prepared.waitsForHolder) waitsForHolder.add(action)
      } catch (thrown) {
        const error = asHeadgateError(thrown)
        options.backOff.failed(identityKey(action.identity), action.desired?.digest, error)
        failed.push({ action, error })
      }
    })
  }
  await queue.onIdle()
  const waves = inWaves(actions, waitsForHolder)
  return { failed, waves, [Symbol.asyncDispose]: () => held.disposeAsync() }
}

async function prepare(
  { verb, identity, desired, movedFrom }: Action,
  owner: string,
  { catalog, reconcilers }: ApplyOptions,
): Promise<Prepared | undefined> {
  const reconciler = reconcilers.get(identity.kind)
  if (desired === undefined || verb === 'release') return undefined
  const uid = catalog.entries.get(identityKey(identity))?.uid ?? ''
  const principal = { name: `source:${owner}` }
  return reconciler?.prepare?.({ resource: desired, uid, owner, principal, movedFrom })
}

function inWaves(
  actions: readonly Action[],
  waitsForHolder: ReadonlySet<Action>,
): readonly (readonly Action[])[] {
  const waveOf = new Map<string, number>()
  const waves: Action[][] = [[], [], []]
  for (const action of actions) {
    const own = waitsForHolder.has(action) ? 2 : action.verb === 'create' ? 0 : 1
    const wave = Math.max(own, ...action.waitsFor.map((key) => waveOf.get(key) ?? 0))
    waveOf.set(identityKey(action.identity), wave)
    waves[wave]?.push(action)
  }
  return waves.filter((wave) => wave.length > 0)
}
