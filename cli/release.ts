/** `headgate release KIND NAME`: its source gives it up, and it goes on as it is. */
import { type CommandDefinition, NAMESPACE_OPTION, SERVER_OPTIONS } from './command.ts'
import { TARGET_ARGUMENTS } from './target.ts'

export const release: CommandDefinition = {
  name: 'release',
  summary: 'Let a source give up a resource, which goes on as it is.',
  arguments: TARGET_ARGUMENTS,
  options: [NAMESPACE_OPTION, ...SERVER_OPTIONS],
  examples: ['headgate release stream orders'],
  async run(invocation) {
    const { decideOwner } = await import('./decide-owner.ts')
    return await decideOwner(invocation, 'release', undefined)
  },
}
