/**
 * What a component is: one definition object per file, from which lint, docs, JSON Schema, grants and example tests
 * all derive, and the small interfaces of the running thing that `build` makes.
 *
 * Conventions that the runtime relies on:
 * - A file `engine/components/{inputs,processors,outputs,buffers,caches,rate-limits}/NAME.ts` exports exactly one definition, annotated:
 *   `export const drop: OutputDefinition = defineOutput({ … })`. `scripts/generate-registry.ts` finds it by its folder.
 * - `build` acquires nothing and does no I/O; `connect` does. Whatever is thrown is a HeadgateError where we know the
 *   reason. From `connect`, NotConnected says "away, try again for ever"; any other error on the first attempt is a
 *   local failure (a port, a file) and makes `Pipeline.connect` reject.
 * - Retry, metrics, batching and `processors` wrap a component, they are never inside it. A common field (`label`,
 *   `processors`, and for outputs `max_in_flight` and `batching`) is not in the component's schema.
 * - Special fields come from `fields.ts` (mapping, query, interpolated, duration, nested components): they are checked
 *   offline because their schema says what they are. A component then compiles them through its BuildContext.
 */
import type { Static, TSchema } from '../../crds/typebox.ts'
import type { HeadgateError } from '../error.ts'
import type { OffsetCommit } from '../log/log.ts'
import type { BuildContext, ProcessorChain } from './build-context.ts'
import type { Cache } from './cache.ts'
import type { Batch } from './message.ts'
import type { ModuleUse, Need } from './pipeline.ts'
import type { RateLimit } from './rate-limit.ts'
import type { Enlisted, Outcome } from './transaction.ts'

export type Role = 'input' | 'buffer' | 'processor' | 'output' | 'cache' | 'rate_limit'

/* ------------------------------------------------------------------ running components */

/** One owner, the runtime, calls everything here; never two reads at once. */
export interface Input {
  /** Acquires what it reads from. Called again after a read threw NotConnected. */
  connect(signal: AbortSignal): Promise<void>
  /**
   * The next batch, or undefined at the end of a finite input. Answer without a promise where nothing has to be waited
   * for: that is the fast path. When the signal aborts, no more is wanted: reject with its reason, or resolve with
   * undefined; batches that were given stay valid until they are settled. NotConnected asks for a new `connect`;
   * any other error is shown and the read is tried again with back-off.
   */
  read(signal: AbortSignal): InputBatch | undefined | Promise<InputBatch | undefined>
  /**
   * True for an input that takes more in than it has given, as those do that wrap others: after a stop it is still read,
   * with the aborted signal, until it answers undefined, so that what it took in is delivered.
   */
  readonly drains?: boolean
  /** Called once, after everything was settled, or by force. Releases all; may be called without a `connect`. */
  close(): Promise<void>
}

/** At least one message, and what the input has to know of its fate. */
export interface InputBatch {
  readonly messages: Batch
  /** Called once: undefined when all was delivered. With `nack: 'replay'` it is never called with a rejection. */
  readonly settle?: (outcome: Outcome) => void
  /** For inputs that read streams: where they stand after this batch; committed with what the batch wrote. */
  readonly mark?: OffsetMark
  /** Who repeats it, where that is not what the definition says: an input that wraps others hands theirs on. */
  readonly nack?: 'replay' | 'source'
  /** What it runs through before anything else: the processors of the nested input that it came from. */
  readonly processors?: ProcessorChain
  /**
   * True for many batches of one message each that are given together, because they were at hand together. They stay
   * together where nobody looks at whole batches (see `alone`), and part where somebody does.
   */
  readonly apart?: boolean
  /** When the first and the last of its records arrived in their stream, in microseconds since 1970. */
  readonly arrivedUsFirst?: number
  readonly arrivedUsLast?: number
}

