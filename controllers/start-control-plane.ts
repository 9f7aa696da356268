/**
 * Puts the control plane together and runs it: catalog, reconcilers, one loop per source, and the facade that the API
 * asks. It decides nothing by itself.
 */
import { join } from 'node:path'

import type { Identity } from '../crds/resource.ts'
import type { Engine } from '../engine/engine.ts'
import { HeadgateError } from '../engine/error.ts'
import { openAlerts } from './alerts/open-alerts.ts'
import type { ApplyOptions } from './apply/apply-plan.ts'
import { BackOff } from './apply/back-off.ts'
import type { ConvergenceReport } from './apply/convergence.ts'
import type { ResumeOptions } from './apply/resume.ts'
import { resumeKey } from './apply/resume.ts'
import { SourceLoop, SWEEP_MS_DEFAULT } from './apply/source-loop.ts'
import type { Catalog } from './catalog/catalog.ts'
import { CATALOG_FILE } from './catalog/copy-catalog.ts'
import { restoreCatalog } from './catalog/restore-catalog.ts'
import { openCatalog } from './catalog/sqlite-catalog.ts'
import { CONNECT_SOURCE } from './connect/stored-stream.ts'
import type { ControlPlane } from './control-plane.ts'
import type { ControlPlaneOptions } from './control-plane-options.ts'
import { changesOf } from './facade/changes.ts'
import { restoreResources } from './facade/connect-resources.ts'
import { facadeOf } from './facade/facade.ts'
import { placeGivenResources } from './facade/given-resources.ts'
import type { Running } from './facade/running.ts'
import { Chronicle } from './history/chronicle.ts'
import { driftedSource } from './history/notice-drift.ts'
import { keepHouse } from './keep-house.ts'
import { consumersOf } from './plan/consumers.ts'
import type { Consumer } from './plan/plan.ts'
import { PRUNE_SETTLE_MS_DEFAULT } from './plan/settle.ts'
import { finishInterrupted } from './posted/finish-interrupted.ts'
import { postedDeclaration } from './posted/posted-declaration.ts'
import { PostedSources } from './posted/posted-sources.ts'
import { openPostedStore, POSTED_FILE, type PostedStore } from './posted/posted-store.ts'
import { createReconcilers, type Reconcilers } from './reconcilers/create-reconcilers.ts'
import { PositionTimes } from './resets/position-times.ts'
import type { Source, SourceDeclaration } from './sources/source.ts'
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
  const { catalog, posted } = openStores(options.dataDirectory)
  const backOff = new BackOff(clock, random)
  const loops = new Map<string, SourceLoop>()
  const reconcilers = createReconcilers(options, catalog, sourcesIn(loops, options))
  const apply: ApplyOptions = { catalog, reconcilers: reconcilers.byKind, clock, random, backOff }
  await restore(apply, posted, reconcilers, engine)
  const { running: runs, secrets } = reconcilers
  const { logger } = options
  const resumeOptions: ResumeOptions = { catalog, backOff, running: runs, secrets, logger }
  let engineChanges = 0
  const watchingEngine = engine.streams.watch((name) => {
    engineChanges += 1
    const drifted = driftedSource(name, catalog, engine.streams)
    if (drifted !== undefined) loops.get(drifted)?.lookAgain()
  })
  const chronicle = new Chronicle({
    catalog,
    loops,
    clock,
    logger: options.logger,
    onTouched: (identity) => changes.feed.touched(identity),
  })
  const onConvergence = (report: ConvergenceReport): void => {
    chronicle.tell(report)
    options.onConvergence?.(report)
  }
  const parts: LoopParts = {
    options,
    apply,
    resume: resumeOptions,
    loops,
    chronicle,
    engineChanges: () => engineChanges,
    onConvergence,
    onTouched: (identity) => changes.feed.touched(identity),
  }
  const postedSources = new PostedSources({ options, catalog, store: posted })
  for (const source of [...sources, ...postedSources.all(), postedSources.api])
    loops.set(source.declaration.name, loopOf(source, parts))
  const times = new TransitionTimes(() => clock.wallUs())
  const changes = changesOf(() => running, { catalog, reconcilers })
  const running: Running = {
    options: { ...options, onConvergence },
    catalog,
    reconcilers,
    backOff,
    loops,
    times,
    changes: changes.feed,
    chronicle,
    posted,
    postedSources,
    ...growthOf(loops, postedSources, parts),
  }
  await placeGivenResources(running)
  await restoreResources(running)
  const watchingRuns = reconcilers.runner.watch((key) => noticeFailure(key, running))
  const watchingClaims = reconcilers.claims.watch((key) => tryAgain(key, running))
  await reconcilers.reclaim()
  const keepers = [keepHouse(running, resumeOptions), openAlerts(running)]
  chronicle.start()
  for (const loop of loops.values()) loop.start()
  return {
    ...facadeOf(running),
    streams: reconcilers.streams,
    lookAgain: (source) => lookAgainAt(source, loops),
    async [Symbol.asyncDispose]() {
      for (const keeper of keepers) await keeper[Symbol.asyncDispose]()
      for (const one of [watchingRuns, watchingClaims, chronicle]) one[Symbol.dispose]()
      await Promise.all([...loops.values()].map((loop) => loop.stop()))
      await reconcilers.runner.stopAll()
      await reconcilers.shared.close()
      for (const one of [changes, watchingEngine, catalog, posted]) one[Symbol.dispose]()
    },
  }
}

