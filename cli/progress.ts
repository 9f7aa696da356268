/** Tells a person that something goes on while it takes long: a line that is replaced, or one now and then in a log. */
import type { Clock } from '../engine/ports/clock.ts'
import { realClock } from '../engine/ports/real-clock.ts'
import { millisecondsText } from './amounts.ts'
import type { Terminal } from './terminal.ts'

/** What is done sooner needs no word. */
const QUIET_MS = 1_000
const LOOK_MS = 500
/** Where lines stay, one is enough for a while. */
const LINE_MS = 10_000

/** `how` is asked now and then, and may fail: nobody needs to know that. */
export async function withProgress<T>(
  terminal: Pick<Terminal, 'say' | 'show' | 'isInteractive'>,
  work: Promise<T>,
  how: () => Promise<string>,
  clock: Pick<Clock, 'monotonicMs' | 'sleep'> = realClock,
): Promise<T> {
  const done = new AbortController()
  const telling = tell(terminal, how, done.signal, clock)
  try {
    return await work
  } finally {
    done.abort()
    await telling
    terminal.show(undefined)
  }
}

async function tell(
  { say, show, isInteractive }: Pick<Terminal, 'say' | 'show' | 'isInteractive'>,
  how: () => Promise<string>,
  signal: AbortSignal,
  clock: Pick<Clock, 'monotonicMs' | 'sleep'>,
): Promise<void> {
  const startMs = clock.monotonicMs()
  let nextMs = isInteractive ? QUIET_MS : LINE_MS
  try {
    for (;;) {
      await clock.sleep(LOOK_MS, signal)
      const elapsedMs = clock.monotonicMs() - startMs
      if (elapsedMs < nextMs) continue
      const text = await how().catch(() => 'still at it')
      if (signal.aborted) return
      if (isInteractive) show(`… ${millisecondsText(elapsedMs)}: ${text}`)
      else {
        say(`… ${millisecondsText(elapsedMs)}: ${text}`)
        nextMs += LINE_MS
      }
    }
  } catch {
    // It is done.
  }
}
