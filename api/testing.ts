/** A server over the engine in memory and a small control plane, for tests of the API. */
import type { ConnectStreams } from '../controllers/connect/connect-streams.ts'
import type { ControlPlane, PipelineFlow, Resources } from '../controllers/control-plane.ts'
import { ChangeFeed } from '../controllers/status/change-feed.ts'
import type { ControlEvent } from '../controllers/status/events.ts'
import { byName } from '../controllers/status/resource-objects.ts'
import {
  API_VERSION,
  type Identity,
  identityKey,
  type Kind,
  type ResourceObject,
} from '../crds/resource.ts'
import type { Engine } from '../engine/engine.ts'
import { HeadgateError } from '../engine/error.ts'
import { gatedEngine } from '../engine/log/gated-engine.ts'
import { openMemoryEngine } from '../engine/log/memory-engine.ts'
import type { WriteGate } from '../engine/log/write-gate.ts'
import type { MetricSeries, StreamDirectory } from '../engine/pipelines/pipeline.ts'
import type { Logger } from '../engine/ports/logger.ts'
import { realClock } from '../engine/ports/real-clock.ts'
import { realRandom } from '../engine/ports/real-random.ts'
import { GroupLag } from '../engine/streams/group-lag.ts'
import type { QuotaReport } from '../engine/streams/quotas.ts'
import { StreamRates } from '../engine/streams/stream-rates.ts'
import type { StreamRecord } from '../engine/streams/streams.ts'
import { SharedEndpoints } from './endpoints.ts'
import { Metrics } from './metrics.ts'
import type { NativeContext } from './native/context.ts'
import { openApiServer } from './server.ts'

export interface TestServer extends AsyncDisposable {
  readonly url: string
  readonly engine: Engine
  readonly endpoints: SharedEndpoints
  readonly metrics: Metrics
  /** What the control plane answers; tests add to it. */
  readonly objects: ResourceObject[]
  readonly retained: ResourceObject[]
  readonly sources: ResourceObject[]
  readonly purged: string[]
  readonly planned: unknown[]
  readonly approved: (string | undefined)[]
  readonly checks: Map<string, (data: Uint8Array) => string | undefined>
  /** Tests that change `objects` say so here. */
  readonly changes: ChangeFeed
  readonly events: ControlEvent[]
  readonly flows: Map<string, PipelineFlow>
  readonly series: Map<string, readonly MetricSeries[]>
  finishFirstConvergence(): void
}

export const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

export function streamRecord(name: string, changes: Partial<StreamRecord> = {}): StreamRecord {
  return {
    name,
    id: name.split('/')[1] ?? name,
    uid: `uid-${name}`,
    owner: 'local',
    digest: 'digest',
    type: undefined,
    shards: 1,
    durability: 'durable',
    retention: { ageMs: undefined, bytes: undefined },
    compaction: 'none',
    deletionPolicy: 'Retain',
    protected: false,
    retainForMs: undefined,
    sealed: undefined,
    ...changes,
  }
}

export function resource(
  kind: Kind | 'Source' | 'RetainedStream',
  name: string,
  rest: Partial<ResourceObject> & { readonly namespace?: string } = {},
): ResourceObject {
  const { namespace = 'default', ...other } = rest
  return {
    apiVersion: API_VERSION,
    kind,
    metadata: { name, namespace, uid: `uid-${name}` },
    ...other,
  }
}

export interface TestServerOptions {
  /** Asked before each write. */
  readonly gate?: WriteGate
  readonly quotas?: QuotaReport
  readonly backup?: NativeContext['backup']
  /** In place of the small one; it has an engine of its own. */
  readonly controlPlane?: ControlPlane
}

