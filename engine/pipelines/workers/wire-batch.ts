/**
 * Batches on their way to a worker and back: the contents are gathered in one buffer, which changes hands without being
 * copied, and all else is a few short lists beside it.
 *
 * There: every message with its content, metadata and error flag. Back: for each message that came out, which of those
 * that went in it derives from, and of its content, metadata and flag only what is not that message's. What did not
 * change is not sent back, and the message that went in stands for it. What derives from none is made anew, and has an
 * origin of its own.
 */
import type { MappingFailure } from '../../bloblang/mapping.ts'
import { type Batch, Message } from '../message.ts'
import { decodeMetadata, encodeMetadata, type WireMetadata } from './wire-metadata.ts'

interface Contents {
  readonly bytes: ArrayBuffer
  /** Where each one ends; it begins where the one before it ends. */
  readonly ends: Float64Array<ArrayBuffer>
}

export interface WireBatches {
  /** How many messages each batch has. */
  readonly sizes: readonly number[]
  readonly contents: Contents
  /** Absent where there is none. */
  readonly metadata?: WireMetadata
  /** Of the messages that are flagged, by their place among all. */
  readonly failures?: ReadonlyMap<number, MappingFailure>
}

export interface WireAnswer {
  readonly sizes: readonly number[]
  /** The place among all that went in of the one that each derives from, or NONE. */
  readonly from: Int32Array<ArrayBuffer>
  /** What of each is its own: the sum of CONTENT, METADATA and FAILURE. */
  readonly own: Uint8Array<ArrayBuffer>
  /** Of those with CONTENT, and so on. */
  readonly contents: Contents
  readonly metadata?: WireMetadata
  readonly failures: readonly (MappingFailure | undefined)[]
}

const NONE = -1
const CONTENT = 1
const METADATA = 2
const FAILURE = 4

export function encodeBatches(batches: readonly Batch[]): WireBatches {
  const messages = batches.length === 1 ? (batches[0] ?? []) : batches.flat()
  const failures = new Map<number, MappingFailure>()
  for (const [index, message] of messages.entries()) {
    const failure = message.failure()
    if (failure !== undefined) failures.set(index, failure)
  }
  const metadata = encodeMetadata(messages.map(({ metadataView }) => metadataView))
  return {
    sizes: batches.map(({ length }) => length),
    contents: gather(messages),
    ...(metadata === undefined ? {} : { metadata }),
    ...(failures.size === 0 ? {} : { failures }),
  }
}

export function decodeBatches({
  sizes,
  contents,
  metadata,
  failures,
}: WireBatches): readonly Batch[] {
  const views = metadata === undefined ? undefined : decodeMetadata(metadata)
  const messages = Array.from(contents.ends, (_, index) => {
    const message = Message.fromBytes(contentAt(contents, index), views?.[index])
    const failure = failures?.get(index)
    return failure === undefined ? message : message.withFailure(failure)
  })
  return part(messages, sizes)
}

/** `given`: what `decodeBatches` gave, all batches joined. */
export function encodeAnswer(given: Batch, results: readonly Batch[]): WireAnswer {
  const places = new Map(given.map((message, index) => [message.origin, index]))
  const messages = results.flat()
  const from = new Int32Array(messages.length)
  const own = new Uint8Array(messages.length)
  const withContent: Message[] = []
  const withMetadata: Message[] = []
  const failures: (MappingFailure | undefined)[] = []
  for (const [index, message] of messages.entries()) {
    const place = places.get(message.origin) ?? NONE
    const source = given[place]
    from[index] = place
    let changed = 0
    if (message.content() !== source?.content()) {
      changed += CONTENT
      withContent.push(message)
    }
    if (message.metadataView !== source?.metadataView) {
      changed += METADATA
      withMetadata.push(message)
    }
    if (message.failure() !== source?.failure()) {
      changed += FAILURE
      failures.push(message.failure())
    }
    own[index] = changed
  }
  const metadata = encodeMetadata(withMetadata.map(({ metadataView }) => metadataView))
  return {
    sizes: results.map(({ length }) => length),
    from,
    own,
    contents: gather(withContent),
    ...(metadata === undefined ? {} : { metadata }),
    failures,
  }
}

/** `given`: what was encoded, all batches joined. */
export function decodeAnswer(given: Batch, answer: WireAnswer): readonly Batch[] {
  const { sizes, from, own, contents, metadata, failures } = answer
  const views = metadata === undefined ? undefined : decodeMetadata(metadata)
  let contentNext = 0
  let metadataNext = 0
  let failureNext = 0
  const messages = Array.from(from, (place, index) => {
    const changed = own[index] ?? 0
    const bytes = (changed & CONTENT) === 0 ? undefined : contentAt(contents, contentNext++)
    let message = derived(given[place], bytes)
    if ((changed & METADATA) !== 0) message = message.withMetadata(views?.[metadataNext++])
    if ((changed & FAILURE) !== 0) message = message.withFailure(failures[failureNext++])
    return message
  })
  return part(messages, sizes)
}

function derived(source: Message | undefined, bytes: Uint8Array | undefined): Message {
  if (source === undefined) return Message.fromBytes(bytes ?? new Uint8Array())
  return bytes === undefined ? source : source.withContent(bytes)
}

/** To be transferred, for both ways. */
export function buffersOf({ contents }: WireBatches | WireAnswer): ArrayBuffer[] {
  return [contents.bytes, contents.ends.buffer]
}

function gather(messages: Batch): Contents {
  const ends = new Float64Array(messages.length)
  let end = 0
  for (let index = 0; index < messages.length; index++) {
    end += messages[index]?.content().length ?? 0
    ends[index] = end
  }
  const bytes = new ArrayBuffer(end)
  const all = new Uint8Array(bytes)
  for (let index = 0; index < messages.length; index++) {
    const content = messages[index]?.content()
    if (content !== undefined) all.set(content, ends[index - 1] ?? 0)
  }
  return { bytes, ends }
}

function contentAt({ bytes, ends }: Contents, index: number): Uint8Array {
  const begin = ends[index - 1] ?? 0
  return new Uint8Array(bytes, begin, (ends[index] ?? begin) - begin)
}

function part(messages: Batch, sizes: readonly number[]): readonly Batch[] {
  if (sizes.length === 1) return [messages]
  let begin = 0
  return sizes.map((size) => {
    const batch = messages.slice(begin, begin + size)
    begin += size
    return batch
  })
}
