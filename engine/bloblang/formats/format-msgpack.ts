/**
 * MessagePack, written by its specification: every value in its shortest form, floats as float 64, and the members of
 * maps in the order of their keys. Libraries write a float without a fraction as an integer; here it stays a float.
 */
import { sortedKeys } from '../values/encode-payload.ts'
import { isArray, isNumber, isObject } from '../values/kind-of.ts'
import { isFloat, toFloat, toNumeric } from '../values/number.ts'
import { Timestamp, type Value } from '../values/value.ts'

export function formatMsgpack(value: Value): Buffer {
  const parts: Uint8Array[] = []
  write(value, parts)
  return Buffer.concat(parts)
}

function write(value: Value, parts: Uint8Array[]): void {
  if (value === null) parts.push(Uint8Array.of(0xc0))
  else if (typeof value === 'boolean') parts.push(Uint8Array.of(value ? 0xc3 : 0xc2))
  else if (isNumber(value)) writeNumber(value, parts)
  else if (typeof value === 'string') {
    const bytes = Buffer.from(value)
    parts.push(header(bytes.length, { fix: [0xa0, 31], codes: [0xd9, 0xda, 0xdb] }), bytes)
  } else if (value instanceof Uint8Array) {
    parts.push(header(value.length, { codes: [0xc4, 0xc5, 0xc6] }), value)
  } else if (value instanceof Timestamp) parts.push(timestamp(value))
  else if (isArray(value)) {
    parts.push(header(value.length, { fix: [0x90, 15], codes: [undefined, 0xdc, 0xdd] }))
    for (const item of value) write(item, parts)
  } else if (isObject(value)) {
    const keys = sortedKeys(value)
    parts.push(header(keys.length, { fix: [0x80, 15], codes: [undefined, 0xde, 0xdf] }))
    for (const key of keys) {
      write(key, parts)
      write(value[key] as Value, parts)
    }
  }
}

interface Family {
  /** The code that holds the length itself, and the greatest such length. */
  readonly fix?: readonly [number, number]
  /** For lengths of 8, 16 and 32 bits. */
  readonly codes: readonly [number | undefined, number, number]
}

function header(length: number, { fix, codes }: Family): Uint8Array {
  if (fix !== undefined && length <= fix[1]) return Uint8Array.of(fix[0] | length)
  const [narrow, middle, wide] = codes
  if (narrow !== undefined && length <= 0xff) return Uint8Array.of(narrow, length)
  if (length <= 0xffff) return coded(middle, 2, (bytes) => bytes.writeUInt16BE(length, 1))
  return coded(wide, 4, (bytes) => bytes.writeUInt32BE(length, 1))
}

function coded(code: number, size: number, fill: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.alloc(size + 1)
  bytes[0] = code
  fill(bytes)
  return bytes
}

function writeNumber(value: Parameters<typeof toNumeric>[0], parts: Uint8Array[]): void {
  const numeric = toNumeric(value)
  if (isFloat(numeric)) {
    parts.push(coded(0xcb, 8, (bytes) => bytes.writeDoubleBE(toFloat(numeric), 1)))
  } else {
    const integer = BigInt(numeric as number | bigint)
    parts.push(integer < 0n ? negative(integer) : positive(integer))
  }
}

function positive(value: bigint): Uint8Array {
  if (value < 0x80n) return Uint8Array.of(Number(value))
  if (value <= 0xffn) return Uint8Array.of(0xcc, Number(value))
  if (value <= 0xffffn) return coded(0xcd, 2, (bytes) => bytes.writeUInt16BE(Number(value), 1))
  if (value <= 0xffff_ffffn) return coded(0xce, 4, (bytes) => bytes.writeUInt32BE(Number(value), 1))
  return coded(0xcf, 8, (bytes) => bytes.writeBigUInt64BE(value, 1))
}

function negative(value: bigint): Uint8Array {
  if (value >= -32n) return Uint8Array.of(Number(value) & 0xff)
  if (value >= -128n) return coded(0xd0, 1, (bytes) => bytes.writeInt8(Number(value), 1))
  if (value >= -32_768n) return coded(0xd1, 2, (bytes) => bytes.writeInt16BE(Number(value), 1))
  if (value >= -2_147_483_648n) {
    return coded(0xd2, 4, (bytes) => bytes.writeInt32BE(Number(value), 1))
  }
  return coded(0xd3, 8, (bytes) => bytes.writeBigInt64BE(value, 1))
}

const NS_PER_SECOND = 1_000_000_000n

/** The extension of type -1, in the form of 96 bits that holds every time. */
function timestamp(time: Timestamp): Uint8Array {
  const rest = ((time.epochNs % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND
  const bytes = Buffer.alloc(15)
  bytes.set([0xc7, 12, 0xff])
  bytes.writeUInt32BE(Number(rest), 3)
  bytes.writeBigInt64BE((time.epochNs - rest) / NS_PER_SECOND, 7)
  return bytes
}