export async function openTestServer({
  gate,
  quotas,
  backup,
  controlPlane,
}: TestServerOptions = {}): Promise<TestServer> {
  const memory = openMemoryEngine({ clock: realClock, random: realRandom, logger: SILENT })
  const engine = gate === undefined ? memory : gatedEngine(memory, gate)
  const groupLag = new GroupLag({ log: engine.log, streams: engine.streams, clock: realClock })
  const streamRates = new StreamRates(engine.streams, realClock)
  const endpoints = new SharedEndpoints(SILENT)
  const first = Promise.withResolvers<void>()
  const objects: ResourceObject[] = []
  const state = {
    objects,
    retained: [] as ResourceObject[],
    sources: [] as ResourceObject[],
    purged: [] as string[],
    planned: [] as unknown[],
    approved: [] as (string | undefined)[],
    checks: new Map<string, (data: Uint8Array) => string | undefined>(),
    changes: changesOf(objects),
    events: [] as ControlEvent[],
    flows: new Map<string, PipelineFlow>(),
    series: new Map<string, readonly MetricSeries[]>(),
  }
  const metrics = new Metrics({
    pipelines: () => [
      {
        kind: 'Pipeline',
        name: 'clean',
        stream: 'clean',
        namespace: 'default',
        flow: undefined,
        series: [
          {
            kind: 'counter',
            name: 'input_received',
            labels: { label: '', path: 'root.input' },
            value: 5,
          },
        ],
      },
    ],
    engine: () => engine.measures(),
    streams: () => engine.streams.describe(),
    quotas: () => quotas?.uses() ?? [],
    groups: () => groupLag.measureAll(engine.groups.describe()),
    nowUs: () => realClock.wallUs(),
  })
  const server = openApiServer({
    controlPlane: controlPlane ?? controlPlaneOf(state, first.promise),
    engine,
    streams: directoryOf(engine, state.checks),
    groupLag,
    streamRates,
    clock: realClock,
    random: realRandom,
    endpoints,
    metrics,
    logger: SILENT,
    backup,
    build: { version: '0.1.0', built: 'source' },
  })
  const { url } = await server.listen({ host: '127.0.0.1', port: 0 })
  return {
    url,
    engine,
    endpoints,
    metrics,
    ...state,
    finishFirstConvergence: () => first.resolve(),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]()
      streamRates[Symbol.dispose]()
      await engine[Symbol.asyncDispose]()
    },
  }
}

interface State {
  readonly objects: ResourceObject[]
  readonly retained: ResourceObject[]
  readonly sources: ResourceObject[]
  readonly purged: string[]
  readonly planned: unknown[]
  readonly approved: (string | undefined)[]
  readonly changes: ChangeFeed
  readonly events: ControlEvent[]
  readonly flows: Map<string, PipelineFlow>
  readonly series: Map<string, readonly MetricSeries[]>
}

function changesOf(objects: readonly ResourceObject[]): ChangeFeed {
  let revision = 41
  return new ChangeFeed({
    identities: () => objects.map(identityOf),
    read: (identity) =>
      objects.find((object) => identityKey(identityOf(object)) === identityKey(identity)),
    drawRevision: () => {
      revision += 1
      return revision
    },
  })
}

function identityOf({ kind, metadata }: ResourceObject): Identity {
  return { kind: kind as Kind, namespace: metadata.namespace ?? 'default', name: metadata.name }
}

const NO_CONNECT: ConnectStreams = {
  list: () => [],
  get: () => undefined,
  standstill: () => undefined,
  config: () => undefined,
  digest: () => 'nothing',
  connections: () => [],
  series: () => [],
  resourceSeries: () => [],
  create: () => refuseWrite(),
  replace: () => refuseWrite(),
  merge: () => refuseWrite(),
  remove: () => refuseWrite(),
  replaceAll: () => refuseWrite(),
  putResource: () => refuseWrite(),
}