/** By source: they come while the process runs. */
function sourcesIn(
  loops: ReadonlyMap<string, SourceLoop>,
  options: ControlPlaneOptions,
): (source: string) => SourceDeclaration | undefined {
  return (source) => loops.get(source)?.declaration ?? declaredConnect(source, options)
}

/** What the Connect API's source may do, before anything was posted to it too. */
function declaredConnect(
  source: string,
  { posted = [], directory }: ControlPlaneOptions,
): SourceDeclaration | undefined {
  if (source !== CONNECT_SOURCE) return undefined
  return posted.find(({ name }) => name === source) ?? postedDeclaration(source, directory)
}

/** How sources come while the process runs. */
function growthOf(
  loops: Map<string, SourceLoop>,
  postedSources: PostedSources,
  parts: LoopParts,
): Pick<Running, 'openPosted' | 'register' | 'unregister'> {
  return {
    openPosted: (name) => loopOf(postedSources.open(name), parts),
    register: (loop) => void loops.set(loop.declaration.name, loop),
    unregister(loop) {
      const { name } = loop.declaration
      if (loops.get(name) === loop) loops.delete(name)
    },
  }
}

function lookAgainAt(source: string | undefined, loops: ReadonlyMap<string, SourceLoop>): void {
  for (const [name, loop] of loops) if (source === undefined || source === name) loop.planAgain()
}

function openStores(directory: string): {
  readonly catalog: Catalog
  readonly posted: PostedStore
} {
  const inMemory = directory === ':memory:'
  const pathOf = (file: string): string => (inMemory ? ':memory:' : join(directory, file))
  return {
    catalog: openCatalog(pathOf(CATALOG_FILE)),
    posted: openPostedStore(pathOf(POSTED_FILE)),
  }
}

/** What a crash cut off is finished or taken back; what was accepted is known again. */
async function restore(
  apply: ApplyOptions,
  posted: PostedStore,
  { types }: Reconcilers,
  { streams }: Engine,
): Promise<void> {
  await finishInterrupted(apply, posted.sets)
  restoreCatalog(apply.catalog, streams)
  for (const { accepted } of apply.catalog.entries.all().values())
    if (accepted?.identity.kind === 'StreamType') types.restore(accepted)
}

interface LoopParts {
  readonly options: ControlPlaneOptions
  readonly apply: ApplyOptions
  readonly resume: ResumeOptions
  readonly loops: ReadonlyMap<string, SourceLoop>
  readonly chronicle: Chronicle
  readonly engineChanges: () => number
  readonly onConvergence: (report: ConvergenceReport) => void
  readonly onTouched: (identity: Identity) => void
}

function loopOf(source: Source, parts: LoopParts): SourceLoop {
  const { options, apply, resume, loops, chronicle, engineChanges, onConvergence } = parts
  const { engine, clock, logger } = options
  const times = new PositionTimes({ engine, catalog: apply.catalog })
  return new SourceLoop({
    source,
    apply,
    resume,
    streams: engine.streams,
    history: chronicle,
    decided: (name) => ({
      ...chronicle.decidedFor(name),
      sources: new Set(loops.keys()),
      consumersOf: consumersIn(engine),
      offsetsOf: (group) => engine.groups.offsets(group),
      sequenceAt: (...at) => times.sequenceAt(...at),
    }),
    lookUp: (set) => times.look(set),
    changes: options.policies ?? [],
    engineChanges,
    clock,
    logger,
    pruneSettleMs: options.pruneSettleMs ?? PRUNE_SETTLE_MS_DEFAULT,
    sweepMs: options.sweepMs ?? SWEEP_MS_DEFAULT,
    onConvergence,
    onLooked: (touched) => {
      for (const identity of touched) parts.onTouched(identity)
    },
    onChanged: (name) => wakeOthers(loops, name),
  })
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
