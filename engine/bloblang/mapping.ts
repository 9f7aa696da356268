/**
 * What the rest of the engine knows of Bloblang: texts compile to mappings, queries and interpolated strings once,
 * and these run per message.
 *
 * A compile error is data (a list of MappingProblem), because all of them are reported at once; a failure on a message
 * is thrown as a MappingError, because it flags that message and nothing else.
 */
import type { PreparedPayload } from './values/prepare-payload.ts'
import type { Value } from './values/value.ts'

/** What a mapping may read of a message. Documents are parsed lazily, by the message. */
export interface MappingSource {
  content(): Uint8Array
  /** Throws MappingError when the content is not one JSON document. */
  document(): Value
  /** Undefined when there is no such key. */
  metadata(key: string): Value | undefined
  metadataKeys(): Iterable<string>
  failure(): MappingFailure | undefined
  /** The trace that the message belongs to. */
  trace?(): MappingTrace | undefined
}

export interface MappingTrace {
  readonly id: string
  /** As it travels in headers. */
  readonly span: Readonly<Record<string, string>>
}

/** The error flag of a message, as `error()` and its siblings tell it. */
export interface MappingFailure {
  readonly text: string
  readonly sourceName: string
  readonly sourceLabel: string
  readonly sourcePath: string
}

/** Root was never assigned: the payload stays as it was, byte for byte. */
export const UNCHANGED: unique symbol = Symbol('unchanged')
/** Root was deleted: the message is filtered. */
export const FILTERED: unique symbol = Symbol('filtered')

export interface MappingResult {
  readonly root: Value | typeof UNCHANGED | typeof FILTERED
  /** All metadata as it is afterwards, or undefined when no statement touched it. */
  readonly metadata: ReadonlyMap<string, Value> | undefined
  /** The root made ready to be written as a payload. */
  readonly prepared?: PreparedPayload
}

export interface Mapping {
  /** `mapping` semantics: a new document; nothing changes on a failure. */
  map(batch: readonly MappingSource[], index: number): MappingResult
  /** `mutation` semantics: root begins as a private copy of the document. */
  mutate(batch: readonly MappingSource[], index: number): MappingResult
}

/** A mapping that reads one message and writes into another, as the `result_map` of a branch does. */
export interface Overlay {
  /** `this` and `metadata()` are of the message at the index; `root` and `@` are the target's, which is never changed. */
  onto(batch: readonly MappingSource[], index: number, target: MappingSource): MappingResult
}

/** A `check`, `filter` or other single query. */
export interface Query {
  value(batch: readonly MappingSource[], index: number): Value
  /** Throws unless the value is exactly true or false. */
  test(batch: readonly MappingSource[], index: number): boolean
}

/** A field with `${! … }` in it. */
export interface Interpolation {
  /** The text when nothing in it is dynamic. */
  readonly constant: string | undefined
  text(batch: readonly MappingSource[], index: number): string
}

/** Positions count from 1, columns in code points, within the text that was compiled. */
export interface MappingProblem {
  readonly line: number
  readonly column: number
  readonly message: string
  readonly expected?: string
  readonly found?: string
  readonly hint?: string
}

export type Compiled<T> =
  /** Warnings say what is well-formed and may mean something else than its writer thinks. */
  | { readonly ok: true; readonly value: T; readonly warnings: readonly MappingProblem[] }
  | { readonly ok: false; readonly problems: readonly MappingProblem[] }
