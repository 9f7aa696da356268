/**
 * A batch as bytes, for a buffer that outlives the process.
 *
 * ```
 * u32 messages, big endian as all numbers here, with the highest bit where each is a batch of its own; then for each
 * u32 length of its head · head, JSON in UTF-8 · u32 length of its content · content
 * ```
 *
 * The head is `{"m": metadata, "f": failure}`, either left out where there is none. A value of the metadata that JSON
 * has no form for is an object with the one key `$bytes` (base64), `$int`, `$float`, `$number` or `$time` (`[ns, zone]`);
 * an object that has such a key itself is wrapped in `$object`. What a message was derived from is not kept.
 */
import type { MappingFailure } from '../../bloblang/mapping.ts'
import { parseJson } from '../../bloblang/values/parse-json.ts'
import {
  IntegralFloat,
  NumberText,
  type ObjectValue,
  Timestamp,
  type Value,
} from '../../bloblang/values/value.ts'
import { HeadgateError } from '../../error.ts'
import { type Batch, Message } from '../../pipelines/message.ts'

interface Head {
  readonly m?: Readonly<Record<string, unknown>>
  readonly f?: MappingFailure
}

const NUMBER_BYTES = 4
const APART = 0x8000_0000

export function encodeStoredBatch(batch: Batch, apart = false): Uint8Array<ArrayBuffer> {
  const parts: [head: Buffer, content: Uint8Array][] = []
  let length = NUMBER_BYTES
  for (const message of batch) {
    const head = Buffer.from(JSON.stringify(headOf(message)))
    const content = message.content()
    parts.push([head, content])
    length += 2 * NUMBER_BYTES + head.length + content.length
  }
  const bytes = Buffer.alloc(length)
  let at = bytes.writeUInt32BE((batch.length | (apart ? APART : 0)) >>> 0, 0)
  for (const part of parts.flat()) {
    at = bytes.writeUInt32BE(part.length, at)
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** Contents are views on the bytes. Throws InputFailed when they are no batch. */
export function decodeStoredBatch(stored: Uint8Array): Batch {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength)
  let at = NUMBER_BYTES
  const part = (): Buffer => {
    const start = at + NUMBER_BYTES
    at = start + bytes.readUInt32BE(at)
    if (at > bytes.length) throw new RangeError('it is cut off')
    return bytes.subarray(start, at)
  }
  try {
    return Array.from({ length: (bytes.readUInt32BE(0) & ~APART) >>> 0 }, () => {
      const { m, f } = parseJson(part().toString()) as Head
      const metadata = m === undefined ? undefined : new Map(Object.entries(m).map(decodedEntry))
      const message = Message.fromBytes(part(), metadata)
      return f === undefined ? message : message.withFailure(f)
    })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new HeadgateError('InputFailed', `expected a stored batch: ${reason}`, { cause })
  }
}

/** Whether each message is a batch of its own. */
export function isStoredApart(stored: Uint8Array): boolean {
  return ((stored[0] ?? 0) & 0x80) !== 0
}

function headOf(message: Message): Head {
  const failure = message.failure()
  const metadata: [string, unknown][] = []
  for (const key of message.metadataKeys()) {
    metadata.push([key, encoded(message.metadata(key) ?? null)])
  }
  return {
    ...(metadata.length === 0 ? {} : { m: Object.fromEntries(metadata) }),
    ...(failure === undefined ? {} : { f: failure }),
  }
}

function encoded(value: Value): unknown {
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') }
  if (value instanceof Timestamp) return { $time: [String(value.epochNs), value.zone] }
  if (value instanceof IntegralFloat) return { $float: String(value.value) }
  if (value instanceof NumberText) return { $number: value.text }
  if (typeof value === 'bigint') return { $int: String(value) }
  if (Array.isArray(value)) return value.map(encoded)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value as ObjectValue).map(([key, of]) => [key, encoded(of)])
  const object = Object.fromEntries(entries)
  return entries.some(([key]) => String(key).startsWith('$')) ? { $object: object } : object
}

const decodedEntry = ([key, value]: [string, unknown]): [string, Value] => [key, decoded(value)]

function decoded(value: unknown): Value {
  if (Array.isArray(value)) return value.map(decoded)
  if (typeof value !== 'object' || value === null) return value as Value
  const entries = Object.entries(value)
  const [key, of] = entries[0] ?? []
  switch (key) {
    case '$bytes':
      return Buffer.from(String(of), 'base64')
    case '$time':
      return new Timestamp(BigInt((of as [string])[0]), (of as [string, string])[1])
    case '$float':
      return new IntegralFloat(Number(of))
    case '$number':
      return new NumberText(String(of))
    case '$int':
      return BigInt(String(of))
    case '$object':
      return Object.fromEntries(Object.entries(of as object).map(decodedEntry))
    default:
      return Object.fromEntries(entries.map(decodedEntry))
  }
}
