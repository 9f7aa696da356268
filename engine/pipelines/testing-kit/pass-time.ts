/**
 * Moves the simulated clock of a rehearsal on, from timer to timer, whenever nothing else moves: a pipeline that backs
 * off for minutes is through in milliseconds, and the same way each time.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { realClock } from '../../ports/real-clock.ts'
import type { SimulatedClock } from '../../ports/simulated-clock.ts'
import type { Activity } from './activity.ts'

/** So many turns of the event loop without a move, and nothing moves by itself any more. */
const TURNS_IDLE = 12
/** Without a timer either, it gets a little real time: something of the process may still answer. */
const REAL_WAIT_MS = 5
const REAL_WAITS_MAX = 200

export interface Passing {
  readonly clock: SimulatedClock
  readonly activity: Activity
  /** How far the clock may go on. */
  readonly withinMs: number
  readonly isOver: () => boolean
  /** Nothing moves. True where that made something move. */
  readonly onIdle: () => boolean
  readonly signal: AbortSignal
}

/** `late`: its time ran out; `still`: nothing moves any more, and nothing waits for the clock. */
export type Passed = 'over' | 'late' | 'still' | 'aborted'

export async function passTime(passing: Passing): Promise<Passed> {
  const { clock, activity, withinMs, isOver, onIdle, signal } = passing
  const endMs = clock.monotonicMs() + withinMs
  let realWaits = 0
  while (!isOver()) {
    if (signal.aborted) return 'aborted'
    const { wait } = activity
    if (wait !== undefined) {
      await untilEither(wait, signal)
      continue
    }
    if (await moves(activity, isOver)) {
      realWaits = 0
      continue
    }
    if (activity.wait !== undefined || onIdle()) continue
    const { dueInMs } = clock
    if (dueInMs === undefined) {
      realWaits += 1
      if (realWaits > REAL_WAITS_MAX) return 'still'
      await realClock.sleep(REAL_WAIT_MS)
    } else if (clock.monotonicMs() + dueInMs > endMs) return 'late'
    else await clock.advance(dueInMs)
  }
  return 'over'
}

async function moves(activity: Activity, isOver: () => boolean): Promise<boolean> {
  const before = activity.moves
  for (let turns = 0; turns < TURNS_IDLE; turns++) {
    await turn()
    if (activity.moves !== before || activity.wait !== undefined || isOver()) return true
  }
  return false
}

async function untilEither(wait: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<void>()
  const abort = (): void => aborted.resolve()
  signal.addEventListener('abort', abort)
  try {
    await Promise.race([wait, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
