/** Revisions for people: a line each, or one with all that was done. */
import { realClock } from '../engine/ports/real-clock.ts'
import { ageText, counted, millisecondsText } from './amounts.ts'
import type { ChangeContext } from './change-text.ts'
import { actionLines, INDENT } from './plan-text.ts'
import type { PrintedPin, PrintedRevision, RevisionSummary } from './printed-revision.ts'
import { aligned } from './table.ts'
import { wrapped } from './wrapped.ts'

export function historyTable(revisions: readonly RevisionSummary[]): string {
  const rows = revisions.map((one) => [
    String(one.revision),
    agoText(one.started),
    one.cause,
    one.outcome,
    millisecondsText(one.elapsedMs),
    changesText(one.counts),
  ])
  return aligned([['REVISION', 'AGO', 'CAUSE', 'OUTCOME', 'TOOK', 'CHANGES'], ...rows])
}

export function revisionText(revision: PrintedRevision, context: ChangeContext): string {
  const { source, started, cause, outcome, elapsedMs, declared, actions, actionCount } = revision
  const head = `Revision ${revision.revision} of ${source}, ${started}: ${outcome} in ${millisecondsText(elapsedMs)}, caused by ${cause}; it declares ${counted(declared, 'resource')}.`
  const more = actionCount - actions.length
  const lines = [
    ...wrapped(head, '', context.columns),
    '',
    ...actions.flatMap((action) => [
      ...actionLines({ ...action, cause: null, cost: null }, context),
      ...(action.error === undefined
        ? []
        : wrapped(
            `failed: ${action.error.message} [${action.error.code}]`,
            INDENT,
            context.columns,
          ).map((line) => context.paint('red', line))),
    ]),
    ...(actions.length === 0 ? ['Nothing had to be done.'] : []),
    ...(more > 0 ? [`… and ${counted(more, 'more action')}`] : []),
  ]
  return `${lines.join('\n')}\n`
}

/** What holds a source, and what lets it go. */
export function pinText(source: string, { revision, since, reason }: PrintedPin): string {
  const why = reason === undefined ? '' : ` (${reason})`
  return `Source ${source} was rolled back to revision ${revision} ${agoText(since)} ago${why}. It is followed again once it says something new, or by: headgate resume ${source}`
}

export function agoText(time: string): string {
  return ageText(realClock.wallUs() / 1000 - Date.parse(time))
}

/** `2 create, 1 failed` */
function changesText(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(([verb, count]) => `${count} ${verb}`)
  return parts.length === 0 ? 'none' : parts.join(', ')
}
