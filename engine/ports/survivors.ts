/**
 * What of the unsynced is there after a power loss. A disk promises that a sector of 512 bytes is old or new, and
 * nothing else: not that a write is whole, nor that an earlier one is there when a later one is.
 *
 * Bytes that a write does not cover are never touched, even in a sector that it shares with them.
 */
import type { Random } from './random.ts'

const SECTOR_BYTES = 512

/** `garbage` is `random`, and some sectors hold zeros or noise instead. */
export type SurvivorPolicy = 'none' | 'all' | 'random' | 'garbage'
/** Each unsynced creation, rename and removal survives on its own. */
export type NamePolicy = 'none' | 'all' | 'random'

export interface DiskWrite {
  readonly position: number
  readonly bytes: Uint8Array
}

export function survivorsOf(
  write: DiskWrite,
  policy: SurvivorPolicy,
  random: Random,
): readonly DiskWrite[] {
  if (policy === 'none') return []
  if (policy === 'all') return [write]
  const survives = fate(random)
  const sectors = sectorsOf(write)
  const tornAt = Math.floor(random.next() * sectors.length)
  const survivors = sectors.filter((_, index) => survives(index, tornAt))
  if (policy === 'random') return survivors
  return [...survivors, ...sectors.flatMap((sector) => damaged(sector, random))]
}

export function nameSurvives(policy: NamePolicy, random: Random): boolean {
  return policy === 'all' || (policy === 'random' && random.next() < 0.5)
}

/** Whole, gone, cut off, or any part: of a long write, coins alone would keep it whole in no lifetime. */
function fate(random: Random): (index: number, tornAt: number) => boolean {
  const chance = random.next()
  if (chance < 0.2) return () => true
  if (chance < 0.4) return () => false
  if (chance < 0.6) return (index, tornAt) => index < tornAt
  return () => random.next() < 0.5
}

function sectorsOf({ position, bytes }: DiskWrite): readonly DiskWrite[] {
  const sectors: DiskWrite[] = []
  for (let done = 0; done < bytes.length; ) {
    const room = SECTOR_BYTES - ((position + done) % SECTOR_BYTES)
    const sector = bytes.subarray(done, done + room)
    sectors.push({ position: position + done, bytes: sector })
    done += sector.length
  }
  return sectors
}

function damaged({ position, bytes }: DiskWrite, random: Random): readonly DiskWrite[] {
  const chance = random.next()
  if (chance < 0.8) return []
  const noise = chance < 0.9 ? new Uint8Array(bytes.length) : random.bytes(bytes.length)
  return [{ position, bytes: noise }]
}
