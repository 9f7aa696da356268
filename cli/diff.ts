/** `headgate diff [REVISION]`: what is between a revision and what is declared now, or another revision. */
import { clientOf } from './client.ts'
import {
  type CommandDefinition,
  flagOption,
  type Invocation,
  numberOption,
  outputOption,
  SERVER_OPTIONS,
  SOURCE_OPTION,
  textOption,
} from './command.ts'
import type { RevisionDifferenceJson } from './printed-revision.ts'

const EXIT_CHANGES = 3

export const diff: CommandDefinition = {
  name: 'diff',
  summary: 'Print what is between a revision and what is declared now, or another revision.',
  arguments: [
    {
      name: 'REVISION',
      required: false,
      summary: 'Its number; else previous, the one before the newest.',
    },
  ],
  options: [
    SOURCE_OPTION,
    { flags: '--to <REVISION>', summary: 'The other one; else what is declared now.' },
    { flags: '--exit-code', summary: 'End with 3 when there is a difference.' },
    outputOption(['text', 'yaml', 'json'], 'text'),
    ...SERVER_OPTIONS,
  ],
  examples: ['headgate diff', 'headgate diff 4', 'headgate diff 4 --to 6 --source team-a'],
  run: runDiff,
}

interface DiffAnswer {
  readonly from: number
  readonly to: number | null
  readonly differences: readonly RevisionDifferenceJson[]
}

async function runDiff(invocation: Invocation): Promise<number> {
  const [{ sourcePath }, { PREVIOUS, revisionOf }] = await Promise.all([
    import('./plan-client.ts'),
    import('./revision-argument.ts'),
  ])
  const { terminal } = invocation
  const source = textOption(invocation, 'source') ?? 'local'
  const path = `${sourcePath(source)}/revisions`
  const client = clientOf(invocation)
  const from = await revisionOf(client, source, invocation.arguments[0] ?? PREVIOUS)
  const to = numberOption(invocation, 'to', 1)
  const query = to === undefined ? '' : `?to=${to}`
  const found = await client.json<DiffAnswer>('GET', `${path}/${from}/diff${query}`)
  const output = textOption(invocation, 'output') ?? 'text'
  if (output === 'text') {
    const { diffText } = await import('./diff-text.ts')
    const { paintData: paint, columns } = terminal
    await terminal.print(diffText(found.differences, nameOf(from, to), { paint, columns }))
  } else {
    const { serialised } = await import('./serialised.ts')
    await terminal.print(await serialised(found, output))
  }
  return flagOption(invocation, 'exitCode') && found.differences.length > 0 ? EXIT_CHANGES : 0
}

function nameOf(from: number, to: number | undefined): string {
  return `revision ${from} and ${to === undefined ? 'what is declared now' : `revision ${to}`}`
}
