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
import { problemsText, type SourceTexts } from './problems-text.ts'
import type { Terminal } from './terminal.ts'
import { signOf, styleOf } from './verb-looks.ts'

/** More would not be one readable line. */
const CHANGES_SHOWN_MAX = 6
const FILES_SHOWN_MAX = 3
const PROBLEMS_SHOWN_MAX = 20
const FAILURES_SHOWN_MAX = 20

export interface ConvergenceContext {
  readonly texts: SourceTexts
  readonly paint: Terminal['paint']
  /** Makes a command of ours one that can be pasted. */
  readonly commandText: (command: string) => string
  /** Where there are several sources, paths and names do not tell which one is meant. */
  readonly namesSource: boolean
}

export function convergenceText(
  report: ConvergenceReport,
  { texts, paint, commandText, namesSource }: ConvergenceContext,
): string {
  const lines: string[] = namesSource ? [paint('dim', `source ${report.source}:`)] : []
  if (report.changes.length > 0) lines.push(changesLine(report, paint))
  else if (report.problemsResolved > 0 && report.problems.length === 0) {
    const what = `${counted(report.problemsResolved, 'problem')} resolved`
    lines.push(`${paint('green', '✓')} ${millisecondsText(report.elapsedMs)}  ${what}`)
  } else if (report.isFirst && report.failures.length === 0 && report.problems.length === 0) {
    const what = `${counted(report.converged, 'resource')} as declared`
    lines.push(`${paint('green', '✓')} ${millisecondsText(report.elapsedMs)}  ${what}`)
  }
  for (const failure of report.failures.slice(0, FAILURES_SHOWN_MAX))
    lines.push(...failureLines(failure, paint))
  const moreFailures = report.failures.length - FAILURES_SHOWN_MAX
  if (moreFailures > 0)
    lines.push(`… and ${counted(moreFailures, 'more failure')}: headgate get all shows them.`)
  if (report.problems.length > 0) {
    lines.push(problemsText(report.problems.slice(0, PROBLEMS_SHOWN_MAX), texts, paint))
    const more = report.problems.length - PROBLEMS_SHOWN_MAX
    if (more > 0)
      lines.push(`… and ${counted(more, 'more problem')}: headgate validate shows them all.`)
  }
  for (const cause of report.incompleteBecause) {
    lines.push(`${paint('yellow', '!')} nothing of ${report.source} is removed for now: ${cause}`)
  }
  for (const alike of alikeOf(report.blocked)) lines.push(blockedLine(alike, paint))
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

function changeText(change: ConvergedChange, paint: Terminal['paint']): string {
  const { verb, identity, cause, reason } = change
  // No line of a file caused it, so the file cannot tell why.
  const why = NOTES[verb] ?? (verb === 'delete' && cause === undefined ? reason : undefined)
  const note = why === undefined ? '' : ` (${why})`
  return `${paint(styleOf(verb), signOf(verb))} ${shortText(identity)}${note}`
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

/** What is held back for the same reason: one line, however many they are. */
interface Alike extends Omit<BlockedChange, 'identity' | 'cause'> {
  readonly identities: readonly Identity[]
}

function alikeOf(blocked: readonly BlockedChange[]): readonly Alike[] {
  const groups = Map.groupBy(blocked, ({ wanted, blockedBy, reason }) =>
    JSON.stringify([wanted, blockedBy, reason]),
  )
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    return first === undefined ? [] : [{ ...first, identities: group.map((one) => one.identity) }]
  })
}

function blockedLine(
  { identities, reason, wanted, blockedBy }: Alike,
  paint: Terminal['paint'],
): string {
  const names = identities.slice(0, CHANGES_SHOWN_MAX).map(shortText)
  const more = identities.length - CHANGES_SHOWN_MAX
  if (more > 0) names.push(`… ${more} more`)
  const isOne = identities.length === 1
  const running = isOne
    ? 'keeps running as it was last accepted'
    : 'keep running as they were last accepted'
  const what =
    wanted === 'keep'
      ? `${names.join(', ')} ${running}`
      : `${wanted ?? 'change'} ${names.join(', ')} ${isOne ? 'is' : 'are'} held back`
  return `${paint('yellow', '!')} ${what}: ${reason} [${blockedBy}]`
}

/** The default namespace goes without saying. */
function shortText({ kind, namespace, name }: Identity): string {
  return namespace === 'default' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`
}
