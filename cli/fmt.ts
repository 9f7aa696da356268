/** `headgate fmt [PATH…]`: puts files into one form, and changes nothing that they say. */
import { type CommandDefinition, flagOption, type Invocation } from './command.ts'
import type { YamlFile } from './yaml-files.ts'

export const fmt: CommandDefinition = {
  name: 'fmt',
  summary:
    'Order the keys of files and write values in one way, keeping comments and what they mean.',
  arguments: [
    {
      name: 'PATH',
      required: false,
      repeated: true,
      summary: 'Folders or files, or - for stdin to stdout; else the working directory.',
    },
  ],
  options: [
    { flags: '--check', summary: 'Change nothing; name what would change, and end with 1.' },
  ],
  examples: ['headgate fmt ./config', 'headgate fmt --check', 'headgate fmt - < stream.yaml'],
  run: runFmt,
}

async function runFmt(invocation: Invocation): Promise<number> {
  const [{ formatFile }, { engineInspector }, { problemsText }, { yamlFiles }] = await Promise.all([
    import('../controllers/sets/format-file.ts'),
    import('./inspector.ts'),
    import('./problems-text.ts'),
    import('./yaml-files.ts'),
  ])
  const { terminal } = invocation
  const check = flagOption(invocation, 'check')
  const paths = invocation.arguments.length === 0 ? ['.'] : invocation.arguments
  let status = 0
  for (const file of await yamlFiles(paths, terminal.stdin)) {
    const result = await formatFile(file.path, file.bytes, engineInspector)
    if (result.kind !== 'formatted') {
      status = 1
      const because =
        result.kind === 'unsafe'
          ? `${file.path}: in another form it would not say the same`
          : problemsText(result.problems, () => textOf(file), terminal.paint)
      terminal.say(`${because}\n${file.path} is left as it is.`)
      // A filter passes on what it cannot form, so that an editor loses nothing.
      if (file.write === undefined && !check) await terminal.print(textOf(file))
      continue
    }
    if (check) {
      if (!result.changed) continue
      status = 1
      await terminal.print(`${file.path}\n`)
    } else if (file.write === undefined) {
      await terminal.print(result.text)
    } else if (result.changed) {
      file.write(result.text)
      await terminal.print(`${file.path}\n`)
    }
  }
  return status
}

function textOf({ bytes }: YamlFile): string {
  return Buffer.from(bytes).toString()
}
