/** `headgate purge NAME`: removes the data of a retained stream, for good. */
import { clientOf } from './client.ts'
import { type CommandDefinition, NAMESPACE_OPTION, SERVER_OPTIONS, textOption } from './command.ts'

export const purge: CommandDefinition = {
  name: 'purge',
  summary: 'Remove the data of a retained stream, for good.',
  arguments: [{ name: 'NAME', required: true, summary: 'The name of the retained stream.' }],
  options: [NAMESPACE_OPTION, ...SERVER_OPTIONS],
  examples: ['headgate get retained', 'headgate purge orders'],
  async run(invocation) {
    const [name = ''] = invocation.arguments
    const namespace = textOption(invocation, 'namespace') ?? 'default'
    const path = `/namespaces/${encodeURIComponent(namespace)}/retainedstreams/${encodeURIComponent(name)}`
    await clientOf(invocation).text('DELETE', path)
    invocation.terminal.say(`purged ${namespace}/${name}`)
    return 0
  },
}
