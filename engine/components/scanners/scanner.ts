/**
 * Parts a stream of bytes into messages: what inputs that read bytes have in common.
 *
 * The source pushes chunks, which it does not use again (messages are views on them), and takes messages until there is
 * none; then it pushes the next. Where pushing answers with a promise, the next chunk waits for it.
 */
import type { TSchema } from '../../../crds/typebox.ts'
import type { Value } from '../../bloblang/values/value.ts'
import type { ConfigFault } from '../../pipelines/component.ts'
import type { Message, MetadataView } from '../../pipelines/message.ts'

export interface Scanner {
  push(chunk: Uint8Array): void | Promise<void>
  /** No more will be pushed: what is left may be a message. */
  end(): void | Promise<void>
  /** The next whole message, or undefined until more is pushed. What it throws is told; it may go on after that. */
  next(): Message | undefined
  /** What follows cannot be understood: no more messages will come, and the source is not read to its end. */
  readonly broken: boolean
  /** What was pushed and is in no message: a source that can take bytes back gets them. */
  rest(): Uint8Array
}

/** What is scanned. */
export interface ScanPlace {
  /** A file's name, or empty. */
  readonly name: string
  /** Of every message. */
  readonly metadata: MetadataView | undefined
}

export type OpenScanner = (place: ScanPlace) => Scanner

export interface ScannerDefinition {
  /** As it is written in a config. */
  readonly name: string
  readonly summary: string
  readonly config: TSchema
  /** What the schema cannot say; paths count from the scanner's own config. */
  readonly check?: (config: never) => readonly ConfigFault[]
  /** The scanners within it, and where they stand in its config. */
  readonly children?: (config: never) => readonly NestedScanner[]
  readonly examples: readonly ScannerExample[]
  /** Compiles the config, once; `open` is called for each file. */
  readonly build: (config: never, child: (config: unknown) => OpenScanner) => OpenScanner
}

/** What is scanned and what comes out of it: JSON as its value, other content as text. */
export interface ScannerExample {
  readonly title: string
  readonly config: unknown
  /** Text, or bytes in base64 where they are none; compressed where they are many. */
  readonly given: string | { readonly base64: string } | { readonly base64Gzip: string }
  /** The file's name, where that matters. */
  readonly name?: string
  readonly then: readonly unknown[]
}

export interface NestedScanner {
  readonly path: readonly (string | number)[]
  readonly scanner: unknown
}

/** A message that a scanner holds whole, in bytes; a longer one is refused. */
export const SCANNED_BYTES_MAX: number = 256 * 1024 * 1024

/** The metadata of a place and one value more. */
export function withEntry(
  metadata: MetadataView | undefined,
  key: string,
  value: Value,
): MetadataView {
  const map = new Map<string, unknown>()
  for (const known of metadata?.keys() ?? []) map.set(known, metadata?.get(known))
  return map.set(key, value) as MetadataView
}
