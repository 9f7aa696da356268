/**
 * The wire format of protobuf: fields as a tag (the number times eight, and the kind of what follows) and a value: a
 * varint (0), 8 bytes (1), a length and so many bytes (2), a group up to its end tag (3, 4), 4 bytes (5).
 */
import { HeadgateError } from '../../error.ts'
import type { ScalarKind } from './proto-types.ts'

export const VARINT = 0
export const FIXED64 = 1
export const SIZED = 2
export const GROUP_START = 3
export const GROUP_END = 4
export const FIXED32 = 5

/** Messages within messages, deeper than this, are refused, as by the implementations of protobuf itself. */
export const PROTO_DEPTH_MAX = 100

const FIXED: Readonly<Record<string, number>> = {
  double: FIXED64,
  fixed64: FIXED64,
  sfixed64: FIXED64,
  float: FIXED32,
  fixed32: FIXED32,
  sfixed32: FIXED32,
  string: SIZED,
  bytes: SIZED,
  message: SIZED,
}

export function wireTypeOf(kind: ScalarKind | 'enum' | 'message'): number {
  return FIXED[kind] ?? VARINT
}

export class WireReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get ended(): boolean {
    return this.#at >= this.#bytes.length
  }

  varint(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const [byte = 0] = this.take(1)
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, value)
    }
    throw torn('a number has more than 64 bits')
  }

  tag(): { readonly id: number; readonly wire: number } {
    const tag = Number(BigInt.asUintN(32, this.varint()))
    if (tag >>> 3 === 0) throw torn('a field has no number')
    return { id: tag >>> 3, wire: tag & 7 }
  }

  take(count: number): Buffer {
    const end = this.#at + count
    if (end > this.#bytes.length) throw torn('it ends too soon')
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }

  sized(): Buffer {
    const length = this.varint()
    if (length > BigInt(this.#bytes.length)) throw torn('it ends too soon')
    return this.take(Number(length))
  }

  /** What is between the tags of a group. */
  group(id: number): Buffer {
    const start = this.#at
    for (;;) {
      const before = this.#at
      const tag = this.tag()
      if (tag.wire === GROUP_END && tag.id === id) return this.#bytes.subarray(start, before)
      this.skip(tag.id, tag.wire, 1)
    }
  }

  skip(id: number, wire: number, depth = 0): void {
    if (depth > PROTO_DEPTH_MAX) throw torn(`groups are nested more than ${PROTO_DEPTH_MAX} deep`)
    switch (wire) {
      case VARINT:
        this.varint()
        return
      case FIXED64:
        this.take(8)
        return
      case FIXED32:
        this.take(4)
        return
      case SIZED:
        this.sized()
        return
      case GROUP_START:
        for (let tag = this.tag(); ; tag = this.tag()) {
          if (tag.wire === GROUP_END && tag.id === id) return
          this.skip(tag.id, tag.wire, depth + 1)
        }
      default:
        throw torn(`there is no wire type ${wire}`)
    }
  }
}

export function varintBytes(value: bigint): Buffer {
  const bytes: number[] = []
  let left = BigInt.asUintN(64, value)
  for (; left > 0x7fn; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80)
  bytes.push(Number(left))
  return Buffer.from(bytes)
}

export function tagBytes(id: number, wire: number): Buffer {
  return varintBytes(BigInt(id * 8 + wire))
}

export function sizedBytes(bytes: Uint8Array): Buffer {
  return Buffer.concat([varintBytes(BigInt(bytes.length)), bytes])
}

export function torn(why: string): HeadgateError {
  return new HeadgateError('MappingFailed', `expected a message of protobuf: ${why}`)
}
