/** `headgate version`: what this command is; it asks no server. */
import { versionObject } from '../api/version.ts'
import { build } from './build.ts'
import { type CommandDefinition, outputOption, textOption } from './command.ts'

export const version: CommandDefinition = {
  name: 'version',
  summary: 'Print the version.',
  arguments: [],
  options: [outputOption(['text', 'json'], 'text')],
  examples: ['headgate version', 'headgate version -o json'],
  async run(invocation) {
    const { terminal } = invocation
    const isJson = textOption(invocation, 'output') === 'json'
    const { version: number, built } = build()
    await terminal.print(
      isJson
        ? `${JSON.stringify(versionObject({ version: number, built }))}\n`
        : `headgate ${number} (${built}, node ${process.version})\n`,
    )
    return 0
  },
}
