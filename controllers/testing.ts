/** What the control plane's tests are built from: sets written by hand, a source that says them, pipelines in memory. */
import { createHash } from 'node:crypto'
import { PassThrough } from 'node:stream'
import { type Identity, identityKey, type Kind } from '../crds/resource.ts'
import type { Engine } from '../engine/engine.ts'
import { HeadgateError } from '../engine/error.ts'
import { openMemoryEngine } from '../engine/log/memory-engine.ts'
import type {
  ConnectionStatus,
  LatencySummary,
  MetricSeries,
  Pipeline,
  PipelineEnvironment,
  PipelineState,
} from '../engine/pipelines/pipeline.ts'
import type { StreamReading } from '../engine/pipelines/stream-readings.ts'
import type { TapPlace } from '../engine/pipelines/tap-point.ts'
import type { Clock } from '../engine/ports/clock.ts'
import type { Logger } from '../engine/ports/logger.ts'
import { SeededRandom } from '../engine/ports/seeded-random.ts'
import { SimulatedClock } from '../engine/ports/simulated-clock.ts'
import type { ConvergenceReport } from './apply/convergence.ts'
import { impliedSource } from './config/implied-source.ts'
import type { ControlPlaneOptions } from './control-plane-options.ts'
import type { Member, Reference, Resource, ResourceSet } from './sets/resource-set.ts'
import type { Source, SourceDeclaration } from './sources/source.ts'

export type Spec = Readonly<Record<string, unknown>>

/** `declare('Stream', 'orders', {shards: 2})`, in namespace default. */
export function declare(kind: Kind, name: string, spec: Spec = {}, file?: string): Member {
  const identity: Identity = { kind, namespace: 'default', name }
  const resource: Resource = {
    identity,
    id: typeof spec['id'] === 'string' ? spec['id'] : name,
    labels: {},
    annotations: {},
    spec,
    digest: sha256([kind, name, spec]),
    references: referencesOf(kind, spec),
  }
  const origin = { file: file ?? `${name}.yaml`, line: 1, column: 1 }
  return { state: 'valid', identity, origin, resource, problems: [] }
}

export function invalid(kind: Kind, name: string): Member {
  const identity: Identity = { kind, namespace: 'default', name }
  const origin = { file: `${name}.yaml`, line: 1, column: 1 }
  const problem = {
    ...origin,
    layer: 'schema',
    code: 'YamlSyntax',
    severity: 'error',
    message: 'expected a number, got text',
  } as const
  return { state: 'invalid', identity, origin, problems: [problem] }
}

export function setOf(
  members: readonly Member[],
  { source = 'local', incomplete }: { source?: string; incomplete?: string } = {},
): ResourceSet {
  const sorted = members.map((member) => [
    identityKey(member.identity),
    member.state === 'valid' ? member.resource.digest : 'invalid',
  ])
  return {
    source,
    digest: sha256([sorted.map(String).sort(), incomplete]),
    complete: incomplete === undefined,
    incompleteBecause: incomplete === undefined ? [] : [incomplete],
    members: new Map(members.map((member) => [identityKey(member.identity), member])),
    problems: members.flatMap(({ problems }) => problems),
    notes: [],
  }
}

export function declarationOf(
  name: string,
  given: Partial<SourceDeclaration> = {},
): SourceDeclaration {
  return { ...impliedSource('/config', name), ...given }
}

/** Says the set it was given last. */
export class FakeSource implements Source {
  readonly declaration: SourceDeclaration
  set: ResourceSet
  reads = 0
  #lookAgain: () => void = () => undefined

  constructor(set: ResourceSet, declaration: SourceDeclaration = declarationOf(set.source)) {
    this.set = set
    this.declaration = declaration
  }

  async read(): Promise<ResourceSet> {
    this.reads += 1
    return this.set
  }

  watch(lookAgain: () => void): Disposable {
    this.#lookAgain = lookAgain
    return { [Symbol.dispose]: () => undefined }
  }

