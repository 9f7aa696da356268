/** A suspension as status shows it. */
import type { Suspension } from '../plan/observed.ts'
import { rfc3339 } from './conditions.ts'

export interface SuspensionStatus {
  readonly since: string
  readonly until?: string
  readonly reason?: string
}

export function suspensionStatus({ sinceUs, untilUs, reason }: Suspension): SuspensionStatus {
  return {
    since: rfc3339(sinceUs),
    ...(untilUs === undefined ? {} : { until: rfc3339(untilUs) }),
    ...(reason === undefined ? {} : { reason }),
  }
}
