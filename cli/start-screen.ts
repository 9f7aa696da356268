/** What `up` shows once it runs: what is running, what to look at, what to try next. One screen. */
import type { ConvergenceReport } from '../controllers/apply/convergence.ts'
import type { Terminal } from './terminal.ts'

export interface StartScreen {
  readonly url: string
  /** As the person gave it. */
  readonly folder: string | undefined
  readonly running: readonly RunningKind[]
  /** A stream worth looking at, if there is one. */
  readonly stream: string | undefined
  /** Makes a command of ours one that can be pasted. */
  readonly commandText: (command: string) => string
}

export interface RunningKind {
  readonly plural: string
  readonly names: readonly string[]
}

const NAMES_LENGTH_MAX = 80

export function startScreen(screen: StartScreen, paint: Terminal['paint']): string {
  const command = (text: string): string => paint('cyan', screen.commandText(text))
  const running = screen.running.flatMap(({ plural, names }) =>
    names.length === 0 ? [] : [`  ${plural.padEnd(15)} ${namesText(names)}`],
  )
  return [
    '',
    `${paint('bold', 'Headgate is running')} on ${screen.url}`,
    ...(running.length === 0 ? ['  nothing is declared yet'] : running),
    '',
    paint('bold', 'Look'),
    `  ${command('headgate get all')}`,
    ...(screen.stream === undefined ? [] : [`  ${command(`headgate tail ${screen.stream}`)}`]),
    `  ${paint('cyan', `curl ${screen.url}/metrics`)}`,
    '',
    paint('bold', 'Try'),
    ...(screen.folder === undefined
      ? ['  give it a folder: headgate up FOLDER']
      : [
          `  edit a file in ${screen.folder} and watch it converge here`,
          '  make a mistake in it, and be told where',
          `  add a Stream, a Pipeline or a Sink; remove one again`,
        ]),
    '',
    paint('dim', 'Ctrl-C stops it; what was acknowledged is kept.'),
    '',
  ].join('\n')
}

/** How a first report counts for the screen: everything that changed was made now. */
export function isWorthSaying(report: ConvergenceReport): boolean {
  return (
    report.changes.length > 0 ||
    report.failures.length > 0 ||
    report.problems.length > 0 ||
    report.blocked.length > 0 ||
    report.problemsResolved > 0 ||
    report.incompleteBecause.length > 0 ||
    report.isFirst
  )
}

function namesText(names: readonly string[]): string {
  const text = names.join(', ')
  if (text.length <= NAMES_LENGTH_MAX) return text
  const shown: string[] = []
  for (const name of names) {
    if (shown.join(', ').length + name.length > NAMES_LENGTH_MAX) break
    shown.push(name)
  }
  return `${shown.join(', ')}, … ${names.length - shown.length} more`
}
