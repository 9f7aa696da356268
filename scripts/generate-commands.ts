/** The reference page of the command line, from the commands' definitions. */
import type { CommandDefinition } from '../cli/command.ts'
import { COMMANDS } from '../cli/commands.ts'

const HEAD = `# Commands

Data goes to stdout, talk to stderr. A command ends with 0, with 1 when it failed, and with 2 when it was called wrongly.
`

export function generateCommands(): ReadonlyMap<string, string> {
  return new Map([
    [
      'docs/reference/commands.md',
      [HEAD, ...COMMANDS.filter(({ hidden }) => hidden !== true).map(commandText)].join('\n'),
    ],
  ])
}

function commandText({
  name,
  summary,
  arguments: args,
  options,
  examples,
}: CommandDefinition): string {
  const usage = args.map(({ name: argument, required, repeated }) => {
    const text = repeated === true ? `${argument}...` : argument
    return required ? text : `[${text}]`
  })
  const rows = [
    ...args.map(
      ({ name: argument, summary: meaning, choices }) =>
        `| \`${argument}\` | ${meaning}${choices === undefined ? '' : ` One of ${choices.join(', ')}.`} | |`,
    ),
    ...options.map(
      ({ flags, summary: meaning, byDefault, choices }) =>
        `| \`${flags}\` | ${meaning}${choices === undefined ? '' : ` One of ${choices.join(', ')}.`} | ${byDefault === undefined ? '' : `\`${byDefault}\``} |`,
    ),
  ]
  return [
    `## headgate ${[name, ...usage].join(' ')}\n`,
    `${summary}\n`,
    ...(rows.length === 0 ? [] : [`| | meaning | default |\n|---|---|---|\n${rows.join('\n')}\n`]),
    ...(examples.length === 0 ? [] : [`\`\`\`text\n${examples.join('\n')}\n\`\`\`\n`]),
  ].join('\n')
}
