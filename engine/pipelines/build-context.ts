/**
 * What a component's `build` may use: the environment, compiled Bloblang, durations, and components within it.
 *
 * Texts were checked when the config was inspected, so compiling them here fails only where a defect of ours let one
 * pass; it then throws ComponentConfigInvalid or BloblangInvalid.
 */
import type { Interpolation, Mapping, MappingFailure, Overlay, Query } from '../bloblang/mapping.ts'
import type { HeadgateError } from '../error.ts'
import type { Cache } from './cache.ts'
import type { Input, Output } from './component.ts'
import type { ComponentMetrics } from './component-metrics.ts'
import type { Batch } from './message.ts'
import type { PipelineEnvironment } from './pipeline.ts'
import type { Positions } from './positions.ts'
import type { RateLimit } from './rate-limit.ts'
import type { OutgoingTrace } from './tracing/message-trace.ts'

export interface BuildContext {
  readonly environment: PipelineEnvironment
  /** Empty when the config gives none. */
  readonly label: string
  /** As upstream writes it, for metrics and `error_source_path()`: `root.pipeline.processors.0`. */
  readonly path: string
  /** What only this component counts; what all of its role count, the runtime counts around it. */
  readonly metrics: ComponentMetrics
  mapping(text: string): Mapping
  /** A mapping that reads one message and writes into another. */
  overlay(text: string): Overlay
  query(text: string): Query
  interpolation(text: string): Interpolation
  /** Connect's grammar (`5s`, `1m30s`, `500ms`); empty text is undefined. */
  durationMs(text: string): number | undefined
  /** What tells the receiver of a message which trace it belongs to; for headers of what this component sends. */
  readonly trace: OutgoingTrace
  /** The error flag of this component; it is counted. */
  failure(thrown: unknown): MappingFailure
  /** Fails the whole pipeline, at once. */
  crash(error: HeadgateError): void
  /** Shows in the status what is wrong with the component, until it reports undefined. What it does is not held up. */
  report(trouble: HeadgateError | undefined): void
  /** Nested processors; `at` is the path of the list within the component's config: `['processors']`, or `[]`. */
  processors(configs: readonly unknown[], at: readonly (string | number)[]): Promise<ProcessorChain>
  /** What an entry of the pipeline's `processor_resources` says: its name, and its config with defaults filled in. */
  processorConfig(label: string): Promise<{ readonly name: string; readonly config: unknown }>
  /** A nested output with its common fields; connected and closed by whoever asked for it. */
  output(config: unknown, at: readonly (string | number)[]): Promise<Output>
  /**
   * A nested input, connected and closed by whoever asked for it. It connects again by itself, and its batches say who
   * repeats them and bring its processors along: handed on as they are, they keep their marks and are replayed by the
   * runtime. Whoever makes other batches of them answers for both.
   */
  input(config: unknown, at: readonly (string | number)[]): Promise<Input>
  /**
   * Judges a component that was posted while the pipeline runs, before it is built. Rejects with what is wrong with it,
   * or where it would use what is granted or decided when a pipeline is applied.
   */
  admit(role: 'input' | 'output', config: unknown): Promise<void>
  /** For an input that makes other batches of those of nested inputs. */
  positions(): Positions
  /** The resource of that label, the same one for all who ask; whoever asked does not close it. */
  cache(label: string): Promise<Cache>
  rateLimit(label: string): Promise<RateLimit>
}

/** Processors in order. A processor that throws flags its batch; the chain itself never throws. */
export interface ProcessorChain {
  run(batch: Batch, signal: AbortSignal): readonly Batch[] | Promise<readonly Batch[]>
  /** Of batches that other processors made of one. */
  runAll(
    batches: readonly Batch[],
    signal: AbortSignal,
  ): readonly Batch[] | Promise<readonly Batch[]>
  /** Whether each message fares in it as if it were alone. */
  readonly alone: boolean
  /** Each of its processors as a chain of its own, in order, for whoever looks at what one did before the next. */
  parts(): readonly ProcessorChain[]
  close(): Promise<void>
}