/** The position after one batch of a shard. The runtime commits marks of one lane in the order in which they came. */
export interface OffsetMark {
  /** Identity of the shard, as long as this member holds it without a break. */
  readonly lane: object
  /**
   * The commit under the generation of now, after the first `reached` messages or, without it, after all; undefined
   * when the shard was lost, and with it the work.
   */
  offset(reached?: number): OffsetCommit | undefined
  /** The write that held the commit is durable. */
  committed(reached: number): void
  /** The commit was refused with GenerationStale: find out what is still held. Resolves when `offset` is true again. */
  refresh(): Promise<void>
}

export interface Processor {
  /**
   * The batches that take this one's place: none when all is filtered, several to part it. Never an empty batch.
   * A message that fails is passed on with `message.withFailure(context.failure(why))`; what is thrown flags every
   * message of the batch. Answer without a promise where nothing has to be waited for.
   */
  process(batch: Batch, signal: AbortSignal): readonly Batch[] | Promise<readonly Batch[]>
  close?(): Promise<void>
}

/** `write` may be called up to `max_in_flight` times at once. */
export interface Output {
  /** Acquires what it writes to. Called again after a write threw NotConnected; that batch is then written again. */
  connect(signal: AbortSignal): Promise<void>
  /**
   * Delivered when it returns or resolves. A BatchError names the messages that were not; any other error rejects the
   * whole batch. Answer without a promise where nothing has to be waited for.
   */
  write(batch: Batch, delivery: Delivery): void | Promise<void>
  /** An output that wraps others tells them: what they hold back is theirs alone to hand on. */
  relay?(order: HoldOrder): void
  /** Called once, after all writes ended, or by force. May be called without a `connect`. */
  close(): Promise<void>
}

/** What is held back for a fuller batch: write it now; from now on hold nothing; it is read again, so wait no more. */
export type HoldOrder = 'flush' | 'drain' | 'abandon'

/** What an output may ask of the write that it is in. An output that wraps others hands it on. */
export interface Delivery {
  /** Aborts when the pipeline is closed by force, or stops and will be given these messages again. */
  readonly signal: AbortSignal
  /** Adds records to what is written, in one atom with the input's offsets, once the whole transaction is decided. */
  enlist(enlisted: Enlisted): void
  /** For an output that repeats by itself: what it waits for shows until it reports undefined. */
  report(trouble: HeadgateError | undefined): void
}

/** Takes batches over from the input and hands them on: an output to what is before it, an input to what follows. */
export interface Buffer {
  connect(signal: AbortSignal): Promise<void>
  /**
   * Takes the batch; a promise resolves once there is room for another, and rejects with the batch. `settle` is called
   * once: with undefined when the buffer answers for the batch or delivered it, with a rejection when it gives it back.
   */
  put(
    batch: Batch,
    settle: (outcome: Outcome) => void,
    signal: AbortSignal,
    apart?: boolean,
  ): void | Promise<void>
  /** It takes batches whose messages are apart, and gives them on as such. */
  readonly takesApart?: boolean
  /** No more will be put: `read` ends with undefined once everything was taken and settled well. */
  end(): void
  /** As an input's. A rejected batch goes back to the front. */
  read(signal: AbortSignal): InputBatch | undefined | Promise<InputBatch | undefined>
  /** Of a buffer that settles late: the pipeline stops, and what cannot be delivered soon is given back. */
  giveBack?(): void
  /** Of a buffer that settles late: what the input may have given and not heard of. */
  readonly inFlight?: InFlightLimits
  close(): Promise<void>
}

export interface InFlightLimits {
  readonly messagesMax: number
  readonly bytesMax: number
}

/* ------------------------------------------------------------------ definitions */

/** What a component may do to the world; preview replaces everything above `read`, and grants guard `exec`. */
export type Effects = 'none' | 'read' | 'write' | 'exec'

/** One field that is well-formed and still wrong. */
export interface ConfigFault {
  /** From the component's own config. */
  readonly path: readonly (string | number)[]
  readonly message: string
  readonly hint?: string
}

