/**
 * Which partition a message goes to, bit for bit as other clients choose it: producers that disagree would part the
 * messages of one key.
 *
 * - `fnv1a_hash` is Sarama's: FNV-1a over the key as a signed number, its remainder made positive; at random without a key.
 * - `murmur2_hash` is that of Kafka's own Java client: the positive bits of murmur2; at random without a key.
 */
import type { Random } from '../../ports/random.ts'

export const PARTITIONERS = [
  'fnv1a_hash',
  'murmur2_hash',
  'random',
  'round_robin',
  'manual',
] as const
export type PartitionerName = (typeof PARTITIONERS)[number]

/** Never asked for a topic without partitions. */
export type Partitioner = (topic: string, key: Uint8Array | undefined, count: number) => number

/** `manual` is no matter of keys; whoever asks for it knows the partition. */
export function partitionerOf(
  name: Exclude<PartitionerName, 'manual'>,
  random: Random,
): Partitioner {
  const anywhere = (count: number): number => Math.floor(random.next() * count)
  if (name === 'random') return (_, __, count) => anywhere(count)
  if (name === 'round_robin') return inTurn()
  const hash = name === 'fnv1a_hash' ? fnv1aPartition : murmur2Partition
  return (_, key, count) => (key === undefined ? anywhere(count) : hash(key, count))
}

function inTurn(): Partitioner {
  const next = new Map<string, number>()
  return (topic, _, count) => {
    const partition = (next.get(topic) ?? 0) % count
    next.set(topic, partition + 1)
    return partition
  }
}

export function fnv1aPartition(key: Uint8Array, count: number): number {
  return Math.abs(fnv1a32(key) % count)
}

export function murmur2Partition(key: Uint8Array, count: number): number {
  return (murmur2(key) & 0x7fffffff) % count
}

const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

/** As a signed number of 32 bits. */
export function fnv1a32(bytes: Uint8Array): number {
  let hash = FNV_OFFSET | 0
  for (const byte of bytes) hash = Math.imul(hash ^ byte, FNV_PRIME)
  return hash
}

const MURMUR_SEED = 0x9747b28c
const MURMUR_FACTOR = 0x5bd1e995
const MURMUR_SHIFT = 24

/** As a signed number of 32 bits. */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes
  const at = (index: number): number => bytes[index] ?? 0
  let hash = MURMUR_SEED ^ length
  const whole = length - (length % 4)
  for (let index = 0; index < whole; index += 4) {
    const word = at(index) | (at(index + 1) << 8) | (at(index + 2) << 16) | (at(index + 3) << 24)
    let mixed = Math.imul(word, MURMUR_FACTOR)
    mixed = Math.imul(mixed ^ (mixed >>> MURMUR_SHIFT), MURMUR_FACTOR)
    hash = Math.imul(hash, MURMUR_FACTOR) ^ mixed
  }
  if (length > whole) {
    hash ^= at(whole) | (at(whole + 1) << 8) | (at(whole + 2) << 16)
    hash = Math.imul(hash, MURMUR_FACTOR)
  }
  hash = Math.imul(hash ^ (hash >>> 13), MURMUR_FACTOR)
  return hash ^ (hash >>> 15)
}
