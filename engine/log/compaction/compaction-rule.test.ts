import { describe, expect, test } from 'vitest'
import type { SegmentMeta } from '../segments/segment-store.ts'
import {
  COMPACTION_LAG_MS,
  groupShares,
  isDue,
  newCompactionState,
  sealedOf,
  TOMBSTONE_KEPT_MS,
  TOMBSTONE_LOOK_MS,
} from './compaction-rule.ts'

const NOW_US = 1e15

function meta(base: number, changes: Partial<SegmentMeta> = {}): SegmentMeta {
  return {
    base,
    generation: 0,
    next: base + 10,
    records: 10,
    bytes: 1000,
    oldestUs: NOW_US,
    newestUs: NOW_US,
    sealed: true,
    ...changes,
  }
}

describe('a shard is due', () => {
  const cleanTo = (sequence: number) => ({ ...newCompactionState(), cleanTo: sequence })

  test('when half of what is sealed is new, and not below', () => {
    expect(isDue([], newCompactionState(), NOW_US)).toBe(false)
    expect(isDue([meta(1)], newCompactionState(), NOW_US)).toBe(true)
    expect(isDue([meta(1), meta(11)], cleanTo(11), NOW_US)).toBe(true)
    expect(isDue([meta(1), meta(11, { bytes: 999 })], cleanTo(11), NOW_US)).toBe(false)
    expect(isDue([meta(1), meta(11)], cleanTo(21), NOW_US)).toBe(false)
  })

  test('when something waits for a day, however little', () => {
    const old = meta(11, { bytes: 1, oldestUs: NOW_US - COMPACTION_LAG_MS * 1000 - 1 })
    expect(isDue([meta(1), old], cleanTo(11), NOW_US)).toBe(true)
    expect(isDue([meta(1), old], cleanTo(11), NOW_US - 1)).toBe(false)
    expect(isDue([meta(1), old], cleanTo(11), undefined)).toBe(false)
  })

  test('when a removal has had its time, but once an hour at most', () => {
    const tombstoneUs = NOW_US - TOMBSTONE_KEPT_MS * 1000 - 1
    const state = { ...cleanTo(11), tombstoneUs, lookedUs: NOW_US - TOMBSTONE_LOOK_MS * 1000 }
    expect(isDue([meta(1)], state, NOW_US)).toBe(true)
    expect(isDue([meta(1)], { ...state, tombstoneUs: tombstoneUs + 1 }, NOW_US)).toBe(false)
    expect(isDue([meta(1)], { ...state, lookedUs: state.lookedUs + 1 }, NOW_US)).toBe(false)
    expect(isDue([meta(1)], state, undefined)).toBe(false)
  })

  test('without what is appended to', () => {
    const active = meta(11, { sealed: false })
    expect(sealedOf([meta(1), active])).toEqual([meta(1)])
    expect(sealedOf([meta(1)])).toEqual([meta(1)])
  })
})

describe('segments that become one', () => {
  const bases = (kept: readonly number[], segmentBytes: number) =>
    groupShares(
      kept.map((keptBytes, index) => ({
        meta: meta(index),
        keptBytes,
        keptRecords: keptBytes,
        droppedRecords: 0,
      })),
      segmentBytes,
    ).map((group) => group.map((share) => share.meta.base))

  test('are neighbours that fit, up to the byte', () => {
    expect(bases([40, 60, 1, 99, 1], 100)).toEqual([[0, 1], [2, 3], [4]])
    expect(bases([40, 61], 100)).toEqual([[0], [1]])
    expect(bases([500, 1], 100)).toEqual([[0], [1]])
  })

  test('take in those of which nothing is left, so that no sequence is without a segment', () => {
    expect(bases([0, 0, 100, 0, 50, 0], 100)).toEqual([
      [0, 1, 2, 3],
      [4, 5],
    ])
    expect(bases([0, 0], 100)).toEqual([[0, 1]])
  })
})