interface Definition<Config extends TSchema, Running> {
  /** As it is written in a config. */
  readonly name: string
  readonly status: 'stable' | 'beta' | 'experimental' | 'deprecated'
  readonly effects: Effects
  /** One sentence. */
  readonly summary: string
  /** More, in Markdown, where a sentence is not enough. */
  readonly description?: string
  /** `Type.Object` (then `name: null` means all defaults), or a single field for the short form (`mapping: text`). */
  readonly config: Config
  /** What may be held once in the process: `port:127.0.0.1:8080`, `file:/var/log/x`. Two holders are refused. */
  readonly exclusive?: (config: Static<Config>) => readonly string[]
  /** What a source needs a grant for; the path counts from the component's own config. */
  readonly needs?: (config: Static<Config>) => readonly Need[]
  /** The streams that it reads (inputs) or writes (outputs), by name. */
  readonly streams?: (config: Static<Config>) => readonly string[]
  /** What the schema cannot say. A text that refers to an environment variable is not filled in yet: let it pass. */
  readonly check?: (
    config: Static<Config>,
  ) => readonly ConfigFault[] | Promise<readonly ConfigFault[]>
  /** Acquires nothing. The config has its defaults and its environment variables filled in. */
  readonly build: (config: Static<Config>, context: BuildContext) => Running | Promise<Running>
}

/** Whether each message fares as if it were a batch of its own: nothing depends on which others are beside it. */
export type Alone<Config extends TSchema> = boolean | ((config: Static<Config>) => boolean)

export interface InputOptions<Config extends TSchema> extends Definition<Config, Input> {
  /**
   * Who repeats what was rejected: `replay`, the runtime keeps the messages and sends the rejected ones again for ever;
   * `source`, the input hears of it (`settle`) and its source repeats or not (an HTTP client gets 502).
   */
  readonly nack: 'replay' | 'source'
  /** True for `stream` alone: its marks make exactly-once possible. */
  readonly transactional?: boolean
  /**
   * For an input that wraps others: why it is only at-least-once whatever they are, or undefined where it hands on their
   * batches with their marks and is judged by them.
   */
  readonly atLeastOnceBecause?: (config: Static<Config>) => string | undefined
  readonly examples?: readonly InputExample[]
}

export interface ProcessorOptions<Config extends TSchema> extends Definition<Config, Processor> {
  readonly alone?: Alone<Config>
  /** The files of code that it runs; the path counts from the component's own config. */
  readonly modules?: (config: Static<Config>) => readonly ModuleUse[]
  /**
   * Whether it may run in a worker: it reaches nothing but its messages, the time, chance, the log and its metrics, keeps
   * nothing from one batch to the next, and computes more than it waits. One that holds others may where they do. What
   * needs a grant may not, whatever is said here, nor a mapping that calls what is `tied`.
   */
  readonly portable?: true
  readonly examples?: readonly ProcessorExample[]
}

export interface OutputOptions<Config extends TSchema> extends Definition<Config, Output> {
  /**
   * What is left of exactly-once after this output: `enlists` and `discards` keep it, `sends` does not. An output that
   * wraps others (its schema says so) is judged by them: `wraps`.
   */
  readonly delivery: 'enlists' | 'discards' | 'sends' | 'wraps'
  /**
   * For an output that wraps others: whether the one at this place of its config is given what failed, on purpose. In a
   * strict pipeline messages that failed pass there, and nowhere else.
   */
  readonly takesFailed?: (at: readonly (string | number)[]) => boolean
  /** The default of `max_in_flight`; 1 keeps the order. Without it the field is not offered, and one write runs at a time. */
  readonly maxInFlight?: number
  /** Without the field: how many writes run at once all the same, for an output that keeps their order by itself. */
  readonly writesAtOnce?: number
  /** Whether `batching` is offered. */
  readonly batching?: boolean
  readonly alone?: Alone<Config>
  readonly examples?: readonly OutputExample[]
}

