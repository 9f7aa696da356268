/** `headgate adopt KIND NAME`: takes what nobody owns, or whose source is not configured any more. */
import { type CommandDefinition, NAMESPACE_OPTION, SERVER_OPTIONS, textOption } from './command.ts'
import { TARGET_ARGUMENTS } from './target.ts'

export const adopt: CommandDefinition = {
  name: 'adopt',
  summary: 'Let a source own what no source owns, or whose source is gone.',
  arguments: TARGET_ARGUMENTS,
  options: [
    { flags: '--source <NAME>', summary: 'The source that takes it.', byDefault: 'local' },
    NAMESPACE_OPTION,
    ...SERVER_OPTIONS,
  ],
  examples: ['headgate adopt stream orders', 'headgate adopt pipeline/clean --source team-a'],
  async run(invocation) {
    const { decideOwner } = await import('./decide-owner.ts')
    return await decideOwner(invocation, 'adopt', textOption(invocation, 'source') ?? 'local')
  },
}
