/** `headgate blobl fmt [PATH…]`: puts mappings into one form, and changes nothing that they say. */
import { writeFileSync } from 'node:fs'
import { text as textOf } from 'node:stream/consumers'
import { type CommandDefinition, flagOption, type Invocation } from './command.ts'

export const bloblFmt: CommandDefinition = {
  name: 'blobl fmt',
  summary: 'Space, indent and bracket mappings in one way, keeping comments and what they mean.',
  arguments: [
    {
      name: 'PATH',
      required: false,
      repeated: true,
      summary: 'Files with mappings, or - for stdin to stdout, which is also the default.',
    },
  ],
  options: [
    { flags: '--check', summary: 'Change nothing; name what would change, and end with 1.' },
  ],
  examples: ['headgate blobl fmt mapping.blobl', 'headgate blobl fmt - < mapping.blobl'],
  run: runBloblFmt,
}

const STDIN = '-'

async function runBloblFmt(invocation: Invocation): Promise<number> {
  const { terminal } = invocation
  const { readMappingFile } = await import('./blobl-mapping.ts')
  const paths = invocation.arguments.length === 0 ? [STDIN] : invocation.arguments
  const isCheck = flagOption(invocation, 'check')
  let status = 0
  for (const path of paths) {
    const isStdin = path === STDIN
    const text = isStdin ? await textOf(terminal.stdin) : readMappingFile(path)
    const formatted = await format(isStdin ? 'stdin' : path, text, invocation)
    if (formatted === undefined) status = 1
    if (isStdin && !isCheck) {
      // A filter passes on what it cannot form, so that an editor loses nothing.
      await terminal.print(formatted ?? text)
    } else if (formatted !== undefined && formatted !== text) {
      if (isCheck) status = 1
      else writeFileSync(path, formatted)
      await terminal.print(`${path}\n`)
    }
  }
  return status
}

/** Undefined once it is told what is wrong with the text. */
async function format(
  name: string,
  text: string,
  { terminal }: Invocation,
): Promise<string | undefined> {
  const [{ formatMapping }, { problemAt, SyntaxProblem }, { problemText }] = await Promise.all([
    import('../engine/bloblang/syntax/print-mapping.ts'),
    import('../engine/bloblang/syntax/cursor.ts'),
    import('./blobl-mapping.ts'),
  ])
  try {
    return formatMapping(text)
  } catch (thrown) {
    if (!(thrown instanceof SyntaxProblem)) throw thrown
    const { at, message, hint } = thrown
    const problem = problemAt(text, at, message, hint === undefined ? {} : { hint })
    terminal.say(problemText({ text, name, path: undefined }, problem, 'error'))
    return undefined
  }
}
