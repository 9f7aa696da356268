/** `headgate transfer KIND NAME`: hands it over to another source, without stopping it. */
import { HeadgateError } from '../engine/error.ts'
import { type CommandDefinition, NAMESPACE_OPTION, SERVER_OPTIONS, textOption } from './command.ts'
import { TARGET_ARGUMENTS } from './target.ts'

export const transfer: CommandDefinition = {
  name: 'transfer',
  summary: 'Hand a resource over to another source.',
  arguments: TARGET_ARGUMENTS,
  options: [
    { flags: '--to <NAME>', summary: 'The source that gets it.' },
    NAMESPACE_OPTION,
    ...SERVER_OPTIONS,
  ],
  examples: ['headgate transfer stream orders --to team-b'],
  async run(invocation) {
    const to = textOption(invocation, 'to')
    if (to === undefined)
      throw new HeadgateError('Usage', 'expected --to NAME, got none', {
        hint: 'The sources that there are: headgate get sources',
      })
    const { decideOwner } = await import('./decide-owner.ts')
    return await decideOwner(invocation, 'transfer', to)
  },
}
