import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HeadgateError } from '../error.ts'
import { SimulatedClock } from '../ports/simulated-clock.ts'
import { GroupCoordinator } from './group-coordinator.ts'
import type { Membership } from './groups.ts'

const SESSION_MS = 10_000

function coordinated(shards: number) {
  const clock = new SimulatedClock()
  const stream = { shards }
  const groups = new GroupCoordinator(clock, () => stream.shards, 100)
  const join = (member: string, pinned?: readonly number[]): Membership =>
    groups.join({
      group: 'g',
      member,
      stream: 's',
      incarnation: 1,
      sessionMs: SESSION_MS,
      ...(pinned === undefined ? {} : { pinned }),
    })
  const beat = (member: string): Membership => groups.heartbeat('g', member)
  const commits = (generation: number, shard: number): boolean => {
    try {
      groups.check('g', generation, { stream: 's', incarnation: 1, shard, next: 1 })
      return true
    } catch (error) {
      if (error instanceof HeadgateError && error.code === 'GenerationStale') return false
      throw error
    }
  }
  return { clock, stream, groups, join, beat, commits }
}

describe('a shard that shall go to another member', () => {
  test('is missing from its holder’s answer first, and moves by the holder’s next call', () => {
    const { join, beat } = coordinated(2)
    expect(join('a').shards).toEqual([0, 1])
    expect(join('b')).toMatchObject({ shards: [], settling: true })
    expect(beat('b').shards).toEqual([])
    expect(beat('a')).toMatchObject({ shards: [0], settling: true })
    expect(beat('b').shards).toEqual([])
    expect(beat('a')).toMatchObject({ shards: [0], settling: false })
    expect(beat('b')).toMatchObject({ shards: [1], settling: false })
  })

  test('may still be committed by its holder until it moved, and by nobody else', () => {
    const { join, beat, commits } = coordinated(2)
    const { generation } = join('a')
    const second = join('b')
    expect(commits(generation, 1)).toBe(true)
    beat('a')
    expect(commits(generation, 1)).toBe(true)
    const third = beat('a')
    expect(commits(generation, 1)).toBe(false)
    expect(commits(second.generation, 1)).toBe(false)
    expect(commits(third.generation, 1)).toBe(true)
    expect(commits(third.generation + 1, 1)).toBe(false)
  })

  test('leaves the shards that stay under the generation in which they were got', () => {
    const { join, beat, commits } = coordinated(2)
    const { generation } = join('a')
    join('b')
    beat('a')
    beat('a')
    expect(commits(generation, 0)).toBe(true)
    expect(commits(generation - 1, 0)).toBe(false)
  })

  test('stays where it is when its taker goes before its holder was told', () => {
    const { groups, join, beat } = coordinated(2)
    join('a')
    join('b')
    groups.leave('g', 'b')
    expect(beat('a')).toMatchObject({ shards: [0, 1], settling: false })
  })

  test('comes back to its holder only after that let go of it, and as a new hold', () => {
    const { groups, join, beat, commits } = coordinated(2)
    const { generation } = join('a')
    join('b')
    expect(beat('a').shards).toEqual([0])
    groups.leave('g', 'b')
    expect(beat('a').shards).toEqual([0, 1])
    expect(commits(generation, 0)).toBe(true)
    expect(commits(generation, 1)).toBe(false)
  })

  test('moves when its holder’s session ends instead', async () => {
    const { clock, join, beat, commits } = coordinated(1)
    const { generation } = join('a')
    await clock.advance(SESSION_MS - 1)
    join('b', [0])
    expect(beat('b').shards).toEqual([])
    await clock.advance(1)
    expect(beat('b').shards).toEqual([0])
    expect(commits(generation, 0)).toBe(false)
    expect(() => beat('a')).toThrow('live session')
  })
})

test('a shard that nobody holds takes no commit while the group has members', () => {
  const { join, commits } = coordinated(2)
  expect(commits(0, 1)).toBe(true)
  const { generation } = join('a', [0])
  expect(commits(generation, 0)).toBe(true)
  expect(commits(generation, 1)).toBe(false)
  expect(commits(0, 1)).toBe(false)
})

test('a stream that grew hands its new shards to who holds the fewest', () => {
  const { stream, join, beat } = coordinated(2)
  join('a')
  join('b')
  beat('a')
  beat('a')
  expect(beat('b').shards).toEqual([1])
  stream.shards = 4
  expect(beat('a').shards).toEqual([0, 2])
  expect(beat('b').shards).toEqual([1, 3])
})

test('a description tells members, what they still have to let go of, and their last sign of life', async () => {
  const { clock, groups, join, beat } = coordinated(2)
  expect(groups.describe('g')).toEqual({ generation: 0, members: [] })
  join('a')
  await clock.advance(1_000)
  const { generation } = join('b')
  beat('b')
  expect(groups.describe('g')).toEqual({
    generation,
    members: [
      expect.objectContaining({ member: 'a', shards: [0, 1], leaving: [1], heartbeatAgeMs: 1_000 }),
      expect.objectContaining({ member: 'b', shards: [], leaving: [], heartbeatAgeMs: 0 }),
    ],
  })
  await clock.advance(SESSION_MS)
  expect(groups.names()).toEqual([])
})

type Step =
  | { readonly kind: 'join' | 'rejoin' | 'beat' | 'leave' | 'pause' | 'late'; readonly at: number }
  | { readonly kind: 'pin'; readonly at: number; readonly shard: number }
  | { readonly kind: 'grow' | 'reset' }
  | { readonly kind: 'wait'; readonly ms: number }

