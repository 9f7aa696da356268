/**
 * What happened lately, for people who ask: a bounded ring in memory, newest last. What happens again is counted, not
 * repeated. Nothing depends on it.
 */
import type { Kind } from '../../crds/resource.ts'

export const EVENTS_MAX = 1_000

export interface ControlEvent {
  /** Of its first occurrence; never given twice. */
  readonly id: number
  readonly type: 'Normal' | 'Warning'
  /** CamelCase: `Created`, `Failed`, `PruneBlocked`. */
  readonly reason: string
  readonly message: string
  readonly regarding: EventSubject
  /** The source that it came from. */
  readonly source: string
  readonly firstUs: number
  readonly lastUs: number
  readonly count: number
}

export interface EventSubject {
  readonly kind: Kind | 'Source'
  /** Undefined for a Source. */
  readonly namespace: string | undefined
  readonly name: string
  readonly uid: string | undefined
}

export type NewEvent = Pick<ControlEvent, 'type' | 'reason' | 'message' | 'regarding' | 'source'>

export interface Events {
  /** Newest last. */
  list(): readonly ControlEvent[]
  /** Called with each event that is added or counted again, until disposed. */
  watch(listener: (event: ControlEvent) => void): Disposable
}
