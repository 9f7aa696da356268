/**
 * What the control plane knows of pipelines: a config can be inspected (pure, offline), built (acquires nothing),
 * connected, watched and stopped.
 */
import type { MappingFiles } from '../bloblang/mapping-files.ts'
import type { Engine } from '../engine.ts'
import type { Clock } from '../ports/clock.ts'
import type { Endpoints } from '../ports/endpoints.ts'
import type { Logger } from '../ports/logger.ts'
import type { Random } from '../ports/random.ts'
import type { Tracing } from '../ports/tracing.ts'
import type { SharedComponents } from './namespace-resources.ts'
import type { StandIn } from './stand-in.ts'
import type { StreamReading } from './stream-readings.ts'
import type { TapListener } from './tap.ts'
import type { TapPlace } from './tap-point.ts'
import type { TapOptions } from './taps.ts'

/** One thing that is wrong in a config; `sets/` turns the path into file, line and column. */
export interface ConfigProblem {
  /** From the config's own root: `['pipeline', 'processors', 0, 'mapping']`. */
  readonly path: readonly (string | number)[]
  /** Whether the key at the end of the path is wrong, or its value. */
  readonly at: 'key' | 'value'
  readonly severity: 'error' | 'warning'
  readonly code: 'BloblangInvalid' | 'ComponentConfigInvalid' | 'ComponentUnknown' | 'GrantMissing'
  readonly message: string
  readonly expected?: string
  readonly found?: string
  readonly hint?: string
  /** Within a text value, counted from 1: Bloblang in a block scalar is reported at its own line and column. */
  readonly within?: { readonly line: number; readonly column: number }
}

/** What a config says about the world outside of it, without building anything. */
export interface PipelineInspection {
  readonly problems: readonly ConfigProblem[]
  readonly streams: readonly StreamUse[]
  readonly needs: readonly Need[]
  /** What it holds alone in the process: `port:127.0.0.1:8080`, `file:out.jsonl` (as written), `stdin`. */
  readonly exclusives: readonly string[]
  /** The files of code that it runs; none where absent. */
  readonly modules?: readonly ModuleUse[]
  /** The secrets that it refers to. */
  readonly secrets: readonly SecretReference[]
  /** Why it is only at-least-once, or undefined where it is exactly-once. */
  readonly atLeastOnceBecause: string | undefined
  /** Where `threads` ask for workers: why its processors run without. */
  readonly noWorkersBecause?: string
}

export interface StreamUse {
  readonly stream: string
  readonly access: 'read' | 'write'
  readonly path: readonly (string | number)[]
}

/** A file of code. A relative path begins at the folder of the file that declares the pipeline. */
export interface ModuleUse {
  readonly module: string
  readonly path: readonly (string | number)[]
}

/** What a source needs a grant for. */
export interface Need {
  readonly kind: 'file' | 'env' | 'command' | 'listener'
  /** The path, the variable's name, the command or `host:port`. */
  readonly name: string
  readonly path: readonly (string | number)[]
}

/** Everything that a pipeline reaches; tests hand in memory, a fake clock and their own streams. */
export interface PipelineEnvironment {
  readonly namespace: string
  /** The resource's name. */
  readonly name: string
  /** The group of its namespace that a `stream` input joins unless it names one: `pipeline.{name}` or `sink.{name}`. */
  readonly group: string
  readonly engine: Engine
  readonly clock: Clock
  readonly random: Random
  readonly endpoints: Endpoints
  /** Prefix of the paths that it mounts: `/{id}`, or `/namespaces/{ns}/{id}` outside of the default namespace. */
  readonly endpointPrefix: string
  readonly logger: Logger
  readonly stdin: NodeJS.ReadableStream
  readonly stdout: NodeJS.WritableStream
  readonly streams: StreamDirectory
  readonly secrets: SecretResolver
  /** Where relative paths of `file` components begin. */
  readonly directory: string
  /** The folder of the file that declares it, where modules begin; `directory` where absent. */
  readonly configDirectory?: string
  /** The value of an environment variable, or undefined. */
  readonly env: (name: string) => string | undefined
  /** What pipelines of its namespace share by label; nothing where absent. */
  readonly shared?: SharedComponents
  /** A config as it may be shown, without secrets; where absent, none is shown. */
  readonly mask?: (config: unknown) => unknown
  /** What its mappings may read; nothing where absent. */
  readonly files?: MappingFiles
  /** Nobody traces where absent. */
  readonly tracing?: Tracing
  /** For rehearsals: what is built in the place of a component. */
  readonly standIn?: StandIn
}