const member = fc.nat(4)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('join' as const), at: member }) },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('beat' as const), at: member }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('rejoin' as const, 'leave' as const, 'pause' as const, 'late' as const),
      at: member,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('pin' as const), at: member, shard: fc.nat(3) }),
  },
  { weight: 1, arbitrary: fc.constantFrom({ kind: 'grow' as const }, { kind: 'reset' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.integer({ max: 6_000, min: 1 }),
    }),
  },
)

/** A member as it sees itself: what it was answered last, and since which answer it has had each shard without a break. */
interface Self {
  generation: number
  shards: Map<number, number>
  /** Shards that it had once and does not have any more, with the last generation that it knew while it had them. */
  former: Map<number, number>
}

/** Drives a coordinator as members do, and holds it to its laws after each step. */
class Play {
  readonly #under = coordinated(3)
  readonly #selves = new Map<string, Self>()
  /** Who was answered a shard in a generation. */
  readonly #owners = new Map<string, string>()
  readonly #paused = new Set<string>()

  async step(next: Step): Promise<void> {
    const { groups, clock, stream } = this.#under
    const name = 'at' in next ? `m${next.at}` : ''
    switch (next.kind) {
      case 'join':
        if (!this.#selves.has(name)) this.#joined(name, this.#under.join(name))
        break
      case 'rejoin':
        this.#paused.delete(name)
        this.#joined(name, this.#under.join(name))
        break
      case 'pin':
        if (next.shard < stream.shards) this.#joined(name, this.#under.join(name, [next.shard]))
        break
      case 'beat':
        if (!this.#paused.has(name)) this.#beat(name)
        break
      case 'leave':
        groups.leave('g', name)
        this.#selves.delete(name)
        break
      case 'pause':
        this.#paused.add(name)
        break
      case 'late':
        this.#late(name)
        this.#paused.delete(name)
        break
      case 'grow':
        stream.shards = Math.min(stream.shards + 1, 8)
        break
      case 'reset':
        groups.fence('g')
        for (const self of this.#selves.values()) self.shards.clear()
        break
      case 'wait':
        await clock.advance(next.ms)
        break
      default:
        next satisfies never
    }
  }

  /** With everybody awake the group comes to rest: every shard that shall be read is held, by one member. */
  rest(): void {
    for (let round = 0; round < 4; round++) for (const name of this.#selves.keys()) this.#beat(name)
    const { members } = this.#under.groups.describe('g')
    const held = members.flatMap(({ shards }) => shards)
    expect(new Set(held).size).toBe(held.length)
    expect(members.flatMap(({ leaving }) => leaving)).toEqual([])
    if (members.some(({ pinned }) => pinned === undefined)) {
      expect(held.length).toBe(this.#under.stream.shards)
    }
    for (const name of this.#selves.keys()) expect(this.#under.beat(name).settling).toBe(false)
  }

  #joined(name: string, membership: Membership): void {
    this.#paused.delete(name)
    const former = this.#selves.get(name)
    for (const shard of former?.shards.keys() ?? []) {
      expect(this.#under.commits(former?.generation ?? 0, shard)).toBe(false)
    }
    this.#selves.set(name, { generation: 0, shards: new Map(), former: new Map() })
    this.#answered(name, membership)
  }

  #beat(name: string): void {
    const self = this.#selves.get(name)
    if (self === undefined) return
    try {
      this.#answered(name, this.#under.beat(name))
    } catch (error) {
      if (!(error instanceof HeadgateError) || error.code !== 'GenerationStale') throw error
      this.#joined(name, this.#under.join(name))
    }
  }

  #answered(name: string, { generation, shards }: Membership): void {
    const self = this.#selves.get(name)
    if (self === undefined) return
    expect(generation).toBeGreaterThanOrEqual(self.generation)
    for (const shard of self.shards.keys()) {
      if (!shards.includes(shard)) self.former.set(shard, self.generation)
    }
    const before = self.shards
    self.shards = new Map(shards.map((shard) => [shard, before.get(shard) ?? generation]))
    self.generation = generation
    for (const shard of shards) {
      const place = `${generation}/${shard}`
      expect(this.#owners.get(place) ?? name, `shard ${shard} in generation ${generation}`).toBe(
        name,
      )
      this.#owners.set(place, name)
      // Under the generation of now, and under the one in which it got the shard: it was not disturbed since.
      expect(this.#under.commits(generation, shard)).toBe(true)
      expect(this.#under.commits(self.shards.get(shard) ?? 0, shard)).toBe(true)
    }
  }

  /** A member that was away comes back with a commit: it may count only while nobody else has had the shard. */
  #late(name: string): void {
    const self = this.#selves.get(name)
    if (self === undefined) return
    const holders = new Map(
      this.#under.groups
        .describe('g')
        .members.flatMap(({ member: holder, shards }) => shards.map((shard) => [shard, holder])),
    )
    for (const shard of [...self.shards.keys(), ...self.former.keys()]) {
      const known = self.shards.has(shard) ? self.generation : (self.former.get(shard) ?? 0)
      if (holders.get(shard) === name) continue
      expect(this.#under.commits(known, shard), `${name} on shard ${shard}`).toBe(false)
    }
  }
}

test('laws: one holder a shard and generation, no late commit, no disturbance, and an end to every move', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 20, maxLength: 80, size: 'max' }),
      async (steps) => {
        const play = new Play()
        for (const next of steps) await play.step(next)
        play.rest()
      },
    ),
    { numRuns: 400, seed: 4 },
  )
}, 60_000)
