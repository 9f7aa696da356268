/** `headgate types [PATH…]`: TypeScript of what streams hold, for clients and editors. */
import { readFileSync, writeFileSync } from 'node:fs'
import { HeadgateError } from '../engine/error.ts'
import { type CommandDefinition, flagOption, type Invocation, textOption } from './command.ts'

export const types: CommandDefinition = {
  name: 'types',
  summary: 'Write TypeScript types of the events that streams hold, and of what modules export.',
  arguments: [
    {
      name: 'PATH',
      required: false,
      repeated: true,
      summary: 'Folders or files; else the working directory.',
    },
  ],
  options: [
    { flags: '-n, --namespace <NAMESPACE>', summary: 'Whose streams.', byDefault: 'default' },
    { flags: '--out <FILE>', summary: 'Where to write them, instead of standard output.' },
    { flags: '--check', summary: 'Write nothing; end with 1 where FILE says something else.' },
  ],
  examples: ['headgate types ./config', 'headgate types ./config --out streams.ts'],
  run: runTypes,
}

async function runTypes(invocation: Invocation): Promise<number> {
  const { terminal } = invocation
  const out = textOption(invocation, 'out')
  const isCheck = flagOption(invocation, 'check')
  if (isCheck && out === undefined) {
    throw new HeadgateError('Usage', '--check: expected --out FILE, which is what is checked')
  }
  const paths = invocation.arguments.length === 0 ? ['.'] : invocation.arguments
  const text = await textOf(paths, textOption(invocation, 'namespace') ?? 'default', terminal)
  if (text === undefined) return 1
  if (out === undefined) {
    await terminal.print(text)
    return 0
  }
  if (contentOf(out) === text) return 0
  if (isCheck) {
    terminal.say(`${out} is not what the declarations say: write it again without --check`)
    return 1
  }
  writeFileSync(out, text)
  terminal.say(`wrote ${out}`)
  return 0
}

/** Undefined where something is wrong with the declarations, which was said. */
async function textOf(
  paths: readonly string[],
  namespace: string,
  terminal: Invocation['terminal'],
): Promise<string | undefined> {
  const [{ declaredTypes }, { problemsText }] = await Promise.all([
    import('./declared-types.ts'),
    import('./problems-text.ts'),
  ])
  const types = await declaredTypes(paths, namespace)
  if (types.ok) return types.text
  const { problems, texts } = types
  terminal.say(problemsText(problems, (file) => texts.get(file) ?? '', terminal.paint))
  return undefined
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
