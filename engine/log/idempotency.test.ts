import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeBatch } from './batch.ts'
import { stampHeader } from './batch-header.ts'
import type { RememberChange } from './change.ts'
import {
  digestSet,
  IDEMPOTENCY_KEPT_MS,
  IDEMPOTENCY_KEY_LENGTH_MAX,
  IDEMPOTENCY_KEYS_MAX,
  IDEMPOTENCY_RUNS_MAX,
  IdempotencyTable,
  runsOf,
} from './idempotency.ts'
import type { WriteSet } from './log.ts'

const remembered = (key: string, atUs = 0, content = 'content'): RememberChange => ({
  kind: 'remember',
  key,
  content,
  atUs,
  runs: [[[2, 7, 3]]],
})

describe('the table of idempotent writes', () => {
  test('gives the first result for the same content, and refuses other content', () => {
    const table = new IdempotencyTable()
    expect(table.recall('k', 'content')).toBeUndefined()
    table.remember(remembered('k'))
    expect(table.recall('k', 'content')).toEqual({
      appends: [{ shards: Uint16Array.of(2, 2, 2), sequences: Float64Array.of(7, 8, 9) }],
    })
    expect(() => table.recall('k', 'other')).toThrow(
      expect.objectContaining({ code: 'IdempotencyKeyReused' }),
    )
  })

  test('takes the longest key, and neither a longer nor an empty one', () => {
    const table = new IdempotencyTable()
    const longest = 'k'.repeat(IDEMPOTENCY_KEY_LENGTH_MAX)
    expect(table.recall(longest, '')).toBeUndefined()
    for (const key of [`${longest}k`, '']) {
      expect(() => table.recall(key, '')).toThrow(expect.objectContaining({ code: 'BadRequest' }))
    }
  })

  test('holds its most keys, and forgets the oldest for one more', () => {
    const table = new IdempotencyTable()
    for (let index = 0; index < IDEMPOTENCY_KEYS_MAX; index++) {
      table.remember(remembered(`k${index}`))
    }
    expect(table.recall('k0', 'content')).toBeDefined()
    table.remember(remembered('one more'))
    expect(table.recall('k0', 'content')).toBeUndefined()
    expect(table.recall('k1', 'content')).toBeDefined()
    expect([...table.entries()].length).toBe(IDEMPOTENCY_KEYS_MAX)
  })

  test('holds its most runs over all keys, and forgets the oldest for one more', () => {
    const table = new IdempotencyTable()
    const ofRuns = (key: string, count: number): RememberChange => ({
      ...remembered(key),
      runs: [Array.from({ length: count }, () => [0, 1, 1] as const)],
    })
    table.remember(ofRuns('first', 1))
    table.remember(ofRuns('second', 1))
    table.remember(ofRuns('third', IDEMPOTENCY_RUNS_MAX - 2))
    // The same key again counts once.
    table.remember(ofRuns('third', IDEMPOTENCY_RUNS_MAX - 2))
    expect(table.recall('first', 'content')).toBeDefined()
    table.remember(ofRuns('fourth', 1))
    expect(table.recall('first', 'content')).toBeUndefined()
    expect(table.recall('second', 'content')).toBeDefined()
    table.remember(ofRuns('huge', IDEMPOTENCY_RUNS_MAX + 1))
    expect([...table.entries()].map(({ key }) => key)).toEqual(['huge'])
    table.remember(ofRuns('after', 1))
    expect([...table.entries()].map(({ key }) => key)).toEqual(['after'])
  })

  test('keeps a key for its time, and forgets it with the first write after that', () => {
    const table = new IdempotencyTable()
    const keptUs = IDEMPOTENCY_KEPT_MS * 1000
    table.remember(remembered('old', 0))
    table.remember(remembered('young', keptUs))
    expect(table.recall('old', 'content')).toBeDefined()
    table.remember(remembered('younger', keptUs + 1))
    expect(table.recall('old', 'content')).toBeUndefined()
    expect(table.recall('young', 'content')).toBeDefined()
  })

  test('forgets nothing when the clock is set back', () => {
    const table = new IdempotencyTable()
    table.remember(remembered('a', 1e15))
    table.remember(remembered('b', 0))
    expect(table.recall('a', 'content')).toBeDefined()
    expect(table.recall('b', 'content')).toBeDefined()
  })
})

test('runs stand for any result', () => {
  const place = fc.tuple(fc.nat(5), fc.integer({ min: 1, max: 20 }))
  fc.assert(
    fc.property(fc.array(place), (places) => {
      const result = {
        shards: Uint16Array.from(places, ([shard]) => shard),
        sequences: Float64Array.from(places, ([, sequence]) => sequence),
      }
      const table = new IdempotencyTable()
      table.remember({ ...remembered('k'), runs: [runsOf(result)] })
      expect(table.recall('k', 'content')).toEqual({ appends: [result] })
    }),
  )
})

test('the digest of a set names all that it asks for, and not what the log stamped', () => {
  const batch = encodeBatch([{ data: Buffer.from('x') }])
  const append = { stream: 'a', incarnation: 1, shard: 0, batch }
  const at = { stream: 'a', incarnation: 1, shard: 0 }
  const set: WriteSet = { appends: [append] }
  const others: WriteSet[] = [
    { appends: [] },
    { appends: [append, append] },
    { appends: [{ ...append, stream: 'b' }] },
    { appends: [{ ...append, incarnation: 2 }] },
    { appends: [{ ...append, shard: 1 }] },
    { appends: [{ ...append, expectNext: 1 }] },
    { appends: [{ ...append, batch: encodeBatch([{ data: Buffer.from('y') }]) }] },
    { appends: [append], offsets: [{ group: 'g', generation: 0, ...at, next: 1 }] },
    { appends: [append], trims: [{ ...at, first: 1 }] },
  ]
  const digests = new Set([set, ...others].map(digestSet))
  expect(digests.size).toBe(others.length + 1)
  const stamped = Buffer.from(batch)
  stampHeader(stamped, { shard: 0, incarnation: 1, baseSequence: 9, arrivalUs: 9, frame: 9 })
  expect(digestSet({ appends: [{ ...append, batch: stamped }] })).toBe(digestSet(set))
})
