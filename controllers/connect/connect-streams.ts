/**
 * Streams as Redpanda Connect's streams mode has them, over the Pipelines of the namespace `default`: all of them are
 * read, and those that came through this API are written.
 *
 * Every write is one change of one posted set: judged in whole, planned, carried out in whole or taken back, and durable
 * before it resolves. A stream that stops for long holds up the writes of that stream and of the whole set, no others.
 */
import type { ConnectionStatus, MetricSeries } from '../../engine/pipelines/pipeline.ts'
import type { PlanAnswer } from '../control-plane.ts'

export interface ConnectStreams {
  /** In the order of their ids. */
  list(): readonly StreamState[]
  get(id: string): StreamState | undefined
  /** Why it is not active, as a sentence for people; undefined where it has ended, or is active. */
  standstill(id: string): string | undefined
  /** As it was posted or merged, secrets hidden; undefined for an unknown stream. */
  config(id: string): unknown
  /** Of the set that was posted: it is another one after every change. */
  digest(): string
  /** Empty for what does not run. */
  connections(id: string): readonly ConnectionStatus[]
  series(id: string): readonly MetricSeries[]
  /** Of what all streams share by label. */
  resourceSeries(): readonly MetricSeries[]
  /**
   * Writes reject with LintError, YamlSyntax or LimitExceeded (the body), AlreadyExists, NotFound, Conflict (names the
   * source that owns the stream), StateMoved (the set's digest), SetRefused (what could not be, one by one) or
   * GrantMissing; nothing has changed then.
   */
  create(id: string, body: Uint8Array, options: StreamWrite): Promise<PlanAnswer>
  replace(id: string, body: Uint8Array, options: StreamWrite): Promise<PlanAnswer>
  /** Merges a part into what was posted. It is not linted. */
  merge(id: string, body: Uint8Array, options: StreamWrite): Promise<PlanAnswer>
  remove(id: string, options: StreamWrite): Promise<PlanAnswer>
  /** The body becomes all that came through this API. */
  replaceAll(body: Uint8Array, options: StreamWrite): Promise<PlanAnswer>
  /**
   * Makes a resource that all streams may name by its label, or replaces the one that is there: no stream is restarted.
   * `type` is cache, input, output, processor or rate_limit, else BadRequest.
   */
  putResource(type: string, label: string, body: Uint8Array, options: StreamWrite): Promise<void>
}

export interface StreamState {
  readonly id: string
  /** False for what has ended, is paused or could not be started. */
  readonly active: boolean
  /** Stands still once it is not active. */
  readonly uptimeMs: number
}

export interface StreamWrite {
  /** Lints, and variables that nobody set, are passed over. */
  readonly chilled: boolean
  /** Judges and plans, and changes nothing. */
  readonly dryRun: boolean
  /** Digests of the set as the caller saw it: it has to be one of them. */
  readonly expectedDigests?: readonly string[] | undefined
  /** How long what is replaced or removed may take to stop. */
  readonly stopMs?: number | undefined
  /** Aborts when the caller no longer waits: what still stops is stopped by force. */
  readonly signal?: AbortSignal | undefined
}
