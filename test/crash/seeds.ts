/**
 * Which seeds a crash test tries. By itself a fixed share, the same every time; `HEADGATE_SEED=n` replays one, and
 * `HEADGATE_SOAK_MINUTES=n` goes on from there for as long.
 */
import { realClock } from '../../engine/ports/real-clock.ts'

export interface Seeds {
  readonly share: number
  readonly first?: number
}

/** How long a test may take that goes on for as long as asked. */
export const SEEDS_TEST_MS: number = minutes() * 60_000 + 5 * 60_000

export function* seeds({ share, first = 1 }: Seeds): Iterable<number> {
  const given = process.env['HEADGATE_SEED']
  const start = given === undefined ? first : Number(given)
  const soakMs = minutes() * 60_000
  if (given !== undefined && soakMs === 0) {
    yield start
    return
  }
  const beganMs = realClock.monotonicMs()
  for (let index = 0; index < share || realClock.monotonicMs() - beganMs < soakMs; index++) {
    yield start + index
  }
}

/** Says how to see a failure again. */
export async function underSeed(seed: number, run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new Error(`HEADGATE_SEED=${seed} shows this again: ${message}`, { cause: error })
  }
}

function minutes(): number {
  return Number(process.env['HEADGATE_SOAK_MINUTES'] ?? 0)
}
