/**
 * Puts the control plane together and runs it: catalog, reconcilers, one loop per source, and the facade that the API
 * asks. It decides nothing by itself.
 */
import { join } from 'node:path'

import type { Engine } from '../engine/engine.ts'
import { HeadgateError } from '../engine/error.ts'
import type { ApplyOptions } from './apply/apply-plan.ts'
import { BackOff } from './apply/back-off.ts'
import type { ResumeOptions } from './apply/resume.ts'
import { resumeKey } from './apply/resume.ts'
import { SourceLoop, SWEEP_MS_DEFAULT } from './apply/source-loop.ts'
import { restoreCatalog } from './catalog/restore-catalog.ts'
import { openCatalog } from './catalog/sqlite-catalog.ts'
import type { ControlPlane } from './control-plane.ts'
import type { ControlPlaneOptions } from './control-plane-options.ts'
import { changesOf } from './facade/changes.ts'
import { facadeOf } from './facade/facade.ts'
import type { Running } from './facade/running.ts'
import { keepHouse } from './keep-house.ts'
import { consumersOf } from './plan/consumers.ts'
import type { Consumer } from './plan/plan.ts'
import { PRUNE_SETTLE_MS_DEFAULT } from './plan/settle.ts'
import { createReconcilers, type Reconcilers } from './reconcilers/create-reconcilers.ts'
import { TransitionTimes } from './status/conditions.ts'

export interface RunningControlPlane extends ControlPlane, AsyncDisposable {
  /** For pipelines and for whoever appends: finds declared streams, with their type's check. */
  readonly streams: Reconcilers['streams']
  /** What has to be told when a hint comes from elsewhere; undefined means every source. */
  lookAgain(source?: string): void
}

export async function startControlPlane(
  options: ControlPlaneOptions,
): Promise<RunningControlPlane> {
  const { engine, clock, random, sources } = options
  const catalog = openCatalog(
    options.dataDirectory === ':memory:'
      ? ':memory:'
      : join(options.dataDirectory, 'catalog.sqlite'),
  )
  const backOff = new BackOff(clock, random)
  const reconcilers = createReconcilers(options, catalog)
  restoreCatalog(catalog, engine.streams)
  for (const { accepted } of catalog.entries.all().values())
    if (accepted?.identity.kind === 'StreamType') reconcilers.types.restore(accepted)
  const apply: ApplyOptions = { catalog, reconcilers: reconcilers.byKind, clock, random, backOff }
  const resumeOptions: ResumeOptions = {
    catalog,
    backOff,
    running: reconcilers.running,
    secrets: reconcilers.secrets,
    logger: options.logger,
  }
  let engineChanges = 0
  const watchingEngine = engine.streams.watch(() => {
    engineChanges += 1
  })
  const loops = new Map<string, SourceLoop>()
  for (const source of sources) {
    const loop = new SourceLoop({
      source,
      apply,
      resume: resumeOptions,
      streams: engine.streams,
      decided: () => ({ sources: new Set(loops.keys()), consumersOf: consumersIn(engine) }),
      changes: options.policies ?? [],
      engineChanges: () => engineChanges,
      clock,
      logger: options.logger,
      pruneSettleMs: options.pruneSettleMs ?? PRUNE_SETTLE_MS_DEFAULT,
      sweepMs: options.sweepMs ?? SWEEP_MS_DEFAULT,
      onConvergence: options.onConvergence ?? (() => undefined),
      onLooked: (touched) => {
        for (const identity of touched) changes.feed.touched(identity)
      },
      onChanged: (name) => wakeOthers(loops, name),
    })
    loops.set(source.declaration.name, loop)
  }
  const times = new TransitionTimes(() => clock.wallUs())
  const changes = changesOf(() => running, { catalog, reconcilers })
  const running: Running = {
    options,
    catalog,
    reconcilers,
    backOff,
    loops,
    times,
    changes: changes.feed,
  }
  const watchingRuns = reconcilers.runner.watch((key) => noticeFailure(key, running))
  const watchingClaims = reconcilers.claims.watch((key) => tryAgain(key, running))
  await reconcilers.reclaim()
  const housekeeping = keepHouse(running, resumeOptions)
  for (const loop of loops.values()) loop.start()
  return {
    ...facadeOf(running),
    streams: reconcilers.streams,
    lookAgain(source) {
      for (const [name, loop] of loops)
        if (source === undefined || source === name) loop.planAgain()
    },
    async [Symbol.asyncDispose]() {
      await housekeeping[Symbol.asyncDispose]()
      watchingRuns[Symbol.dispose]()
      watchingClaims[Symbol.dispose]()
      await Promise.all([...loops.values()].map((loop) => loop.stop()))
      await reconcilers.runner.stopAll()
      changes[Symbol.dispose]()
      watchingEngine[Symbol.dispose]()
      catalog[Symbol.dispose]()
    },
  }
}

/** Groups are looked at once, and only for a plan that would lose data. */
function consumersIn({ streams, groups }: Engine): (stream: string) => readonly Consumer[] {
  let described: ReturnType<Engine['groups']['describe']> | undefined
  return (name) => {
    const [stream] = streams.describe([name])
    if (stream === undefined) return []
    described ??= groups.describe()
    return consumersOf(stream, described)
  }
}

/** Only those that wait for something; a source that is as declared is left alone. */
function wakeOthers(loops: ReadonlyMap<string, SourceLoop>, changed: string): void {
  for (const [name, loop] of loops)
    if (name !== changed && (loop.state().plan?.actions.length ?? 0) > 0) loop.planAgain()
}

/** A pipeline that stopped by itself is started again, with growing waits. */
function noticeFailure(key: string, { catalog, reconcilers, backOff, loops }: Running): void {
  const entry = catalog.entries.get(key)
  const state = reconcilers.runner.state(key)
  if (entry?.accepted === undefined || state?.pipeline?.phase !== 'failed') return
  const message = state.pipeline.message ?? 'The pipeline stopped by itself.'
  backOff.failed(resumeKey(key), entry.accepted.digest, new HeadgateError('NotConnected', message))
  loops.get(entry.owner)?.lookAgain()
}

/** What it was refused for is no longer so. */
function tryAgain(key: string, { catalog, backOff, loops }: Running): void {
  backOff.forget(key)
  backOff.forget(resumeKey(key))
  const owner = catalog.entries.get(key)?.owner
  if (owner !== undefined) loops.get(owner)?.planAgain()
}
