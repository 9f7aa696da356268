/**
 * What a look is worth telling, as events: what was made, what failed, what is held back.
 *
 * Told from the report of the look, so that what was said before is not told again.
 */
import { type Identity, identityKey, identityText } from '../../crds/resource.ts'
import type { ConvergenceReport } from '../apply/convergence.ts'
import type { Verb } from '../plan/plan.ts'
import { maskText } from '../sets/secret-text.ts'
import { EVENTS_MAX, type EventSubject, type NewEvent } from './events.ts'

const DONE: Readonly<Partial<Record<Verb, string>>> = {
  create: 'Created',
  update: 'Updated',
  replace: 'Replaced',
  delete: 'Deleted',
  retain: 'Retained',
  readopt: 'Readopted',
  adopt: 'Adopted',
  transfer: 'Transferred',
  release: 'Released',
}

export function eventsOf(
  report: ConvergenceReport,
  uidOf: (key: string) => string | undefined,
): readonly NewEvent[] {
  const { source } = report
  const about = (identity: Identity): EventSubject => ({
    ...identity,
    uid: uidOf(identityKey(identity)),
  })
  const done = report.changes.slice(0, EVENTS_MAX).map(
    ({ verb, identity, reason }): NewEvent => ({
      type: 'Normal',
      reason: DONE[verb] ?? 'Changed',
      message: sentence(reason),
      regarding: about(identity),
      source,
    }),
  )
  const failed = report.failures.map(
    ({ verb, identity, code, message, hint }): NewEvent => ({
      type: 'Warning',
      reason: code,
      message: maskText(failureText(verb, message, hint), false),
      regarding: about(identity),
      source,
    }),
  )
  const held = report.blocked.map(
    ({ wanted, blockedBy, identity, reason }): NewEvent => ({
      type: 'Warning',
      reason: wanted === 'delete' || wanted === 'retain' ? 'PruneBlocked' : blockedBy,
      message: `${wanted ?? 'update'} is held back: ${reason}`,
      regarding: about(identity),
      source,
    }),
  )
  return [...done, ...held, ...failed, ...eventsOfSource(report)]
}

function eventsOfSource(report: ConvergenceReport): readonly NewEvent[] {
  const { source, problems, problemsResolved, incompleteBecause, approval, changes } = report
  const regarding: EventSubject = {
    kind: 'Source',
    namespace: undefined,
    name: source,
    uid: undefined,
  }
  const of = (type: NewEvent['type'], reason: string, message: string): NewEvent => ({
    type,
    reason,
    message,
    regarding,
    source,
  })
  const [first] = problems
  const events: NewEvent[] = []
  if (first !== undefined) {
    const others = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
    const where = `${first.file}:${first.line}:${first.column}`
    events.push(of('Warning', 'Invalid', `${where}: ${first.message}${others}`))
  }
  for (const because of incompleteBecause) events.push(of('Warning', 'Incomplete', because))
  if (problemsResolved > 0 && problems.length === 0)
    events.push(of('Normal', 'Repaired', `${problemsResolved} problems are gone.`))
  if (approval !== undefined)
    events.push(of('Warning', 'ApprovalNeeded', `Something waits for \`${approval.command}\`.`))
  if (changes.length > 0) {
    const [one] = changes
    const what =
      changes.length === 1 && one !== undefined
        ? identityText(one.identity)
        : `${changes.length} resources`
    events.push(of('Normal', 'Converged', `${what} changed, ${report.converged} are as declared.`))
  }
  return events
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`
}

/** Some messages are sentences, and some are none. */
function failureText(verb: string, message: string, hint: string | undefined): string {
  if (hint === undefined) return `${verb} failed: ${message}`
  return `${verb} failed: ${message}${/[.!?]$/.test(message) ? '' : '.'} ${hint}`
}
