/** `headgate history [SOURCE]`: what a source did, newest first; or one revision with all that was done. */
import { HeadgateError } from '../engine/error.ts'
import { clientOf } from './client.ts'
import {
  type CommandDefinition,
  type Invocation,
  numberOption,
  outputOption,
  SERVER_OPTIONS,
  textOption,
} from './command.ts'
import type { PrintedHistory, PrintedRevision } from './printed-revision.ts'

const LIMIT = 20

export const history: CommandDefinition = {
  name: 'history',
  summary: 'Print what a source did: its revisions, newest first.',
  arguments: [{ name: 'SOURCE', required: false, summary: 'Its name; else local.' }],
  options: [
    { flags: '--revision <NUMBER>', summary: 'One revision, with all that was done.' },
    { flags: '--limit <COUNT>', summary: 'At most so many.', byDefault: String(LIMIT) },
    outputOption(['table', 'yaml', 'json'], 'table'),
    ...SERVER_OPTIONS,
  ],
  examples: ['headgate history', 'headgate history local --revision 4'],
  run: runHistory,
}

async function runHistory(invocation: Invocation): Promise<number> {
  const { sourcePath } = await import('./plan-client.ts')
  const [source = 'local'] = invocation.arguments
  const path = `${sourcePath(source)}/revisions`
  const client = clientOf(invocation)
  const revision = numberOption(invocation, 'revision', 1)
  const output = textOption(invocation, 'output') ?? 'table'
  const { terminal } = invocation
  if (revision === undefined) {
    const limit = numberOption(invocation, 'limit', 1) ?? LIMIT
    const found = await client
      .json<PrintedHistory>('GET', `${path}?limit=${limit}`)
      .catch((error: unknown) => asNumber(source, error))
    if (output !== 'table') return await printSerialised(invocation, found, output)
    const { historyTable, pinText } = await import('./history-text.ts')
    if (found.pinned !== null) terminal.say(terminal.paint('yellow', pinText(source, found.pinned)))
    if (found.revisions.length === 0) terminal.say(`Source ${source} has changed nothing yet.`)
    else await terminal.print(historyTable(found.revisions))
    return 0
  }
  const found = await client.json<PrintedRevision>('GET', `${path}/${revision}`)
  if (output !== 'table') return await printSerialised(invocation, found, output)
  const { revisionText } = await import('./history-text.ts')
  await terminal.print(
    revisionText(found, { paint: terminal.paintData, columns: terminal.columns }),
  )
  return 0
}

/** A number alone means a revision to whoever writes it. */
function asNumber(word: string, error: unknown): never {
  if (!(error instanceof HeadgateError) || error.code !== 'NotFound' || !/^[0-9]+$/.test(word))
    throw error
  throw new HeadgateError('NotFound', error.message, {
    cause: error,
    hint: `One revision of local: headgate history --revision ${word}`,
  })
}

async function printSerialised(
  { terminal }: Invocation,
  value: object,
  output: string,
): Promise<number> {
  const { serialised } = await import('./serialised.ts')
  await terminal.print(await serialised(value, output))
  return 0
}
