/**
 * Says "look again" soon after something may have changed beneath a folder, and from time to time in any case.
 *
 * File events are a hint and never the truth: the kernel drops them silently when its queue is full, so the timer is
 * what convergence rests on. Only folders are watched, which costs a hundredth of watching every file.
 */
import { type FSWatcher, watch } from 'chokidar'
import type { Clock, Timer } from '../../engine/ports/clock.ts'

/** Editors write, rename and touch in one go: one look serves all of it. */
export const QUIET_MS = 10
/** A folder that never rests is looked at all the same. */
export const QUIET_MS_MAX = 200
/** The net under lost events. */
export const SWEEP_EVERY_MS = 30_000

export function watchDirectory(
  location: string,
  clock: Clock,
  lookAgain: () => void,
): AsyncDisposable & Disposable {
  let soon: Timer | undefined
  let firstHintMs: number | undefined
  let disposed = false
  let net: Timer = clock.schedule(SWEEP_EVERY_MS, sweepAgain)

  function sweepAgain(): void {
    net = clock.schedule(SWEEP_EVERY_MS, sweepAgain)
    lookAgain()
  }

  function hint(): void {
    if (disposed) return
    const nowMs = clock.monotonicMs()
    firstHintMs ??= nowMs
    soon?.cancel()
    const waitMs = Math.max(0, Math.min(QUIET_MS, firstHintMs + QUIET_MS_MAX - nowMs))
    soon = clock.schedule(waitMs, () => {
      firstHintMs = undefined
      lookAgain()
    })
  }

  const watcher: FSWatcher = watch(location, {
    ignored: (_path, stats) => stats?.isFile() === true,
    ignoreInitial: true,
    followSymlinks: true,
  })
  watcher.on('raw', hint).on('all', hint).on('error', hint)

  const dispose = (): void => {
    disposed = true
    soon?.cancel()
    net.cancel()
  }
  return {
    [Symbol.dispose]: () => {
      dispose()
      void watcher.close()
    },
    [Symbol.asyncDispose]: async () => {
      dispose()
      await watcher.close()
    },
  }
}
