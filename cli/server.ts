/**
 * Puts a server together: the engine on disk, the control plane over it, and the API before both.
 *
 * The lock of the data directory comes before any port, so that a second process says what is really wrong. On the
 * way out the API stops taking requests first, then pipelines drain, then the engine closes.
 */
import { SharedEndpoints } from '../api/endpoints.ts'
import type { FlowSample } from '../api/flow-metrics.ts'
import { Metrics } from '../api/metrics.ts'
import type { PipelineSample } from '../api/pipeline-metrics.ts'
import { openApiServer } from '../api/server.ts'
import type { ConvergenceReport } from '../controllers/apply/convergence.ts'
import { copyCatalog } from '../controllers/catalog/copy-catalog.ts'
import type { ControlPlane } from '../controllers/control-plane.ts'
import type { Builders, ControlPlaneOptions } from '../controllers/control-plane-options.ts'
import { FileCache } from '../controllers/sets/file-cache.ts'
import type { Inspector } from '../controllers/sets/inspector.ts'
import { readSet } from '../controllers/sets/read-set.ts'
import { DirectorySource } from '../controllers/sources/directory-source.ts'
import type { SourceDeclaration } from '../controllers/sources/source.ts'
import { type RunningControlPlane, startControlPlane } from '../controllers/start-control-plane.ts'
import type { SinkSpec } from '../crds/generated/specs.gen.ts'
import { kinds } from '../crds/kinds.ts'
import { type Identity, KINDS } from '../crds/resource.ts'
import type { BackupResult } from '../engine/backup.ts'
import { probeExclusive } from '../engine/components/probe-exclusive.ts'
import type { Engine } from '../engine/engine.ts'
import { type DiskEngine, openDiskEngine } from '../engine/log/disk-engine.ts'
import type { WriteGate } from '../engine/log/write-gate.ts'
import { buildPipeline } from '../engine/pipelines/build-pipeline.ts'
import { inspectPipeline } from '../engine/pipelines/inspect-pipeline.ts'
import { ResourceLabels } from '../engine/pipelines/resource-labels.ts'
import { lowerSink } from '../engine/pipelines/sink.ts'
import type { Logger } from '../engine/ports/logger.ts'
import { realClock } from '../engine/ports/real-clock.ts'
import { realDisk } from '../engine/ports/real-disk.ts'
import { realRandom } from '../engine/ports/real-random.ts'
import type { Tracing } from '../engine/ports/tracing.ts'
import { GroupLag } from '../engine/streams/group-lag.ts'
import { NamespaceQuotas } from '../engine/streams/quotas.ts'
import { StreamRates } from '../engine/streams/stream-rates.ts'
import { build } from './build.ts'
import { inspectorOf } from './inspector.ts'
import { pinoLogger } from './pino-logger.ts'
import { readServerConfig } from './server-config.ts'
import type { ConvergedSource, RunningServer, ServerOptions } from './server-options.ts'
import type { RunningKind } from './start-screen.ts'

