/**
 * Which shard a key belongs to: xxHash32 of the key's bytes, then jump consistent hash over the shards. When a stream
 * grows, a key stays where it is or moves to a new shard, never between old ones.
 *
 * The algorithm is written into each stream's entry by its id and never changes for a stream: another one would be a
 * new id.
 */

export const PARTITIONER_ID = 'jump-xxh32'

/** The shard of a key among `shards`, from 0. */
export function shardOfKey(key: Uint8Array, shards: number): number {
  return shards === 1 ? 0 : jumpHash(0, xxHash32(key), shards)
}

// The multiplier of the jump hash's generator, 2862933555777941757, in two halves.
const MULTIPLIER_HIGH = 0x27bb2ee6
const MULTIPLIER_LOW = 0x87b0b0fd

/** The bucket of a 64-bit key, given as two 32-bit halves, among `buckets`. */
export function jumpHash(keyHigh: number, keyLow: number, buckets: number): number {
  let high = keyHigh >>> 0
  let low = keyLow >>> 0
  let bucket = 0
  for (let jump = 0; jump < buckets; ) {
    bucket = jump
    const crossed = Math.imul(high, MULTIPLIER_LOW) + Math.imul(low, MULTIPLIER_HIGH)
    const lowNext = (Math.imul(low, MULTIPLIER_LOW) >>> 0) + 1
    high = (crossed + multiplyHigh(low, MULTIPLIER_LOW) + (lowNext >= 2 ** 32 ? 1 : 0)) >>> 0
    low = lowNext >>> 0
    jump = Math.floor((bucket + 1) * (2 ** 31 / ((high >>> 1) + 1)))
  }
  return bucket
}

/** The upper half of the product of two 32-bit numbers. */
function multiplyHigh(left: number, right: number): number {
  const leftLow = left & 0xffff
  const leftHigh = left >>> 16
  const rightLow = right & 0xffff
  const rightHigh = right >>> 16
  const middle = leftHigh * rightLow + ((leftLow * rightLow) >>> 16)
  const middleLow = (middle & 0xffff) + leftLow * rightHigh
  return (leftHigh * rightHigh + Math.floor(middle / 65_536) + Math.floor(middleLow / 65_536)) >>> 0
}

const PRIME_1 = 0x9e3779b1
const PRIME_2 = 0x85ebca77
const PRIME_3 = 0xc2b2ae3d
const PRIME_4 = 0x27d4eb2f
const PRIME_5 = 0x165667b1

/** xxHash32 with seed 0. */
export function xxHash32(bytes: Uint8Array): number {
  const length = bytes.length
  let at = 0
  let hash: number
  if (length >= 16) {
    let one = (PRIME_1 + PRIME_2) | 0
    let two = PRIME_2
    let three = 0
    let four = -PRIME_1 | 0
    for (; at <= length - 16; at += 16) {
      one = round(one, word(bytes, at))
      two = round(two, word(bytes, at + 4))
      three = round(three, word(bytes, at + 8))
      four = round(four, word(bytes, at + 12))
    }
    hash = (rotate(one, 1) + rotate(two, 7) + rotate(three, 12) + rotate(four, 18)) | 0
  } else {
    hash = PRIME_5
  }
  hash = (hash + length) | 0
  for (; at <= length - 4; at += 4) {
    hash = Math.imul(rotate((hash + Math.imul(word(bytes, at), PRIME_3)) | 0, 17), PRIME_4)
  }
  for (; at < length; at++) {
    hash = Math.imul(rotate((hash + Math.imul(bytes[at] ?? 0, PRIME_5)) | 0, 11), PRIME_1)
  }
  hash = Math.imul(hash ^ (hash >>> 15), PRIME_2)
  hash = Math.imul(hash ^ (hash >>> 13), PRIME_3)
  return (hash ^ (hash >>> 16)) >>> 0
}

function round(lane: number, input: number): number {
  return Math.imul(rotate((lane + Math.imul(input, PRIME_2)) | 0, 13), PRIME_1)
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}

function word(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)
  return low | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)
}
