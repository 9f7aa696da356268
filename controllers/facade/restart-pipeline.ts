/** Restarts what runs: it drains and begins anew, a finite input from its start. Nothing of its declaration changes. */
import { type Identity, identityKey, identityText } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'
import { resumeKey } from '../apply/resume.ts'
import type { Running } from './running.ts'

export async function restartPipeline(identity: Identity, running: Running): Promise<void> {
  const { catalog, reconcilers, backOff, loops } = running
  const key = identityKey(identity)
  const entry = catalog.entries.get(key)
  if (entry?.accepted === undefined)
    throw new HeadgateError('NotFound', `There is no ${identityText(identity)} that runs.`)
  if (entry.completed !== undefined) catalog.entries.put({ ...entry, completed: undefined })
  if (await reconcilers.runner.restart(key)) return
  if (reconcilers.runner.state(key)?.active === false)
    throw new HeadgateError('Conflict', `${identityText(identity)} is paused.`, {
      hint: 'Let it run first; it starts then.',
    })
  // It could not be started before: that is tried again now.
  backOff.forget(resumeKey(key))
  await loops.get(entry.owner)?.lookNow()
}
