/**
 * What `up` says of one convergence: one line for what changed, then what is wrong, with the line of the file and a
 * caret, then what is held back and the command that lets it go.
 */
import type {
  BlockedChange,
  ConvergedChange,
  ConvergenceFailure,
  ConvergenceReport,
} from '../controllers/apply/convergence.ts'
import type { Identity } from '../crds/resource.ts'
import { counted, millisecondsText } from './amounts.ts'
import { styleOf, symbolOf } from './plan-text.ts'
import { problemsText, type SourceTexts } from './problems-text.ts'
import type { Terminal } from './terminal.ts'

/** More would not be one readable line. */
const CHANGES_SHOWN_MAX = 6
const FILES_SHOWN_MAX = 3
const PROBLEMS_SHOWN_MAX = 20

export interface ConvergenceContext {
  readonly texts: SourceTexts
  readonly paint: Terminal['paint']
  /** Makes a command of ours one that can be pasted. */
  readonly commandText: (command: string) => string
}

export function convergenceText(
  report: ConvergenceReport,
  { texts, paint, commandText }: ConvergenceContext,
): string {
  const lines: string[] = []
  if (report.changes.length > 0) lines.push(changesLine(report, paint))
  else if (report.problemsResolved > 0 && report.problems.length === 0) {
    const what = `${counted(report.problemsResolved, 'problem')} resolved`
    lines.push(`${paint('green', '✓')} ${millisecondsText(report.elapsedMs)}  ${what}`)
  } else if (report.isFirst && report.failures.length === 0 && report.problems.length === 0) {
    const what = `${counted(report.converged, 'resource')} as declared`
    lines.push(`${paint('green', '✓')} ${millisecondsText(report.elapsedMs)}  ${what}`)
  }
  for (const failure of report.failures) lines.push(...failureLines(failure, paint))
  if (report.problems.length > 0) {
    lines.push(problemsText(report.problems.slice(0, PROBLEMS_SHOWN_MAX), texts, paint))
    const more = report.problems.length - PROBLEMS_SHOWN_MAX
    if (more > 0)
      lines.push(`… and ${counted(more, 'more problem')}: headgate validate shows them all.`)
  }
  for (const cause of report.incompleteBecause) {
    lines.push(`${paint('yellow', '!')} nothing of ${report.source} is removed for now: ${cause}`)
  }
  for (const blocked of report.blocked) lines.push(blockedLine(blocked, paint))
  if (report.approval !== undefined) {
    lines.push(`  To let it happen: ${paint('bold', commandText(report.approval.command))}`)
  }
  return lines.join('\n')
}

function changesLine(report: ConvergenceReport, paint: Terminal['paint']): string {
  const changes = report.changes
    .slice(0, CHANGES_SHOWN_MAX)
    .map((change) => changeText(change, paint))
  const more = report.changes.length - CHANGES_SHOWN_MAX
  if (more > 0) changes.push(`… ${more} more`)
  const files = report.files.slice(0, FILES_SHOWN_MAX)
  if (report.files.length > FILES_SHOWN_MAX) files.push('…')
  const where = files.length === 0 ? '' : `  ${paint('dim', `(${files.join(', ')})`)}`
  return `${paint('green', '✓')} ${millisecondsText(report.elapsedMs)}  ${changes.join(', ')}${where}`
}

function changeText({ verb, identity }: ConvergedChange, paint: Terminal['paint']): string {
  const note = NOTES[verb] === undefined ? '' : ` (${NOTES[verb]})`
  return `${paint(styleOf(verb), symbolOf(verb))} ${shortText(identity)}${note}`
}

/** What the symbol alone would not tell. */
const NOTES: Partial<Record<ConvergedChange['verb'], string>> = {
  retain: 'data kept: headgate get retained',
  readopt: 'with its data',
  release: 'kept, no longer owned',
}

function failureLines(failure: ConvergenceFailure, paint: Terminal['paint']): readonly string[] {
  const { identity, cause, message, code, retryInMs, hint } = failure
  const where = cause === undefined ? '' : ` (${cause.file}:${cause.line})`
  const again = retryInMs === undefined ? '' : `; next try in ${millisecondsText(retryInMs)}`
  const head = `${paint('red', '✗')} ${shortText(identity)}: ${message}${again}${where} [${code}]`
  return hint === undefined ? [head] : [head, `  ${hint}`]
}

function blockedLine(
  { identity, reason, wanted, blockedBy }: BlockedChange,
  paint: Terminal['paint'],
): string {
  const what =
    wanted === 'keep'
      ? `${shortText(identity)} keeps running as it was last accepted`
      : `${wanted ?? 'change'} ${shortText(identity)} is held back`
  return `${paint('yellow', '!')} ${what}: ${reason} [${blockedBy}]`
}

/** The default namespace goes without saying. */
function shortText({ kind, namespace, name }: Identity): string {
  return namespace === 'default' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`
}
