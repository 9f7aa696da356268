/**
 * Ends retained streams: by hand, or by themselves once their `retainFor` has passed. Either way a protected one stays,
 * and the data goes for good.
 */
import { decide, type Principal } from '../../engine/access/decide.ts'
import { HeadgateError } from '../../engine/error.ts'
import type { Clock } from '../../engine/ports/clock.ts'
import type { StreamDescription, Streams } from '../../engine/streams/streams.ts'
import { streamIdentity } from '../plan/stream-record.ts'

/** A time server corrects by seconds; a wall clock that ran further ahead than this was set, and is not believed. */
export const WALL_AHEAD_MS_MAX: number = 3_600_000

/** Who asks when nobody does. */
const RETENTION: Principal = { name: 'retention' }

export async function purgeStream(
  { name, incarnation, sealed, protected: kept }: StreamDescription,
  streams: Pick<Streams, 'delete'>,
): Promise<void> {
  if (sealed === undefined)
    throw new HeadgateError('Conflict', `Stream ${name} is declared, and is not purged.`, {
      hint: 'Remove its declaration first.',
    })
  if (kept)
    throw new HeadgateError('ProtectedResource', `Stream ${name} is protected.`, {
      hint: 'Declare it again with protected: false, and then remove it.',
    })
  await streams.delete(name, incarnation)
}

/** As `purgeStream`, but on behalf of the stream's own `retainFor`. */
export async function purgeExpired(
  stream: StreamDescription,
  streams: Pick<Streams, 'delete'>,
): Promise<void> {
  const { namespace, name } = streamIdentity(stream.name)
  const decision = decide(RETENTION, 'Delete', { kind: 'RetainedStream', namespace, name })
  if (!decision.allowed) throw new HeadgateError('Forbidden', decision.reason)
  await purgeStream(stream, streams)
}

/** When a retained stream goes by itself; undefined keeps it. */
export function expiresUs({
  sealed,
  retainForMs,
  protected: kept,
}: Pick<StreamDescription, 'sealed' | 'retainForMs' | 'protected'>): number | undefined {
  if (sealed === undefined || retainForMs === undefined || kept) return undefined
  return sealed.sinceUs + retainForMs * 1_000
}

/**
 * Whether the wall clock may decide that data goes. The engine tells monotonic time from the start of the process only,
 * so a clock that was wrong before it cannot be noticed.
 */
export function wallClockGuard(clock: Pick<Clock, 'wallUs' | 'monotonicMs'>): () => boolean {
  const startUs = clock.wallUs()
  const startMs = clock.monotonicMs()
  return () => {
    const aheadMs = (clock.wallUs() - startUs) / 1_000 - (clock.monotonicMs() - startMs)
    return aheadMs <= WALL_AHEAD_MS_MAX
  }
}
