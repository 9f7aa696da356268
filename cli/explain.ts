/** `headgate explain TOPIC`: what a kind, a field, a component or an error code means, and what changing it does. */
import { type CommandDefinition, flagOption, type Invocation } from './command.ts'

export const explain: CommandDefinition = {
  name: 'explain',
  summary: 'Explain a kind, a component, a field of them, headgate.yaml or an error code.',
  arguments: [
    {
      name: 'TOPIC',
      required: false,
      summary:
        'Such as Stream.spec.shards, input.http_server or headgate.yaml.sources; else what there is.',
    },
  ],
  options: [{ flags: '-r, --recursive', summary: 'All fields beneath, without their meanings.' }],
  examples: [
    'headgate explain stream',
    'headgate explain Pipeline.spec.input.http_server.path',
    'headgate explain processor.mapping',
    'headgate explain headgate.yaml.sources.grants',
    'headgate explain FieldUnknown',
  ],
  run: runExplain,
}

async function runExplain(invocation: Invocation): Promise<number> {
  const { terminal } = invocation
  const [asked] = invocation.arguments
  const { explainCode } = await import('./explain-code.ts')
  const code = asked === undefined ? undefined : await explainCode(asked)
  if (code !== undefined) {
    await terminal.print(code.endsWith('\n') ? code : `${code}\n`)
    return 0
  }
  const [{ resolveSchemas }, { findTopic }, { topicText }, { topicsText }] = await Promise.all([
    import('./resolved-schemas.ts'),
    import('./explain-topic.ts'),
    import('./explain-text.ts'),
    import('./explain-topics.ts'),
  ])
  const resolved = await resolveSchemas()
  await terminal.print(
    asked === undefined
      ? topicsText(resolved)
      : await topicText(findTopic(asked, resolved), resolved, flagOption(invocation, 'recursive')),
  )
  return 0
}
