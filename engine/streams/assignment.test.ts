import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AssignmentMember, assignShards } from './assignment.ts'

const sharing = (member: string, ...held: number[]): AssignmentMember => ({
  member,
  pinned: undefined,
  held,
})
const pinning = (member: string, ...pinned: number[]): AssignmentMember => ({
  member,
  pinned,
  held: [],
})
const assign = (members: readonly AssignmentMember[], shards: number) =>
  Object.fromEntries(assignShards(members, shards))

describe('the assignment of shards', () => {
  test('gives all to one member, and nothing to nobody', () => {
    expect(assign([sharing('a')], 3)).toEqual({ a: [0, 1, 2] })
    expect(assign([], 3)).toEqual({})
    expect(assign([sharing('a')], 0)).toEqual({ a: [] })
  })

  test('leaves each member what it holds as far as its fair share goes', () => {
    expect(assign([sharing('a', 0, 1, 2, 3), sharing('b')], 4)).toEqual({ a: [0, 1], b: [2, 3] })
    expect(assign([sharing('a', 1, 3), sharing('b', 0, 2)], 4)).toEqual({ a: [1, 3], b: [0, 2] })
  })

  test('leaves the one too many with who holds the most', () => {
    expect(assign([sharing('a', 0), sharing('b', 1, 2)], 3)).toEqual({ a: [0], b: [1, 2] })
    expect(assign([sharing('a', 0, 1), sharing('b', 2)], 3)).toEqual({ a: [0, 1], b: [2] })
  })

  test('gives what is free to who holds the fewest', () => {
    expect(assign([sharing('a', 0, 1), sharing('b', 2)], 5)).toEqual({ a: [0, 1, 4], b: [2, 3] })
  })

  test('gives what a member left behind to the others', () => {
    const members = [sharing('a', 0, 1), sharing('c', 4, 5)]
    expect(assign(members, 6)).toEqual({ a: [0, 1, 2], c: [3, 4, 5] })
  })

  test('gives nothing to members beyond the shards', () => {
    expect(assign([sharing('a', 0), sharing('b', 1), sharing('c')], 2)).toEqual({
      a: [0],
      b: [1],
      c: [],
    })
  })

  test('gives a pinned shard to who pinned it last, and to nobody who shares', () => {
    const members = [sharing('a', 0, 1, 2), pinning('b', 1), pinning('c', 1, 2)]
    expect(assign(members, 3)).toEqual({ a: [0], b: [], c: [1, 2] })
  })

  test('leaves shards that nobody pinned unread where all pin', () => {
    expect(assign([pinning('a', 2)], 4)).toEqual({ a: [2] })
  })

  test('passes over pins and holdings that the stream does not have', () => {
    expect(assign([pinning('a', 7), sharing('b', 9, 0)], 2)).toEqual({ a: [], b: [0, 1] })
  })
})

const membersOf = (shards: number) =>
  fc.array(
    fc.record({
      pinned: fc.option(fc.uniqueArray(fc.nat(shards), { maxLength: 3 }), {
        nil: undefined,
        freq: 3,
      }),
      join: fc.boolean(),
    }),
    { maxLength: 8 },
  )

test('laws: each shard has one reader, shares differ by one, and no move is needless', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), membersOf(20), (shards, drawn) => {
      let members: AssignmentMember[] = []
      drawn.forEach(({ pinned, join }, index) => {
        if (join) members.push({ member: `m${index}`, pinned, held: [] })
        else members = members.slice(1)
        const assigned = assignShards(members, shards)
        const all = [...assigned.values()].flat()
        expect(new Set(all).size).toBe(all.length)
        const shares = members
          .filter((member) => member.pinned === undefined)
          .map(({ member }) => assigned.get(member)?.length ?? 0)
        if (shares.length > 0) {
          expect(all.length).toBe(shards)
          expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1)
        }
        for (const { member, held } of members) {
          // Nobody both loses a shard and gets another one, unless somebody pinned it.
          const pinnedNow = new Set(members.flatMap(({ pinned: of }) => of ?? []))
          const now = assigned.get(member) ?? []
          const lost = held.filter((shard) => !now.includes(shard) && !pinnedNow.has(shard))
          const got = now.filter((shard) => !held.includes(shard))
          expect(lost.length === 0 || got.length === 0).toBe(true)
        }
        members = members.map((member) => ({
          ...member,
          held: assigned.get(member.member) ?? [],
        }))
        const again = assignShards(members, shards)
        expect(again).toEqual(assigned)
      })
    }),
    { numRuns: 500 },
  )
})
