/**
 * Moves where a Pipeline or Sink reads on: it stops first, so that what it has under way is delivered or given up, then
 * its positions move, and it starts there. One that is paused stays so.
 */
import { type Identity, identityKey, identityText } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'
import { whereText } from '../../engine/log/where-text.ts'
import { resumeKey } from '../apply/resume.ts'
import type { StoredEntry } from '../catalog/catalog.ts'
import type { PipelineReset, ResetRequest } from '../pipeline-runs.ts'
import {
  planResets,
  readAgainOf,
  type StreamMove,
  setOffsets,
  skippedOf,
} from '../resets/move-positions.ts'
import { resetTargets } from '../resets/reset-targets.ts'
import { notThere } from './not-there.ts'
import type { Running } from './running.ts'

export async function resetPipeline(
  identity: Identity,
  request: ResetRequest,
  running: Running,
): Promise<PipelineReset> {
  const { options, catalog, reconcilers, backOff, loops } = running
  const { engine } = options
  const key = identityKey(identity)
  const { accepted, owner } = entryOf(identity, running)
  if (accepted === undefined) throw notThere(identity, running)
  requireSettled(identity, running)
  const readings = await reconcilers.readings(accepted, owner)
  const plan = (): Promise<readonly StreamMove[]> =>
    planResets(engine, resetTargets({ identity, readings }, request, engine.streams), request.to)
  // What cannot be is refused before anything stops.
  let moves = await plan()
  const { runner } = reconcilers
  if (request.dryRun) return { moves, runs: runner.state(key)?.active === true }
  const entry = entryOf(identity, running)
  if (entry.completed !== undefined) catalog.entries.put({ ...entry, completed: undefined })
  const restarted = await runner.restart(key, async () => {
    moves = await plan()
    await setOffsets(engine, moves)
    remember(key, request, moves, running)
  })
  if (restarted) return { moves, runs: true }
  if (runner.state(key)?.active === false) return { moves, runs: false }
  // It could not be started before: that is tried again now.
  backOff.forget(resumeKey(key))
  await loops.get(owner)?.lookNow()
  return { moves, runs: runner.state(key)?.pipeline?.phase === 'running' }
}

/** What a declaration asked for is finished or taken back first, which would undo this. */
function requireSettled(identity: Identity, { catalog }: Running): void {
  const { open } = catalog.resets.get(identityKey(identity))
  if (open === undefined) return
  throw new HeadgateError(
    'Conflict',
    `The reset ${open.result.id ?? ''} that ${identityText(identity)} declares is not finished.`,
    { hint: 'It is tried again by itself; headgate why tells what holds it up.' },
  )
}

function remember(
  key: string,
  { to }: ResetRequest,
  moves: readonly StreamMove[],
  { catalog: { resets }, options: { clock } }: Running,
): void {
  const last = {
    atUs: clock.wallUs(),
    id: undefined,
    to: whereText(to),
    readAgain: readAgainOf(moves).records,
    skipped: skippedOf(moves).records,
  }
  resets.put(key, { ...resets.get(key), last })
}

function entryOf(identity: Identity, running: Running): StoredEntry {
  const entry = running.catalog.entries.get(identityKey(identity))
  if (entry !== undefined) return entry
  throw notThere(identity, running)
}
