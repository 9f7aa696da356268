/**
 * One message on its way through a pipeline: bytes, a document that is parsed when somebody asks, metadata, a flag.
 *
 * A message never changes. A processor derives a new one, so branches and replays share messages without copying, and
 * bytes that nobody assigned leave as they came. What a message was derived from first is its `origin`: that is how a
 * failure at an output finds the message that the input has to send again.
 */
import {
  FILTERED,
  type MappingFailure,
  type MappingResult,
  type MappingSource,
  type MappingTrace,
  UNCHANGED,
} from '../bloblang/mapping.ts'
import { encodeJson, encodePayload } from '../bloblang/values/encode-payload.ts'
import { parseDocument } from '../bloblang/values/parse-document.ts'
import type { PreparedPayload } from '../bloblang/values/prepare-payload.ts'
import type { Value } from '../bloblang/values/value.ts'
import type { RecordInput } from '../log/record.ts'
import { mappingTraceOf } from './tracing/message-trace.ts'

/** At least one message; readers must not change it. */
export type Batch = readonly Message[]

/** Metadata that is made only when it is read: a stream record's, for one. */
export interface MetadataView {
  get(key: string): Value | undefined
  keys(): Iterable<string>
  /** Of what a stream gave: the bytes themselves, which metadata tells as text. */
  readonly record?: SourceRecord
}

/** What a record has besides its data. */
export type SourceRecord = Omit<RecordInput, 'data'>

export class Message implements MappingSource {
  /** At least one of bytes and document is there; the other follows on demand. */
  #bytes: Uint8Array | undefined
  #document: Value | undefined
  readonly #metadata: MetadataView | undefined
  readonly #failure: MappingFailure | undefined
  readonly #origin: Message | undefined
  /** The document made ready to be written, where a mapping did that. */
  readonly #prepared: PreparedPayload | undefined

  private constructor(
    bytes: Uint8Array | undefined,
    document: Value | undefined,
    metadata: MetadataView | undefined,
    failure: MappingFailure | undefined,
    origin: Message | undefined,
    prepared?: PreparedPayload,
  ) {
    this.#bytes = bytes
    this.#document = document
    this.#metadata = metadata
    this.#failure = failure
    this.#origin = origin
    this.#prepared = prepared
  }

  /** For inputs. The bytes belong to the message from now on. A `Map` is a MetadataView. */
  static fromBytes(bytes: Uint8Array, metadata?: MetadataView): Message {
    return new Message(bytes, undefined, metadata, undefined, undefined)
  }

  /** For inputs that make values: text and bytes become the payload as they are, anything else its JSON. */
  static fromValue(value: Value, metadata?: MetadataView): Message {
    return typeof value === 'string' || value instanceof Uint8Array
      ? new Message(encodePayload(value), undefined, metadata, undefined, undefined)
      : new Message(undefined, value, metadata, undefined, undefined)
  }

  content(): Uint8Array {
    // A message without bytes has a document; null is one, undefined is not.
    if (this.#bytes !== undefined) return this.#bytes
    const bytes = encodePayload(this.#document ?? null, this.#prepared)
    this.#bytes = bytes
    return bytes
  }

  /** Whether somebody made bytes of it already, or it came as bytes. */
  get printed(): boolean {
    return this.#bytes !== undefined
  }

  /** The content as text, which is not kept: whoever writes many that are not printed makes bytes of all at once. */
  text(): string {
    if (this.#bytes !== undefined) return Buffer.from(this.#bytes).toString()
    return encodeJson(this.#document ?? null, this.#prepared)
  }

  /** Throws MappingError when the content is not one JSON document. Never change the value: others share it. */
  document(): Value {
    if (this.#document !== undefined) return this.#document
    const document = parseDocument(this.content())
    this.#document = document
    return document
  }

  metadata(key: string): Value | undefined {
    return this.#metadata?.get(key)
  }

  metadataKeys(): Iterable<string> {
    return this.#metadata?.keys() ?? []
  }

  /** All of it, as whoever derives messages may hand it on. */
  get metadataView(): MetadataView | undefined {
    return this.#metadata
  }

  /** Of the record that it is, when it is one that a stream gave. */
  sourceRecord(): SourceRecord | undefined {
    return this.#metadata?.record
  }

  failure(): MappingFailure | undefined {
    return this.#failure
  }

  trace(): MappingTrace | undefined {
    return mappingTraceOf(this)
  }

  /** What the input made: itself, unless it was derived. */
  get origin(): Message {
    return this.#origin ?? this
  }

  /** A cheap estimate for limits: exact for bytes, a guess for a document that nobody printed yet. */
  get weight(): number {
    return this.#bytes?.length ?? DOCUMENT_WEIGHT_GUESS
  }

  withContent(bytes: Uint8Array): Message {
    return new Message(bytes, undefined, this.#metadata, this.#failure, this.origin)
  }

  /** Text and bytes become the payload as they are, anything else its JSON. */
  withValue(value: Value): Message {
    return typeof value === 'string' || value instanceof Uint8Array
      ? this.withContent(encodePayload(value))
      : new Message(undefined, value, this.#metadata, this.#failure, this.origin)
  }

  /** Replaces all metadata. */
  withMetadata(metadata: MetadataView | undefined): Message {
    return new Message(
      this.#bytes,
      this.#document,
      metadata,
      this.#failure,
      this.origin,
      this.#prepared,
    )
  }

  /** Sets or, with undefined, clears the error flag. */
  withFailure(failure: MappingFailure | undefined): Message {
    return new Message(
      this.#bytes,
      this.#document,
      this.#metadata,
      failure,
      this.origin,
      this.#prepared,
    )
  }

  /** What a mapping made of this message: undefined when it was filtered, itself when nothing was assigned. */
  withResult(result: MappingResult): Message | undefined {
    const { root, metadata, prepared } = result
    if (root === FILTERED) return undefined
    if (root === UNCHANGED) return metadata === undefined ? this : this.withMetadata(metadata)
    const kept = metadata ?? this.#metadata
    return typeof root === 'string' || root instanceof Uint8Array
      ? new Message(encodePayload(root), undefined, kept, this.#failure, this.origin)
      : new Message(undefined, root, kept, this.#failure, this.origin, prepared)
  }
}

const DOCUMENT_WEIGHT_GUESS = 256
