/**
 * Does what belongs to no source: starts orphans that should run, and ends retained streams whose time has come.
 *
 * It looks as often as the sources do, and when the next retained stream is due; what fails is tried at the next look.
 */

import { identityKey } from '../crds/resource.ts'
import type { Timer } from '../engine/ports/clock.ts'
import type { StreamDescription } from '../engine/streams/streams.ts'
import { expiresUs, purgeExpired, wallClockGuard } from './apply/purge-stream.ts'
import { purgedReport } from './apply/report.ts'
import { type ResumeOptions, resume } from './apply/resume.ts'
import { SWEEP_MS_DEFAULT } from './apply/source-loop.ts'
import type { Running } from './facade/running.ts'
import { streamIdentity } from './plan/stream-record.ts'

export function keepHouse(running: Running, resumeOptions: ResumeOptions): AsyncDisposable {
  const { options, loops } = running
  const { clock, logger, sweepMs = SWEEP_MS_DEFAULT } = options
  const isWallTrusted = wallClockGuard(clock)
  const stopping = new AbortController()
  let timer: Timer | undefined
  let lookAtMs = 0
  const lookIn = (waitMs: number): void => {
    timer?.cancel()
    lookAtMs = clock.monotonicMs() + waitMs
    timer = clock.schedule(waitMs, () => {
      looking = look()
    })
  }
  const look = async (): Promise<void> => {
    timer = undefined
    try {
      await resume((owner) => !loops.has(owner), resumeOptions, stopping.signal)
      if (isWallTrusted()) await purgeDue(running, stopping.signal)
    } catch (error) {
      logger.warn('Housekeeping failed; it is tried again.', { error: String(error) })
    }
    if (!stopping.signal.aborted)
      lookIn(isWallTrusted() ? Math.min(sweepMs, nextDueMs(running)) : sweepMs)
  }
  let looking = look()
  // A stream that is sealed now may be due before the next look; a look under way finds it by itself.
  const watching = options.engine.streams.watch((name) => {
    const [stream] = options.engine.streams.describe([name])
    const dueUs = stream && expiresUs(stream)
    if (dueUs === undefined || timer === undefined) return
    const waitMs = Math.max(1, Math.ceil((dueUs - clock.wallUs()) / 1_000))
    if (clock.monotonicMs() + waitMs < lookAtMs) lookIn(waitMs)
  })
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error('The control plane stops.'))
      watching[Symbol.dispose]()
      timer?.cancel()
      await looking
    },
  }
}

async function purgeDue(running: Running, signal: AbortSignal): Promise<void> {
  const { options, loops } = running
  const { engine, clock, logger, onConvergence } = options
  for (const { name } of dueOf(running)) {
    if (signal.aborted) return
    // Asked anew: it may have been taken back while another one went.
    const [stream] = engine.streams.describe([name])
    if (stream === undefined || !isDue(stream, running)) continue
    const startMs = clock.monotonicMs()
    await purgeExpired(stream, engine.streams)
    logger.info('A retained stream was purged, for its retainFor has passed.', { stream: name })
    const source = stream.sealed?.by ?? ''
    const state = loops.get(source)?.state()
    const elapsedMs = clock.monotonicMs() - startMs
    onConvergence?.(purgedReport({ stream, source, state, elapsedMs }))
    for (const loop of loops.values()) loop.planAgain()
  }
}

function dueOf(running: Running): readonly StreamDescription[] {
  return running.options.engine.streams.describe().filter((stream) => isDue(stream, running))
}

function isDue(stream: StreamDescription, { options, catalog }: Running): boolean {
  const dueUs = expiresUs(stream)
  if (dueUs === undefined || dueUs > options.clock.wallUs()) return false
  // Somebody is about to take it back.
  return catalog.entries.get(identityKey(streamIdentity(stream.name)))?.pending === undefined
}

function nextDueMs({ options }: Running): number {
  const nowUs = options.clock.wallUs()
  const waits = options.engine.streams
    .describe()
    .map(expiresUs)
    .filter((dueUs) => dueUs !== undefined)
    .filter((dueUs) => dueUs > nowUs)
    .map((dueUs) => Math.ceil((dueUs - nowUs) / 1_000))
  return waits.reduce((first, wait) => Math.min(first, wait), Number.POSITIVE_INFINITY)
}
