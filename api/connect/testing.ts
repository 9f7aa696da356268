/** A real server on a port of its own, with real pipelines over the engine in memory, for tests of the Connect API. */
import { PassThrough } from 'node:stream'
import type { ControlPlaneOptions } from '../../controllers/control-plane-options.ts'
import { FileCache } from '../../controllers/sets/file-cache.ts'
import { readSet } from '../../controllers/sets/read-set.ts'
import type { Source } from '../../controllers/sources/source.ts'
import {
  type RunningControlPlane,
  startControlPlane,
} from '../../controllers/start-control-plane.ts'
import { probeExclusive } from '../../engine/components/probe-exclusive.ts'
import { openMemoryEngine } from '../../engine/log/memory-engine.ts'
import { buildPipeline } from '../../engine/pipelines/build-pipeline.ts'
import { inspectPipeline } from '../../engine/pipelines/inspect-pipeline.ts'
import { ResourceLabels } from '../../engine/pipelines/resource-labels.ts'
import { lowerSink } from '../../engine/pipelines/sink.ts'
import type { Logger } from '../../engine/ports/logger.ts'
import { realClock } from '../../engine/ports/real-clock.ts'
import { realRandom } from '../../engine/ports/real-random.ts'
import { GroupLag } from '../../engine/streams/group-lag.ts'
import { StreamRates } from '../../engine/streams/stream-rates.ts'
import { SharedEndpoints } from '../endpoints.ts'
import { Metrics } from '../metrics.ts'
import { openApiServer } from '../server.ts'

export interface ConnectServer extends AsyncDisposable {
  readonly url: string
  readonly plane: RunningControlPlane
  /** The configs that pipelines were last built from, by name, with their secrets. */
  readonly built: ReadonlyMap<string, unknown>
  call(
    method: string,
    path: string,
    body?: string,
    headers?: Record<string, string>,
  ): Promise<Answer>
}

export interface Answer {
  readonly status: number
  readonly type: string | null
  readonly text: string
  readonly headers: Headers
}

const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

export interface ConnectServerOptions extends Partial<ControlPlaneOptions> {
  readonly sources?: readonly Source[]
}

export async function openConnectServer(given: ConnectServerOptions = {}): Promise<ConnectServer> {
  const engine = given.engine ?? openMemoryEngine({ clock: realClock, random: realRandom })
  const endpoints = new SharedEndpoints(SILENT)
  const labels = new ResourceLabels()
  const built = new Map<string, unknown>()
  const plane = await startControlPlane({
    engine,
    clock: realClock,
    random: realRandom,
    logger: SILENT,
    endpoints,
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    dataDirectory: ':memory:',
    secretsDirectory: undefined,
    directory: process.cwd(),
    env: {},
    sources: [],
    builders: {
      buildPipeline: (config, environment) => {
        built.set(environment.name, config)
        return buildPipeline(config, environment)
      },
      inspectPipeline: (config) => inspectPipeline(config, { shared: labels }),
      probeExclusive,
      lowerSink: (name, spec) => lowerSink(name, spec as never),
      readFiles: reader(labels),
    },
    labels,
    stopDeadlineMs: 2_000,
    ...given,
  })
  const groupLag = new GroupLag({ log: engine.log, streams: engine.streams, clock: realClock })
  const api = openApiServer({
    controlPlane: plane,
    engine,
    streams: plane.streams,
    groupLag,
    streamRates: new StreamRates(engine.streams, realClock),
    clock: realClock,
    random: realRandom,
    endpoints,
    metrics: new Metrics({
      pipelines: () => [],
      engine: () => engine.measures(),
      streams: () => [],
      quotas: () => [],
      groups: async () => [],
      nowUs: () => realClock.wallUs(),
    }),
    logger: SILENT,
    build: { version: '1.2.3', built: 'source' },
  })
  const { url } = await api.listen({ host: '127.0.0.1', port: 0 })
  return {
    url,
    plane,
    built,
    call: (method, path, body, headers) => call(url + path, method, body, headers),
    [Symbol.asyncDispose]: async () => {
      await api[Symbol.asyncDispose]()
      await plane[Symbol.asyncDispose]()
    },
  }
}

const reader =
  (shared: ResourceLabels): ControlPlaneOptions['builders']['readFiles'] =>
  (declaration, files, known) =>
    readSet({
      source: declaration.name,
      scope: declaration.scope,
      grants: declaration.grants,
      directory: process.cwd(),
      files: files.map(({ path, text }) => ({ path, bytes: Buffer.from(text) })),
      notes: [],
      unreadable: [],
      cache: new FileCache({
        pipeline: (config) => inspectPipeline(config, { shared }),
        sink: () => inspectPipeline({}),
      }),
      known: known ?? (() => false),
      held: () => false,
    })

async function call(
  url: string,
  method: string,
  body: string | undefined,
  headers: Record<string, string> = { 'content-type': 'application/x-www-form-urlencoded' },
): Promise<Answer> {
  const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) })
  const text = await response.text()
  const { status, headers: given } = response
  return { status, type: given.get('content-type'), text, headers: given }
}
