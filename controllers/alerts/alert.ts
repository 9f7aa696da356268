/** What is told to people who do not watch: that something needs them, and that it does not any more. */
import type { Kind } from '../../crds/resource.ts'

// biome-ignore format: a table reads best as one line an entry
export const ALERT_EVENTS = {
  Stalled: 'A resource or a source waits for somebody to change something.',
  PruneBlocked: 'Resources of a source are no longer declared, and wait for approval or protection to go.',
  SourceStale: 'A source could not be read in whole for five minutes.',
} as const

export type AlertEvent = keyof typeof ALERT_EVENTS

/** One entry of `alerts` in headgate.yaml. */
export interface AlertDestination {
  /** It may hold a token, and is never shown. */
  readonly url: string
  readonly events: readonly AlertEvent[]
}

export interface Alert {
  readonly event: AlertEvent
  readonly source: string
  readonly kind: Kind | 'Source'
  /** Undefined for a Source. */
  readonly namespace: string | undefined
  readonly name: string
  readonly reason: string
  /** A sentence, without secrets. */
  readonly message: string
  readonly sinceUs: number
}

/** Two alerts of one key are the same alert, whatever they say. */
export function alertKey({ event, source, kind, namespace, name }: Alert): string {
  return [event, source, kind, namespace ?? '', name].join(' ')
}
