/** Whether somebody suspended a resource or its whole source, and the sentence that says so. */
import type { Observed, Suspension } from './observed.ts'

/** Undefined when nothing holds it; a suspension whose time has come holds nothing. */
export function suspensionOf(
  key: string,
  { suspended, suspensions }: Pick<Observed, 'suspended' | 'suspensions'>,
  wallUs: number,
): string | undefined {
  if (isInForce(suspended, wallUs)) return told('Its source', suspended)
  const own = suspensions.get(key)
  return isInForce(own, wallUs) ? told('It', own) : undefined
}

function isInForce(suspension: Suspension | undefined, wallUs: number): suspension is Suspension {
  return (
    suspension !== undefined && (suspension.untilUs === undefined || wallUs < suspension.untilUs)
  )
}

function told(what: string, { reason, untilUs }: Suspension): string {
  const until =
    untilUs === undefined ? '' : ` until ${new Date(untilUs / 1_000).toISOString().slice(0, 19)}Z`
  return `${what} is suspended${until}${reason === undefined || reason === '' ? '' : ` (${reason})`}.`
}
