import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HeadgateError } from '../error.ts'
import type { AppendPart } from '../log/write-gate.ts'
import { SimulatedClock } from '../ports/simulated-clock.ts'
import {
  NamespaceQuotas,
  namespaceOf,
  QUOTA_RETRY_MS,
  type Quota,
  RATE_REFUSAL_MS,
} from './quotas.ts'

function quotasOf(quotas: Readonly<Record<string, Quota>>) {
  const clock = new SimulatedClock()
  return { clock, quotas: new NamespaceQuotas(new Map(Object.entries(quotas)), clock) }
}

const part = (bytes: number, stream = 'team/a', incarnation = 1): AppendPart => ({
  stream,
  incarnation,
  batch: new Uint8Array(bytes),
})

function refusal(call: () => void): HeadgateError | undefined {
  try {
    call()
    return undefined
  } catch (error) {
    if (error instanceof HeadgateError) return error
    throw error
  }
}

describe('a quota of bytes', () => {
  test('is reached to the byte and not passed by one, by all streams of the namespace together', () => {
    const { quotas } = quotasOf({ team: { bytes: 100 } })
    quotas.admit([part(60)])
    expect(refusal(() => quotas.admit([part(41, 'team/b', 2)]))?.code).toBe('QuotaExceeded')
    quotas.admit([part(40, 'team/b', 2)])
    expect(refusal(() => quotas.admit([part(1)]))?.code).toBe('QuotaExceeded')
    expect(quotas.use('team')?.usedBytes).toBe(100)
  })

  test('leaves other namespaces alone, and those that are not named', () => {
    const { quotas } = quotasOf({ team: { bytes: 1 } })
    quotas.admit([part(1_000, 'other/a', 2), part(1_000, 'plain', 3)])
    expect(quotas.use('other')).toBeUndefined()
    expect([namespaceOf('other/a'), namespaceOf('plain')]).toEqual(['other', 'default'])
  })

  test('says what is stored, what came, and what can be done', () => {
    const { quotas } = quotasOf({ team: { bytes: 10 * 1024 } })
    quotas.admit([part(9 * 1024)])
    expect(refusal(() => quotas.admit([part(2 * 1024)]))).toMatchObject({
      code: 'QuotaExceeded',
      message: 'expected at most 10.0 KiB in namespace team, got 9.0 KiB stored and 2.0 KiB more',
      hint: 'Shorten the retention of its streams, purge what is retained, or raise quotas.team.bytes in headgate.yaml.',
      retryAfterMs: QUOTA_RETRY_MS,
      class: { retry: 'backoff', status: 507 },
    })
  })

  test('counts nothing of a set that is refused for one of its parts', () => {
    const { quotas } = quotasOf({ team: { bytes: 100 }, other: { bytes: 10 } })
    expect(refusal(() => quotas.admit([part(100), part(11, 'other/a', 2)]))).toBeDefined()
    expect(quotas.uses().map(({ usedBytes }) => usedBytes)).toEqual([0, 0])
    expect(refusal(() => quotas.admit([part(50), part(51)]))).toBeDefined()
    quotas.admit([part(100), part(10, 'other/a', 2)])
    expect(quotas.uses().map(({ usedBytes }) => usedBytes)).toEqual([100, 10])
  })

  test('gets back what is dropped and what is deleted, each once', () => {
    const { quotas } = quotasOf({ team: { bytes: 100 } })
    quotas.admit([part(60), part(40, 'team/b', 2)])
    quotas.released(1, 10)
    expect(quotas.use('team')?.usedBytes).toBe(90)
    quotas.removed(1)
    expect(quotas.use('team')?.usedBytes).toBe(40)
    quotas.released(1, 10)
    quotas.removed(1)
    quotas.released(2, 1_000)
    expect(quotas.use('team')?.usedBytes).toBe(0)
  })

  test('counts a stream that is made again under its name anew', () => {
    const { quotas } = quotasOf({ team: { bytes: 100 } })
    quotas.admit([part(60, 'team/a', 1)])
    quotas.admit([part(30, 'team/a', 2)])
    // The deletion becomes visible only after the first append to the new one was judged.
    quotas.removed(1)
    expect(quotas.use('team')?.usedBytes).toBe(30)
  })

  test('begins with what is there, and again after a commit that found no room', () => {
    const { quotas } = quotasOf({ team: { bytes: 100 } })
    const stored = [
      { name: 'team/a', incarnation: 1, bytes: 70 },
      { name: 'other/a', incarnation: 2, bytes: 70 },
    ]
    quotas.load(stored)
    expect(refusal(() => quotas.admit([part(31)]))).toBeDefined()
    quotas.admit([part(30)])
    quotas.load(stored)
    expect(quotas.use('team')?.usedBytes).toBe(70)
    quotas.admit([part(30)])
  })

  test('never refuses a stream, nor a set without appends', () => {
    const { quotas } = quotasOf({ team: { bytes: 1, bytesPerSecond: 1 } })
    quotas.load([{ name: 'team/a', incarnation: 1, bytes: 10 }])
    quotas.admitStream()
    quotas.admit([])
  })

  test('is told as refusing while what was refused does not fit', () => {
    const { quotas } = quotasOf({ team: { bytes: 100 } })
    quotas.admit([part(90)])
    expect(quotas.use('team')?.refusing).toBeUndefined()
    expect(refusal(() => quotas.admit([part(20)]))).toBeDefined()
    expect(quotas.use('team')?.refusing).toBe('bytes')
    quotas.released(1, 10)
    expect(quotas.use('team')?.refusing).toBeUndefined()
    expect(refusal(() => quotas.admit([part(30)]))).toBeDefined()
    quotas.admit([part(5)])
    expect(quotas.use('team')?.refusing).toBeUndefined()
    quotas.admit([part(15)])
    // Full: nobody has to be refused first.
    expect(quotas.use('team')?.refusing).toBe('bytes')
  })

  test('holds at every moment, and counts what is there (law)', () => {
    const step = fc.record({
      act: fc.constantFrom('admit', 'release', 'remove'),
      stream: fc.integer({ min: 1, max: 4 }),
      bytes: fc.integer({ min: 1, max: 60 }),
    })
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const { quotas } = quotasOf({ team: { bytes: 100 } })
        const held = new Map<number, number>()
        const sum = (): number => [...held.values()].reduce((total, one) => total + one, 0)
        for (const { act, stream, bytes } of steps) {
          const before = held.get(stream) ?? 0
          if (act === 'admit') {
            const refused = refusal(() => quotas.admit([part(bytes, `team/${stream}`, stream)]))
            expect(refused !== undefined).toBe(sum() + bytes > 100)
            if (refused === undefined) held.set(stream, before + bytes)
          } else if (act === 'release') {
            const dropped = Math.min(bytes, before)
            quotas.released(stream, dropped)
            held.set(stream, before - dropped)
          } else {
            quotas.removed(stream)
            held.delete(stream)
          }
          expect(quotas.use('team')?.usedBytes).toBe(sum())
        }
      }),
    )
  })
})