export async function wireServer(options: ServerOptions): Promise<RunningServer> {
  const config = readServerConfig(options)
  const { sources: declarations, quotas: limits, engineId } = config
  const quotas = new NamespaceQuotas(limits, realClock)
  const logger = pinoLogger(process.stderr, process.env['HEADGATE_LOG_LEVEL'])
  await using started = new AsyncDisposableStack()
  const engine = started.use(await openEngine(options.dataDirectory, quotas, logger, engineId))
  const groupLag = new GroupLag({ log: engine.log, streams: engine.streams, clock: realClock })
  const streamRates = started.use(new StreamRates(engine.streams, realClock))
  const endpoints = new SharedEndpoints(logger)
  let stopping = false
  const labels = new ResourceLabels()
  const plane: OpenPlane = { current: undefined, inspector: inspectorOf(labels) }
  const metrics = metricsOf(engine, groupLag, quotas, plane)
  const controlPlane = started.use(
    await startControlPlane({
      engine,
      clock: realClock,
      random: realRandom,
      logger,
      endpoints,
      stdin: process.stdin,
      stdout: process.stdout,
      dataDirectory: options.dataDirectory,
      secretsDirectory: options.secretsDirectory,
      directory: process.cwd(),
      env: process.env,
      ...sourcesOf(declarations, plane),
      labels,
      builders: buildersOf(plane, labels),
      quotas,
      policies: config.policies,
      alerts: config.alerts,
      pruneSettleMs: options.pruneSettleMs,
      resources: options.resources,
      ...(await tracingOf(started)),
      onConvergence: (report: ConvergenceReport) => {
        // A look that was cut short by the end has nothing to tell.
        if (stopping) return
        metrics.observeConvergence(report.elapsedMs / 1000)
        options.onConvergence(report, convergedSource(report.source, declarations))
      },
    }),
  )
  plane.current = controlPlane
  const api = started.use(
    openApiServer({
      controlPlane,
      engine,
      streams: controlPlane.streams,
      groupLag,
      streamRates,
      clock: realClock,
      random: realRandom,
      endpoints,
      metrics,
      logger,
      backup: (directory) => backUp(engine, directory, options.dataDirectory),
      build: build(),
    }),
  )
  const { url } = await api.listen(options.listen).catch((error: unknown) => {
    stopping = true
    throw error
  })
  const parts = started.move()
  return {
    url,
    firstConvergence: () => controlPlane.sources.firstConvergence(),
    running: () => runningKinds(controlPlane),
    streamToLookAt: () => streamToLookAt(controlPlane),
    [Symbol.asyncDispose]: () => {
      stopping = true
      return parts.disposeAsync()
    },
  }
}

const TRACES_FLUSH_MS_MAX = 2_000
/** Where the API keeps what was registered, for all copies of it in a process. Without it, it need not be loaded. */
const OPEN_TELEMETRY = Symbol.for('opentelemetry.js.api.1')

/** Those of the provider that was registered before; what has ended is sent once all that runs has stopped. */
async function tracingOf(
  started: AsyncDisposableStack,
): Promise<Pick<ControlPlaneOptions, 'tracing'>> {
  if (!(OPEN_TELEMETRY in globalThis)) return {}
  const { openTelemetry } = await import('../engine/ports/open-telemetry.ts')
  const tracing = openTelemetry(build().version)
  if (tracing === undefined) return {}
  started.defer(() => flush(tracing))
  return { tracing }
}

/** A collector that does not answer holds nobody up for long. */
async function flush(tracing: Tracing): Promise<void> {
  const flushed = new AbortController()
  const late = realClock.sleep(TRACES_FLUSH_MS_MAX, flushed.signal).catch(() => {})
  await Promise.race([tracing.flush(), late])
  flushed.abort()
}

function convergedSource(
  source: string,
  declarations: readonly SourceDeclaration[],
): ConvergedSource {
  const declaration = declarations.find(({ name }) => name === source)
  const folder = declaration?.type === 'api' ? undefined : declaration?.location
  const isTheOnlyOne = declarations.length === 1 && declaration !== undefined
  return { folder, isTheOnlyOne }
}

function metricsOf(
  engine: Engine,
  groupLag: GroupLag,
  quotas: NamespaceQuotas,
  plane: PlaneReference,
): Metrics {
  return new Metrics({
    pipelines: () => samplesOf(plane.current),
    engine: () => engine.measures(),
    streams: () => engine.streams.describe(),
    quotas: () => quotas.uses(),
    groups: () => groupLag.measureAll(engine.groups.describe()),
    nowUs: () => realClock.wallUs(),
  })
}

function openEngine(
  directory: string,
  gate: WriteGate,
  logger: Logger,
  expectedId: string | undefined,
): Promise<DiskEngine> {
  return openDiskEngine({
    directory,
    clock: realClock,
    random: realRandom,
    disk: realDisk,
    logger,
    gate,
    ...(expectedId === undefined ? {} : { expectedId }),
  })
}

/** With the catalog: what only it knows, approvals above all, is not in the engine. */
function backUp(
  engine: DiskEngine,
  directory: string,
  dataDirectory: string,
): Promise<BackupResult> {
  const alongside = async (incomplete: string): Promise<void> =>
    copyCatalog(dataDirectory, incomplete)
  return engine.backup({ directory, alongside })
}

interface OpenPlane extends PlaneReference {
  current: ControlPlane | undefined
}