function controlPlaneOf(state: State, firstConvergence: Promise<void>): ControlPlane {
  const within = (objects: ResourceObject[], namespace: string | undefined): ResourceObject[] =>
    objects.filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace)
  const named = (objects: ResourceObject[], name: string): ResourceObject | undefined =>
    objects.find(({ metadata }) => metadata.name === name)
  return {
    resources: resourcesOf(state, within),
    sources: {
      list: () => state.sources,
      get: (name) => named(state.sources, name),
      plan: async (source, files) => {
        state.planned.push(files)
        const setDigest = 'set'
        const plan = {
          source,
          setDigest,
          digest: 'd',
          destructiveDigest: undefined,
          actions: [],
          kept: 3,
        }
        return { plan, problems: [] }
      },
      planned: () => undefined,
      apply: async () => {
        throw new HeadgateError('NotFound', 'this control plane takes no sets')
      },
      approve: async (source, digest) => {
        if (digest === 'other') throw new HeadgateError('DigestMismatch', 'expected x, got other')
        state.approved.push(digest)
        return { source, digest: digest ?? 'now', actions: ['delete Stream default/orders'] }
      },
      firstConvergence: () => firstConvergence,
    },
    writes: {
      written: () => undefined,
      put: () => refuseWrite(),
      remove: () => refuseWrite(),
    },
    ownership: {
      adopt: () => refuseWrite(),
      transfer: () => refuseWrite(),
      release: () => refuseWrite(),
    },
    retained: {
      list: (namespace) => within(state.retained, namespace),
      get: (namespace, name) => named(within(state.retained, namespace), name),
      purge: async (namespace, name) => {
        state.purged.push(`${namespace}/${name}`)
      },
    },
    history: {
      list: () => [],
      get: () => undefined,
      diff: () => [],
      pin: () => undefined,
      rollback: () => refuseWrite(),
      resume: () => refuseWrite(),
    },
    suspensions: {
      source: () => undefined,
      resource: () => undefined,
      resources: () => new Map(),
      suspend: () => refuseWrite(),
      resume: () => refuseWrite(),
    },
    events: {
      list: () => state.events,
      watch: () => ({ [Symbol.dispose]: () => undefined }),
    },
    connect: NO_CONNECT,
    runs: {
      restart: () => refuseWrite(),
      pause: () => refuseWrite(),
      reset: () => refuseWrite(),
    },
    taps: {
      places: () => [],
      tap: () => ({ [Symbol.dispose]: () => undefined }),
    },
    seriesOf: (identity) => state.series.get(identityKey(identity)) ?? [],
    flowOf: (identity) => state.flows.get(identityKey(identity)),
    why: () => undefined,
    reconcile: () => refuseWrite(),
  }
}

function resourcesOf(
  state: State,
  within: (objects: ResourceObject[], namespace: string | undefined) => ResourceObject[],
): Resources {
  const { changes } = state
  const ofKind = (kind: Kind, namespace: string | undefined): readonly ResourceObject[] =>
    within(state.objects, namespace).filter((one) => one.kind === kind)
  const versioned = (object: ResourceObject): ResourceObject =>
    changes.versioned(identityOf(object), object)
  return {
    list: (kind, namespace) => ofKind(kind, namespace).map(versioned).sort(byName),
    page: (kind, namespace, { after, limit }) => {
      const all = ofKind(kind, namespace).map(versioned).sort(byName)
      const isAfter = ({ metadata }: ResourceObject): boolean =>
        after === undefined || `${metadata.namespace}/${metadata.name}` > after
      const rest = all.filter(isAfter)
      return { objects: rest.slice(0, limit), remaining: Math.max(0, rest.length - limit) }
    },
    get: (kind, namespace, name) => {
      const object = ofKind(kind, namespace).find(({ metadata }) => metadata.name === name)
      return object && versioned(object)
    },
    revision: () => String(changes.revision()),
    watch: (kind, namespace, from, listener) => changes.watch({ kind, namespace }, from, listener),
  }
}

async function refuseWrite(): Promise<never> {
  throw new HeadgateError('NotFound', 'this control plane takes no writes')
}

function directoryOf(
  engine: Engine,
  checks: ReadonlyMap<string, (data: Uint8Array) => string | undefined>,
): StreamDirectory {
  return {
    resolve: (namespace, name) => {
      const [found] = engine.streams.describe([`${namespace}/${name}`])
      if (found === undefined || found.sealed !== undefined) return undefined
      return { stream: found.name, incarnation: found.incarnation, check: checks.get(found.name) }
    },
  }
}