  say(set: ResourceSet): void {
    this.set = set
    this.#lookAgain()
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

export class FakePipeline implements Pipeline {
  readonly config: unknown
  phase: PipelineState['phase'] = 'built'
  readonly #refuses: () => boolean
  readonly #listeners = new Set<() => void>()

  constructor(config: unknown, refuses: () => boolean) {
    this.config = config
    this.#refuses = refuses
  }

  async connect(): Promise<void> {
    if (this.#refuses()) throw new HeadgateError('ResourceBusy', 'The port is taken.')
    this.turn('running')
  }

  async stop(): Promise<'drained'> {
    this.turn('stopped')
    return 'drained'
  }

  state(): PipelineState {
    const counters = { inputReceived: 0, processorErrors: 0, outputSent: 0, outputErrors: 0 }
    return { phase: this.phase, connected: this.phase === 'running', message: undefined, counters }
  }

  connections(): readonly ConnectionStatus[] {
    const connected = this.phase === 'running'
    return ['root.input', 'root.output'].map((path) => ({ label: '', path, connected }))
  }

  readings(): readonly StreamReading[] {
    return []
  }

  latency(): LatencySummary {
    return { p50: 0, p90: 0, p99: 0, count: 0, sum: 0 }
  }

  series(): readonly MetricSeries[] {
    const labels = { label: '', path: 'root.input' }
    return [{ kind: 'counter', name: 'input_received', labels, value: 0 }]
  }

  tapPlaces(): readonly TapPlace[] {
    return []
  }

  tap(): Disposable {
    throw new HeadgateError('NotFound', 'nothing runs here')
  }

  watch(listener: () => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  turn(phase: PipelineState['phase']): void {
    this.phase = phase
    for (const listener of this.#listeners) listener()
  }
}

/** Every change of a stream goes through `act`, which may refuse it, or die. */
export function engineThat(
  engine: Engine,
  act: <T>(change: () => Promise<T>) => Promise<T>,
): Engine {
  const { log, groups, capabilities, streams } = engine
  return {
    log,
    groups,
    capabilities,
    condition: () => engine.condition(),
    measures: () => engine.measures(),
    [Symbol.asyncDispose]: async () => undefined,
    streams: {
      create: (...given) => act(() => streams.create(...given)),
      alter: (...given) => act(() => streams.alter(...given)),
      rename: (...given) => act(() => streams.rename(...given)),
      delete: (...given) => act(() => streams.delete(...given)),
      describe: (names) => streams.describe(names),
      watch: (listener) => streams.watch(listener),
    },
  }
}

export interface World {
  readonly options: ControlPlaneOptions
  readonly engine: Engine
  readonly clock: SimulatedClock
  readonly pipelines: FakePipeline[]
  readonly reports: ConvergenceReport[]
  /** Configs for which connect is refused. */
  readonly refuse: { when: (config: unknown) => boolean }
}

export function worldOf(
  sources: readonly Source[],
  given: Partial<ControlPlaneOptions> & { readonly clock?: Clock } = {},
): World {
  const clock = new SimulatedClock()
  const random = new SeededRandom(1)
  const engine = given.engine ?? openMemoryEngine({ clock, random })
  const pipelines: FakePipeline[] = []
  const reports: ConvergenceReport[] = []
  const refuse = { when: (_config: unknown): boolean => false }
  const options: ControlPlaneOptions = {
    engine,
    clock,
    random,
    logger: SILENT,
    endpoints: { mount: () => ({ [Symbol.dispose]: () => undefined }) },
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    dataDirectory: ':memory:',
    secretsDirectory: undefined,
    directory: '/srv',
    env: {},
    sources,
    pruneSettleMs: 0,
    builders: {
      async buildPipeline(config: unknown, _environment: PipelineEnvironment) {
        const pipeline = new FakePipeline(config, () => refuse.when(config))
        pipelines.push(pipeline)
        return pipeline
      },
      inspectPipeline: async () => ({
        problems: [],
        streams: [],
        needs: [],
        exclusives: [],
        secrets: [],
        atLeastOnceBecause: undefined,
      }),
      lowerSink: (name, spec) => ({ sink: name, ...spec }),
      readFiles: async ({ name }) => setOf([], { source: name }),
    },
    onConvergence: (report) => reports.push(report),
    ...given,
  }
  return { options, engine, clock, pipelines, reports, refuse }
}

const nothing = (): void => undefined
const SILENT: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }

function referencesOf(kind: Kind, spec: Spec): readonly Reference[] {
  const to = (target: Kind, name: unknown, access: Reference['access']): Reference[] =>
    typeof name === 'string'
      ? [{ to: { kind: target, namespace: 'default', name }, access, path: [] }]
      : []
  if (kind === 'Stream') return to('StreamType', spec['type'], 'use')
  if (kind === 'StreamType') return to('StreamType', spec['baseType'], 'use')
  return [...to('Stream', spec['reads'], 'read'), ...to('Stream', spec['writes'], 'write')]
}

function sha256(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex')
}
