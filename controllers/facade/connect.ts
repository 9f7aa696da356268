/** The streams of the Connect API, read from what runs and written as one posted set. */
import { PIPELINE_FIELDS_OF_OURS } from '../../crds/pipeline.ts'
import { identityKey } from '../../crds/resource.ts'
import type { Pipeline } from '../../engine/pipelines/pipeline.ts'
import type { ConnectStreams, StreamState } from '../connect/connect-streams.ts'
import type { PostedStreams } from '../connect/posted-streams.ts'
import { CONNECT_SOURCE } from '../connect/stored-stream.ts'
import { masked } from '../plan/mask.ts'
import type { Resource } from '../sets/resource-set.ts'
import type { Condition } from '../status/condition.ts'
import type { ConnectSet } from './connect-set.ts'
import { readResource } from './resources.ts'
import type { Running } from './running.ts'
import { entryOfStream, type NamedStream, streamIdentities, streamOf } from './stream-entries.ts'

export function connectOf(
  posted: PostedStreams,
  set: ConnectSet,
  running: Running,
): ConnectStreams {
  return {
    list: () => streamIdentities(running).map((stream) => stateOf(stream, running)),
    get(id) {
      const stream = streamOf(id, running)
      return stream && stateOf(stream, running)
    },
    standstill(id) {
      const stream = streamOf(id, running)
      return stream && standstillOf(stream, running)
    },
    config: (id) => masked(configOf(id, posted, running), undefined),
    digest: () => posted.digest(),
    connections: (id) => pipelineOf(id, running)?.connections() ?? [],
    series: (id) => pipelineOf(id, running)?.series() ?? [],
    resourceSeries: () => running.reconcilers.shared.series(),
    create: (id, body, write) => set.create(id, body, write),
    replace: (id, body, write) => set.replace(id, body, write),
    merge: (id, body, write) => set.merge(id, body, write),
    remove: (id, write) => set.remove(id, write),
    replaceAll: (body, write) => set.replaceAll(body, write),
    putResource: (type, label, body, write) => set.putResource(type, label, body, write),
  }
}

function stateOf({ id, identity }: NamedStream, running: Running): StreamState {
  const key = identityKey(identity)
  const state = running.reconcilers.runner.state(key)
  const active = state?.active === true && state.pipeline?.phase === 'running'
  // What ended before this process started is not run again, and has an uptime all the same.
  const ranMs = running.catalog.entries.get(key)?.ranMs
  const uptimeMs = state?.uptimeMs || (state?.completed === true && ranMs) || 0
  return { id, active, uptimeMs }
}

/** What tells most comes first: why it waits for somebody, why it is tried again, that it is not ready. */
function standstillOf({ identity }: NamedStream, running: Running): string | undefined {
  if (running.reconcilers.runner.state(identityKey(identity))?.standsDown === true) return undefined
  const object = readResource(identity, running)
  if ((object?.spec as { readonly paused?: unknown } | undefined)?.paused === true)
    return 'the stream is paused'
  const { conditions = [] } = (object?.status ?? {}) as {
    readonly conditions?: readonly Condition[]
  }
  const holds = (type: Condition['type'], status: string): Condition | undefined =>
    conditions.find((condition) => condition.type === type && condition.status === status)
  if (holds('Completed', 'True') !== undefined) return undefined
  const told = holds('Stalled', 'True') ?? holds('Reconciling', 'True') ?? holds('Ready', 'False')
  return told?.message
}

function pipelineOf(id: string, running: Running): Pipeline | undefined {
  const stream = streamOf(id, running)
  return stream && running.reconcilers.runner.pipeline(identityKey(stream.identity))
}

/** As it was posted; what another source declares, or a rollback brought back, as it was accepted. */
function configOf(id: string, posted: PostedStreams, running: Running): unknown {
  const entry = entryOfStream(id, running)
  const isPinned = running.chronicle.history.pin(CONNECT_SOURCE) !== undefined
  const isOurs = entry === undefined || entry.owner === CONNECT_SOURCE
  if (isOurs && !isPinned) return posted.all().get(id)?.config
  const resource = entry?.accepted ?? entry?.pending
  return resource && withoutOurs(resource)
}

function withoutOurs({ spec }: Resource): Readonly<Record<string, unknown>> {
  const ours: readonly string[] = PIPELINE_FIELDS_OF_OURS
  return Object.fromEntries(Object.entries(spec).filter(([name]) => !ours.includes(name)))
}
