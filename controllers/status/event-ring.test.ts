import { describe, expect, test } from 'vitest'
import { SimulatedClock } from '../../engine/ports/simulated-clock.ts'
import type { ConvergenceReport } from '../apply/convergence.ts'
import { EventRing } from './event-ring.ts'
import { EVENTS_MAX, type NewEvent } from './events.ts'
import { eventsOf } from './events-of-look.ts'

function event(name: string, message = 'It was made.'): NewEvent {
  const regarding = { kind: 'Stream', namespace: 'default', name, uid: undefined } as const
  return { type: 'Normal', reason: 'Created', message, regarding, source: 'local' }
}

describe('the ring of events', () => {
  test('counts what happens again, and tells it last', async () => {
    const clock = new SimulatedClock()
    const ring = new EventRing(clock)
    const firstUs = clock.wallUs()
    ring.add(event('a'))
    ring.add(event('b'))
    await clock.advance(1_000)
    ring.add(event('a'))
    expect(ring.list()).toMatchObject([
      { id: 2, regarding: { name: 'b' }, count: 1 },
      { id: 1, regarding: { name: 'a' }, count: 2, firstUs, lastUs: firstUs + 1_000_000 },
    ])
  })

  test('holds as many as it may, and forgets the oldest of one more', () => {
    const ring = new EventRing(new SimulatedClock())
    for (let count = 0; count < EVENTS_MAX; count += 1) ring.add(event(`s${count}`))
    expect(ring.list()).toHaveLength(EVENTS_MAX)
    ring.add(event('more'))
    expect(ring.list()).toHaveLength(EVENTS_MAX)
    expect(ring.list()[0]?.regarding.name).toBe('s1')
  })

  test('tells those who watch, until they stop', () => {
    const ring = new EventRing(new SimulatedClock())
    const seen: string[] = []
    const watching = ring.watch(({ regarding }) => seen.push(regarding.name))
    ring.add(event('a'))
    watching[Symbol.dispose]()
    ring.add(event('b'))
    expect(seen).toEqual(['a'])
  })
})

const QUIET: ConvergenceReport = {
  source: 'local',
  setDigest: 'digest',
  isFirst: false,
  changes: [],
  failures: [],
  elapsedMs: 1,
  files: [],
  problems: [],
  problemsResolved: 0,
  incompleteBecause: [],
  blocked: [],
  approval: undefined,
  converged: 3,
}
const identity = { kind: 'Stream', namespace: 'default', name: 'orders' } as const

describe('a look', () => {
  test('that did nothing is no event', () => {
    expect(eventsOf(QUIET, () => undefined)).toEqual([])
  })

  test('tells of what was made, what failed and what is held back, each about its resource', () => {
    const common = { identity, reason: 'no longer declared', cause: undefined }
    const report: ConvergenceReport = {
      ...QUIET,
      changes: [{ ...common, verb: 'retain' }],
      failures: [
        {
          ...common,
          verb: 'create',
          code: 'ResourceBusy',
          message: 'The port is taken.',
          hint: 'Use another.',
          retryInMs: 5,
        },
      ],
      blocked: [{ ...common, wanted: 'retain', blockedBy: 'OverBudget' }],
      approval: { destructiveDigest: 'd', command: 'headgate approve local d' },
    }
    const told = eventsOf(report, () => 'uid-1').map(
      ({ type, reason, message, regarding }) =>
        `${type} ${reason} ${regarding.kind} ${regarding.uid}: ${message}`,
    )
    expect(told).toEqual([
      'Normal Retained Stream uid-1: No longer declared.',
      'Warning PruneBlocked Stream uid-1: retain is held back: no longer declared',
      'Warning ResourceBusy Stream uid-1: create failed: The port is taken. Use another.',
      'Warning ApprovalNeeded Source undefined: Something waits for `headgate approve local d`.',
      'Normal Converged Source undefined: Stream default/orders changed, 3 are as declared.',
    ])
  })
})