export interface BufferOptions<Config extends TSchema>
  extends Definition<Config, Buffer | undefined> {
  /** Whether the input is acknowledged only once the output delivered: then it is transparent. */
  readonly keepsTransaction: boolean
  readonly examples?: readonly ResourceExample[]
}

/** Found by its label in `cache_resources`; one object for all that name it. */
export interface CacheOptions<Config extends TSchema> extends Definition<Config, Cache> {
  readonly examples?: readonly ResourceExample[]
}

/** Found by its label in `rate_limit_resources`; one object for all that name it. */
export interface RateLimitOptions<Config extends TSchema> extends Definition<Config, RateLimit> {
  readonly examples?: readonly ResourceExample[]
}

/** A config that is inspected without a problem; `then` is what it reads, where that is known. */
export interface InputExample {
  readonly title: string
  readonly config: unknown
  /** What stands beside the pipeline for it: `input_resources` and the like. */
  readonly resources?: Readonly<Record<string, readonly unknown[]>>
  readonly then?: readonly unknown[]
}

/** JSON values are documents, text is raw content. Where nothing is given the config is inspected, and not run. */
export interface ProcessorExample {
  readonly title: string
  readonly config: unknown
  readonly given?: readonly unknown[]
  /** What stands beside the pipeline for it: `cache_resources` and the like. */
  readonly resources?: Readonly<Record<string, readonly unknown[]>>
  /** The files that the config names, and what they hold. */
  readonly files?: Readonly<Record<string, string>>
  /** The messages that come out, batches joined. */
  readonly then?: readonly unknown[]
}

export interface ResourceExample {
  readonly title: string
  readonly config: unknown
}

export interface OutputExample {
  readonly title: string
  readonly config: unknown
  /** What stands beside the pipeline for it: `cache_resources` and the like. */
  readonly resources?: Readonly<Record<string, readonly unknown[]>>
}

/** With the config's type erased, as the registry holds them. */
export type InputDefinition = { readonly role: 'input' } & InputOptions<TSchema>
export type ProcessorDefinition = { readonly role: 'processor' } & ProcessorOptions<TSchema>
export type OutputDefinition = { readonly role: 'output' } & OutputOptions<TSchema>
export type BufferDefinition = { readonly role: 'buffer' } & BufferOptions<TSchema>
export type CacheDefinition = { readonly role: 'cache' } & CacheOptions<TSchema>
export type RateLimitDefinition = { readonly role: 'rate_limit' } & RateLimitOptions<TSchema>
export type ComponentDefinition =
  | InputDefinition
  | ProcessorDefinition
  | OutputDefinition
  | BufferDefinition
  | CacheDefinition
  | RateLimitDefinition

export function defineInput<Config extends TSchema>(
  options: InputOptions<Config>,
): InputDefinition {
  return { ...options, role: 'input' } as unknown as InputDefinition
}

export function defineProcessor<Config extends TSchema>(
  options: ProcessorOptions<Config>,
): ProcessorDefinition {
  return { ...options, role: 'processor' } as unknown as ProcessorDefinition
}

export function defineOutput<Config extends TSchema>(
  options: OutputOptions<Config>,
): OutputDefinition {
  return { ...options, role: 'output' } as unknown as OutputDefinition
}

export function defineBuffer<Config extends TSchema>(
  options: BufferOptions<Config>,
): BufferDefinition {
  return { ...options, role: 'buffer' } as unknown as BufferDefinition
}

export function defineCache<Config extends TSchema>(
  options: CacheOptions<Config>,
): CacheDefinition {
  return { ...options, role: 'cache' } as unknown as CacheDefinition
}

export function defineRateLimit<Config extends TSchema>(
  options: RateLimitOptions<Config>,
): RateLimitDefinition {
  return { ...options, role: 'rate_limit' } as unknown as RateLimitDefinition
}