function buildersOf(plane: PlaneReference, labels: ResourceLabels): Builders {
  return {
    buildPipeline,
    inspectPipeline: (config) => inspectPipeline(config, { shared: labels }),
    probeExclusive,
    lowerSink: (name, spec) => lowerSink(name, spec as unknown as SinkSpec),
    readFiles: fileReader(plane),
  }
}

interface PlaneReference {
  readonly current: ControlPlane | undefined
  readonly inspector: Inspector
}

/** Those that are read, and those that are posted to. */
function sourcesOf(
  declarations: readonly SourceDeclaration[],
  plane: PlaneReference,
): Pick<ControlPlaneOptions, 'sources' | 'posted'> {
  return {
    sources: declarations
      .filter(({ type }) => type !== 'api')
      .map((declaration) => sourceOf(declaration, plane)),
    posted: declarations.filter(({ type }) => type === 'api'),
  }
}

function sourceOf(declaration: SourceDeclaration, plane: PlaneReference): DirectorySource {
  return new DirectorySource({
    declaration,
    clock: realClock,
    inspector: plane.inspector,
    known: (identity) => isKnown(identity, plane),
    held: () => heldFiles(declaration.name, plane),
    directory: process.cwd(),
  })
}

function isKnown({ kind, namespace, name }: Identity, { current }: PlaneReference): boolean {
  return current?.resources.get(kind, namespace, name) !== undefined
}

/** Files of the source that hold what the catalog has. */
function heldFiles(source: string, { current }: PlaneReference): ReadonlySet<string> {
  const objects = KINDS.flatMap((kind) => current?.resources.list(kind, undefined) ?? [])
  const origins = objects
    .map(({ status }) => status as OriginStatus | undefined)
    .filter((status) => status?.owner === source)
  return new Set(origins.map((status) => (status?.origin ?? '').replace(/(:[0-9]+){0,2}$/, '')))
}

interface OriginStatus {
  readonly owner?: string
  /** `file:line:column` */
  readonly origin?: string
}

/** What was read of a source before is remembered: posted sets are mostly what they were. */
function fileReader(plane: PlaneReference): Builders['readFiles'] {
  const caches = new WeakMap<SourceDeclaration, FileCache>()
  return (declaration, files, known = (identity) => isKnown(identity, plane)) => {
    const cache = caches.get(declaration) ?? new FileCache(plane.inspector)
    caches.set(declaration, cache)
    const { name, scope, grants } = declaration
    return readSet({
      source: name,
      scope,
      grants,
      directory: process.cwd(),
      files: files.map(({ path, text }) => ({ path, bytes: Buffer.from(text) })),
      notes: [],
      unreadable: [],
      cache,
      known,
      held: () => false,
    })
  }
}

/** Sinks run as pipelines and are counted like them. */
function samplesOf(plane: ControlPlane | undefined): readonly (PipelineSample & FlowSample)[] {
  if (plane === undefined) return []
  const series = plane.connect.resourceSeries()
  const none = { stream: '', namespace: 'default', name: '', flow: undefined }
  const shared = series.length === 0 ? [] : [{ kind: 'Pipeline' as const, ...none, series }]
  const own = (['Pipeline', 'Sink'] as const).flatMap((kind) =>
    plane.resources.list(kind, undefined).map(({ metadata, spec }) => {
      const { name, namespace = 'default' } = metadata
      const stream = (spec as { readonly id?: string } | undefined)?.id ?? name
      const identity = { kind, namespace, name }
      const [series, flow] = [plane.seriesOf(identity), plane.flowOf(identity)]
      return { kind, stream, namespace, name, series, flow }
    }),
  )
  return [...shared, ...own]
}

function streamToLookAt({ resources }: ControlPlane): string | undefined {
  const streams = resources.list('Stream', 'default')
  const typed = streams.find(({ spec }) => (spec as { readonly type?: string } | undefined)?.type)
  return (typed ?? streams[0])?.metadata.name
}

function runningKinds(plane: RunningControlPlane): readonly RunningKind[] {
  return Object.values(kinds).map(({ kind, plural }) => ({
    plural,
    names: plane.resources
      .list(kind, undefined)
      .map(({ metadata: { name, namespace } }) =>
        namespace === undefined || namespace === 'default' ? name : `${namespace}/${name}`,
      ),
  }))
}
