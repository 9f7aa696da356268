/** `headgate redrive STREAM`: puts dead letters back to the streams that they came from. */
import type { LetterRow } from '../engine/dead-letters/letter-tally.ts'
import { HeadgateError } from '../engine/error.ts'
import { ERROR_CODES, type ErrorCode } from '../engine/error-codes.ts'
import { clientOf } from './client.ts'
import {
  type CommandDefinition,
  flagOption,
  type Invocation,
  NAMESPACE_OPTION,
  numberOption,
  outputOption,
  SERVER_OPTIONS,
  textOption,
} from './command.ts'

export const redrive: CommandDefinition = {
  name: 'redrive',
  summary: 'Put dead letters back to the streams that they came from.',
  arguments: [{ name: 'STREAM', required: true, summary: 'The stream of dead letters.' }],
  options: [
    NAMESPACE_OPTION,
    {
      flags: '--filter <BLOBLANG>',
      summary: 'Only letters for which this query is true; headers are metadata.',
    },
    { flags: '--limit <COUNT>', summary: 'At most so many.' },
    {
      flags: '--attempts <COUNT>',
      summary: 'Hold records that became dead letters so often; else at 5.',
    },
    { flags: '--dry-run', summary: 'Show what would go where, and change nothing.' },
    outputOption(['table', 'json'], 'table'),
    ...SERVER_OPTIONS,
  ],
  examples: [
    'headgate redrive failed --dry-run',
    `headgate redrive failed --filter 'this.amount < 100' --limit 10`,
    `headgate redrive failed --filter '@."headgate-component" == "root.output"'`,
  ],
  run: runRedrive,
}

interface RedriveAnswer {
  readonly redriven: number
  readonly stayed: number
  readonly open: number
  readonly letters: readonly LetterRow[]
  readonly rest?: Readonly<Record<string, number>>
  readonly stopped?: { readonly code: string; readonly message: string; readonly hint?: string }
}

/** What became of letters, for people. */
const OUTCOMES: Readonly<Record<string, string>> = {
  redriven: 'back',
  leftOut: 'left out by the filter',
  filterFailed: 'held: the filter failed',
  overAttempts: 'held: too many attempts',
  noPlace: 'held: no place to go back to',
  streamGone: 'held: the stream is gone',
  streamSealed: 'held: the stream is retained',
  refused: 'held: the stream refuses it',
  forbidden: 'held: not allowed to write',
}

const REASON_LENGTH_MAX = 80

/** So many go back with one request: it ends long before anybody takes the server for gone. */
const ROUND_LETTERS = 5_000

async function runRedrive(invocation: Invocation): Promise<number> {
  const [{ aligned }, { withProgress }] = await Promise.all([
    import('./table.ts'),
    import('./progress.ts'),
  ])
  const { terminal } = invocation
  const dryRun = flagOption(invocation, 'dryRun')
  let redriven = 0
  const told = (soFar: number): void => {
    redriven = soFar
  }
  const work = dryRun ? oneRound(invocation, {}) : allRounds(invocation, told)
  const answer = await withProgress(terminal, work, async () =>
    dryRun ? 'looking at them' : `put back ${lettersText(redriven)} so far`,
  ).catch((thrown) => {
    if (redriven > 0) terminal.say(`put back ${lettersText(redriven)}, and then it failed`)
    throw thrown
  })
  if (textOption(invocation, 'output') === 'json') {
    await terminal.print(`${JSON.stringify(answer, null, 2)}\n`)
  } else {
    const rows = rowsOf(answer)
    const head = ['WHAT', 'LETTERS', 'STREAM', 'COMPONENT', 'REASON']
    if (rows.length > 0) await terminal.print(aligned([head, ...rows]))
    terminal.say(summaryOf(answer, dryRun))
  }
  if (answer.stopped === undefined) return 0
  const { code, message, hint } = answer.stopped
  throw new HeadgateError(knownCode(code), `it ended before its time: ${message}`, {
    hint: hint ?? 'What was put back is counted; run it again for the rest.',
  })
}

/** As the server takes them: what is asked for here comes on top. */
async function oneRound(
  invocation: Invocation,
  asked: { readonly limit?: number; readonly until?: RedriveAnswer['rest'] },
): Promise<RedriveAnswer> {
  const [stream = ''] = invocation.arguments
  const namespace = textOption(invocation, 'namespace') ?? 'default'
  const path = `/namespaces/${encodeURIComponent(namespace)}/streams/${encodeURIComponent(stream)}/redrive`
  return clientOf(invocation).json<RedriveAnswer>('POST', path, {
    filter: textOption(invocation, 'filter'),
    limit: numberOption(invocation, 'limit', 1),
    attemptsMax: numberOption(invocation, 'attempts', 1),
    dryRun: flagOption(invocation, 'dryRun'),
    ...asked,
  })
}

/** Until nothing is left of what was open at first: a letter that comes back meanwhile waits for the next time. */
async function allRounds(
  invocation: Invocation,
  told: (redriven: number) => void,
): Promise<RedriveAnswer> {
  const { LetterTally } = await import('../engine/dead-letters/letter-tally.ts')
  const limit = numberOption(invocation, 'limit', 1) ?? Number.POSITIVE_INFINITY
  const tally = new LetterTally()
  let [redriven, stayed] = [0, 0]
  let until: RedriveAnswer['rest']
  for (;;) {
    const asked = { limit: Math.min(ROUND_LETTERS, limit - redriven), until }
    const { rest, ...answer } = await oneRound(invocation, asked)
    redriven += answer.redriven
    stayed += answer.stayed
    tally.addRows(answer.letters)
    told(redriven)
    if (rest === undefined || answer.stopped !== undefined || redriven >= limit) {
      return { ...answer, redriven, stayed, letters: tally.rows() }
    }
    until = rest
  }
}

/** Reasons name values; those that read alike as far as they are shown are one row. */
function rowsOf({ letters: all }: RedriveAnswer): readonly (readonly string[])[] {
  const counts = new Map<string, { row: readonly string[]; letters: number }>()
  for (const { outcome, letters, stream, component, reason } of all) {
    const what = OUTCOMES[outcome] ?? outcome
    const row = [what, stream || '-', component || '-', shortened(reason)]
    const key = JSON.stringify(row)
    const known = counts.get(key)
    counts.set(key, { row, letters: letters + (known?.letters ?? 0) })
  }
  return [...counts.values()].map(({ row: [what = '', ...rest], letters }) => {
    return [what, String(letters), ...rest]
  })
}

function summaryOf({ redriven, open }: RedriveAnswer, dryRun: boolean): string {
  if (dryRun) return `${lettersText(redriven)} of ${open} would go back; this was a dry run`
  return `put back ${lettersText(redriven)}, ${open === 0 ? 'none is' : `${open} left`} open`
}

function lettersText(count: number): string {
  return `${count} dead ${count === 1 ? 'letter' : 'letters'}`
}

function shortened(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length <= REASON_LENGTH_MAX ? line : `${line.slice(0, REASON_LENGTH_MAX - 1)}…`
}

function knownCode(code: string): ErrorCode {
  return Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : 'Internal'
}
