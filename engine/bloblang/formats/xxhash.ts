/** xxHash, in the widths of 32 and 64 bits. Steps and constants are those of its specification (version 0.1.1). */

const P32_1 = 0x9e3779b1
const P32_2 = 0x85ebca77
const P32_3 = 0xc2b2ae3d
const P32_4 = 0x27d4eb2f
const P32_5 = 0x165667b1

function rotate32(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}

function round32(lane: number, input: number): number {
  return Math.imul(rotate32(lane + Math.imul(input, P32_2), 13), P32_1)
}

/** An unsigned number. */
export function xxhash32(bytes: Buffer, seed = 0): number {
  const { length } = bytes
  let at = 0
  let hash = (seed + P32_5) | 0
  if (length >= 16) {
    let a = (seed + P32_1 + P32_2) | 0
    let b = (seed + P32_2) | 0
    let c = seed | 0
    let d = (seed - P32_1) | 0
    for (; at + 16 <= length; at += 16) {
      a = round32(a, bytes.readInt32LE(at))
      b = round32(b, bytes.readInt32LE(at + 4))
      c = round32(c, bytes.readInt32LE(at + 8))
      d = round32(d, bytes.readInt32LE(at + 12))
    }
    hash = rotate32(a, 1) + rotate32(b, 7) + rotate32(c, 12) + rotate32(d, 18)
  }
  hash = (hash + length) | 0
  for (; at + 4 <= length; at += 4) {
    hash = Math.imul(rotate32(hash + Math.imul(bytes.readInt32LE(at), P32_3), 17), P32_4)
  }
  for (; at < length; at++) {
    hash = Math.imul(rotate32(hash + Math.imul(bytes[at] as number, P32_5), 11), P32_1)
  }
  hash = Math.imul(hash ^ (hash >>> 15), P32_2)
  hash = Math.imul(hash ^ (hash >>> 13), P32_3)
  return (hash ^ (hash >>> 16)) >>> 0
}

const P64_1 = 0x9e3779b185ebca87n
const P64_2 = 0xc2b2ae3d27d4eb4fn
const P64_3 = 0x165667b19e3779f9n
const P64_4 = 0x85ebca77c2b2ae63n
const P64_5 = 0x27d4eb2f165667c5n

function low64(value: bigint): bigint {
  return BigInt.asUintN(64, value)
}

function rotate64(value: bigint, bits: bigint): bigint {
  return low64(value << bits) | (value >> (64n - bits))
}

function round64(lane: bigint, input: bigint): bigint {
  return low64(rotate64(low64(lane + input * P64_2), 31n) * P64_1)
}

function merge64(hash: bigint, lane: bigint): bigint {
  return low64((hash ^ round64(0n, lane)) * P64_1 + P64_4)
}

export function xxhash64(bytes: Buffer, seed = 0n): bigint {
  const { length } = bytes
  let at = 0
  let hash = low64(seed + P64_5)
  if (length >= 32) {
    let a = low64(seed + P64_1 + P64_2)
    let b = low64(seed + P64_2)
    let c = seed
    let d = low64(seed - P64_1)
    for (; at + 32 <= length; at += 32) {
      a = round64(a, bytes.readBigUInt64LE(at))
      b = round64(b, bytes.readBigUInt64LE(at + 8))
      c = round64(c, bytes.readBigUInt64LE(at + 16))
      d = round64(d, bytes.readBigUInt64LE(at + 24))
    }
    hash = low64(rotate64(a, 1n) + rotate64(b, 7n) + rotate64(c, 12n) + rotate64(d, 18n))
    for (const lane of [a, b, c, d]) hash = merge64(hash, lane)
  }
  hash = low64(hash + BigInt(length))
  for (; at + 8 <= length; at += 8) {
    hash = rotate64(hash ^ round64(0n, bytes.readBigUInt64LE(at)), 27n)
    hash = low64(hash * P64_1 + P64_4)
  }
  if (at + 4 <= length) {
    hash = rotate64(low64(hash ^ (BigInt(bytes.readUInt32LE(at)) * P64_1)), 23n)
    hash = low64(hash * P64_2 + P64_3)
    at += 4
  }
  for (; at < length; at++) {
    hash = low64(rotate64(low64(hash ^ (BigInt(bytes[at] as number) * P64_5)), 11n) * P64_1)
  }
  hash = low64((hash ^ (hash >> 33n)) * P64_2)
  hash = low64((hash ^ (hash >> 29n)) * P64_3)
  return hash ^ (hash >> 32n)
}
