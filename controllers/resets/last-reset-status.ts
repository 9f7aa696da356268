/** How the status of a Pipeline or Sink tells when it was reset last, and what that meant. */
import { rfc3339 } from '../status/conditions.ts'
import type { LastReset } from './reset-store.ts'

export function lastResetStatus({ atUs, id, to, kept, readAgain, skipped }: LastReset): object {
  return {
    time: rfc3339(atUs),
    by: id === undefined ? 'hand' : 'declaration',
    ...(id === undefined ? {} : { id }),
    to,
    // It stood somewhere when it was declared for the first time, and was left there.
    ...(kept === true ? { kept } : {}),
    readAgain,
    skipped,
  }
}