/** Finds a declared stream by the name that a config of this namespace uses. */
export interface StreamDirectory {
  resolve(namespace: string, name: string): StreamTarget | undefined
}

export interface StreamTarget {
  /** The engine's name for it. */
  readonly stream: string
  readonly incarnation: number
  /** For a typed stream: undefined when the data fits the type, else one sentence that says what does not. */
  readonly check: ((data: Uint8Array) => string | undefined) | undefined
  /** True for a compacted stream: each record needs a key. */
  readonly needsKey?: boolean
}

export interface SecretResolver {
  /** Throws SecretMissing, naming the reference and never the value. */
  resolve(reference: SecretReference): Promise<string>
}

export type SecretReference =
  | { readonly fromEnv: string }
  | { readonly fromFile: string }
  | { readonly fromSecret: { readonly name: string; readonly key: string } }

export interface Pipeline {
  /**
   * Acquires everything and starts. Resolves once what can fail locally (a port, a file) has been acquired; a remote
   * server that is away is not a failure, it is retried for ever and shows as `connected: false`.
   */
  connect(signal?: AbortSignal): Promise<void>
  /** Graceful up to the deadline, then by force; a deadline of 0 hurries a stop that is under way. Never rejects. */
  stop(deadlineMs: number): Promise<StopOutcome>
  state(): PipelineState
  /** Called whenever phase or connection changed. */
  watch(listener: () => void): Disposable
  /** Of each input and output that connects by itself; the last known once it is closed. */
  connections(): readonly ConnectionStatus[]
  /** What its components counted so far, under the names that Connect gives them. */
  series(): readonly MetricSeries[]
  /** How long messages took from their arrival to their delivery. */
  latency(): LatencySummary
  /** The streams that it reads, and as which groups. */
  readings(): readonly StreamReading[]
  /** Where its records can be looked at, in the order of its config. */
  tapPlaces(): readonly TapPlace[]
  /**
   * Shows records at a component, given by its label or path, until the limit is reached, the pipeline is closed or the
   * caller disposes of it. NotFound names those that there are; BloblangInvalid, TapsTooMany.
   */
  tap(at: string, options: TapOptions, listener: TapListener): Disposable
}

export interface ConnectionStatus {
  /** Empty where the config gives none. */
  readonly label: string
  /** `root.input`, `root.output.broker.outputs.1`. */
  readonly path: string
  readonly connected: boolean
  readonly error?: string
}

export type MetricSeries = {
  readonly name: string
  /** `label` and `path` of the component, and what else it tells apart. */
  readonly labels: Readonly<Record<string, string>>
} & (
  | { readonly kind: 'counter' | 'gauge'; readonly value: number }
  | { readonly kind: 'timing'; readonly value: TimingSummary }
)

/** In nanoseconds; zeros while nothing was observed. */
export interface TimingSummary {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly count: number
  readonly sum: number
}

/** In seconds; zeros while nothing was delivered. */
export interface LatencySummary {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  /** Messages. */
  readonly count: number
  readonly sum: number
}

export type StopOutcome = 'drained' | 'forced'

export interface PipelineState {
  readonly phase: 'built' | 'running' | 'stopping' | 'completed' | 'failed' | 'stopped'
  readonly connected: boolean
  /** What is not connected or went wrong last, for people. */
  readonly message: string | undefined
  /** What is wrong and holds nothing up: a change of a module that was not taken over. */
  readonly note?: string | undefined
  readonly counters: PipelineCounters
}

export interface PipelineCounters {
  readonly inputReceived: number
  readonly processorErrors: number
  readonly outputSent: number
  readonly outputErrors: number
}

export const STOP_DEADLINE_MS_DEFAULT = 30_000
