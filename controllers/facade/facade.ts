/** Answers what the API and the CLI ask of the control plane, from memory wherever that is possible. */
import { identityKey } from '../../crds/resource.ts'
import { PostedStreams } from '../connect/posted-streams.ts'
import type { ControlPlane } from '../control-plane.ts'
import { connectOf } from './connect.ts'
import { ConnectSet } from './connect-set.ts'
import { ownershipOf } from './ownership.ts'
import { pipelineRunsOf } from './pipeline-runs.ts'
import { pipelineTapsOf } from './pipeline-taps.ts'
import { reconcile } from './reconcile.ts'
import { resourcesOf } from './resources.ts'
import { retainedOf } from './retained.ts'
import type { Running } from './running.ts'
import { sourcesOf } from './sources.ts'
import { whyOf } from './why.ts'
import { writesOf } from './writes.ts'

export function facadeOf(running: Running): ControlPlane {
  const postedStreams = new PostedStreams(running.posted.sets)
  const connectSet = new ConnectSet(postedStreams, running)
  return {
    resources: resourcesOf(running),
    writes: writesOf(running),
    sources: sourcesOf(running),
    ownership: ownershipOf(running),
    retained: retainedOf(running),
    history: running.chronicle.history,
    suspensions: running.chronicle.suspensions,
    events: running.chronicle.events,
    connect: connectOf(postedStreams, connectSet, running),
    runs: pipelineRunsOf(connectSet, running),
    taps: pipelineTapsOf(running),
    seriesOf: (identity) =>
      running.reconcilers.runner.pipeline(identityKey(identity))?.series() ?? [],
    flowOf: (identity) => {
      const pipeline = running.reconcilers.runner.pipeline(identityKey(identity))
      if (pipeline === undefined) return undefined
      return { latency: pipeline.latency(), readings: pipeline.readings() }
    },
    why: (identity) => whyOf(identity, running),
    reconcile: (source, request, signal) => reconcile(source, request, running, signal),
  }
}
