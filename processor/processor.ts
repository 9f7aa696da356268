/**
 * Types for modules that the processor `typescript` runs. Nothing here runs: import it with `import type`.
 *
 * `headgate types` writes one `Processor<In, Out>` and one `ProcessorResult<Out>` for each pipeline that has such a
 * processor. Say what the function returns: only then does the compiler tell of a field that is not known.
 */

/** A record as a module gets it. It may be copied: `{ ...record, value: { ...record.value, total: 1 } }`. */
export interface InputRecord<Value = unknown> {
  /**
   * The document, where the content is JSON; a whole number beyond 2^53 in it is a bigint. Text, where it is not JSON.
   */
  readonly value: Value
  /** Of the record of a stream; undefined where it has none, or comes from elsewhere. */
  readonly key: string | undefined
  /** Headers, and what the input tells of it: what Bloblang calls metadata. */
  readonly metadata: Metadata
  /** The stream that it comes from, and its place there; undefined for what comes from elsewhere. */
  readonly stream: string | undefined
  readonly shard: number | undefined
  readonly sequence: number | undefined
  /** Why it failed at a component before this one; undefined for what did not. */
  readonly error: string | undefined
  /** The content as it came, as text or as bytes. Not part of a copy. */
  text(): string
  bytes(): Uint8Array
}

export type Metadata = Readonly<Record<string, unknown>>

/** What becomes of a record. What is left out stays as it was. */
export interface OutputRecord<Value = unknown> {
  /** Text and bytes become the content as they are, anything else its JSON. */
  readonly value: Value
  readonly key?: string | null | undefined
  /** All of it: what is not in it is gone. */
  readonly metadata?: Metadata
}

/** One record, several, or null for none. */
export type ProcessorResult<Value = unknown> =
  | OutputRecord<Value>
  | readonly OutputRecord<Value>[]
  | null

/** The default export of a module: it is called for one record after the other. */
export type Processor<In = unknown, Out = unknown> = (
  record: InputRecord<In>,
  context: ProcessorContext,
) => ProcessorResult<Out> | Promise<ProcessorResult<Out>>

/**
 * What a module may export as `batch`, instead of a default export: it is called with all records of a batch, and the
 * answer at an index is that of the record there. An Error there fails that record alone.
 */
export type BatchProcessor<In = unknown, Out = unknown> = (
  records: readonly InputRecord<In>[],
  context: ProcessorContext,
) => readonly BatchResult<Out>[] | Promise<readonly BatchResult<Out>[]>

export type BatchResult<Value = unknown> = ProcessorResult<Value> | Error

export interface ProcessorContext {
  readonly pipeline: string
  readonly namespace: string
  /** Of the processor; empty where it has none. */
  readonly label: string
  /** Lines of the server's log. */
  readonly log: ProcessorLog
  /** Aborts when the call has taken as long as it may: hand it to whatever can be aborted, such as fetch. */
  readonly signal: AbortSignal
  /** The time of the server, when it handed over the batch. */
  now(): Date
}

export interface ProcessorLog {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

export type LogFields = Readonly<Record<string, unknown>>
