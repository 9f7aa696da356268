/** `headgate blobl explain NAME`: what a function or a method is, with examples; without a name, what there is. */
import type { CommandDefinition, Invocation } from './command.ts'

export const bloblExplain: CommandDefinition = {
  name: 'blobl explain',
  summary: 'Explain a function or a method of Bloblang, or list them.',
  arguments: [{ name: 'NAME', required: false, summary: 'Such as map_each; else what there is.' }],
  options: [],
  examples: ['headgate blobl explain', 'headgate blobl explain re_find_object'],
  run: runBloblExplain,
}

async function runBloblExplain({ arguments: [name], terminal }: Invocation): Promise<number> {
  const { bloblangTopic, bloblangTopics } = await import('./blobl-topics.ts')
  await terminal.print(name === undefined ? bloblangTopics() : bloblangTopic(name))
  return 0
}