describe('a quota of bytes per second', () => {
  test('lets a burst of one second through, then refuses until it is earned again', async () => {
    const { quotas, clock } = quotasOf({ team: { bytesPerSecond: 1_000 } })
    quotas.admit([part(1_000)])
    expect(refusal(() => quotas.admit([part(1)]))).toMatchObject({
      code: 'RateExceeded',
      message: 'expected at most 1000 B a second into namespace team, got more',
      retryAfterMs: 1,
      class: { retry: 'backoff', status: 429 },
    })
    await clock.advance(1)
    quotas.admit([part(1)])
  })

  test('lets a write above the burst through once, and makes what follows wait for it', async () => {
    const { quotas, clock } = quotasOf({ team: { bytesPerSecond: 1_000 } })
    quotas.admit([part(5_000)])
    expect(refusal(() => quotas.admit([part(1)]))?.retryAfterMs).toBe(4_000)
    await clock.advance(3_999)
    expect(refusal(() => quotas.admit([part(1)]))?.retryAfterMs).toBe(1)
    await clock.advance(2)
    quotas.admit([part(1)])
  })

  test('takes nothing for what the quota of bytes refuses', () => {
    const { quotas } = quotasOf({ team: { bytes: 10, bytesPerSecond: 10 } })
    expect(refusal(() => quotas.admit([part(11)]))?.code).toBe('QuotaExceeded')
    quotas.admit([part(10)])
  })

  test('is told as refusing for a while after it refused', async () => {
    const { quotas, clock } = quotasOf({ team: { bytesPerSecond: 10 } })
    quotas.admit([part(11)])
    expect(quotas.use('team')?.refusing).toBeUndefined()
    expect(refusal(() => quotas.admit([part(1)]))).toBeDefined()
    await clock.advance(RATE_REFUSAL_MS - 1)
    expect(quotas.use('team')?.refusing).toBe('bytesPerSecond')
    await clock.advance(1)
    expect(quotas.use('team')?.refusing).toBeUndefined()
  })

  test('holds over any stretch of time, but for one second and one write (law)', async () => {
    const write = fc.record({
      afterMs: fc.integer({ min: 0, max: 900 }),
      bytes: fc.integer({ min: 1, max: 3_000 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(write, { maxLength: 30 }), async (writes) => {
        const { quotas, clock } = quotasOf({ team: { bytesPerSecond: 1_000 } })
        const taken: { readonly atMs: number; readonly bytes: number }[] = []
        for (const { afterMs, bytes } of writes) {
          await clock.advance(afterMs)
          if (refusal(() => quotas.admit([part(bytes)])) !== undefined) continue
          taken.push({ atMs: clock.monotonicMs(), bytes })
        }
        for (const [from, first] of taken.entries()) {
          let bytes = 0
          for (const one of taken.slice(from)) {
            const seconds = (one.atMs - first.atMs) / 1000 + 1
            expect(bytes).toBeLessThanOrEqual(seconds * 1_000)
            bytes += one.bytes
          }
        }
      }),
      { numRuns: 50 },
    )
  })
})
