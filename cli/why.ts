/** `headgate why KIND NAME`: who owns it, where it is written, what changed it last and what for. */
import { clientOf } from './client.ts'
import {
  type CommandDefinition,
  type Invocation,
  NAMESPACE_OPTION,
  outputOption,
  SERVER_OPTIONS,
  textOption,
} from './command.ts'
import { TARGET_ARGUMENTS } from './target.ts'
import type { PrintedWhy } from './why-text.ts'

export const why: CommandDefinition = {
  name: 'why',
  summary: 'Tell why a resource is as it is: owner, file and line, last change and its cause.',
  arguments: TARGET_ARGUMENTS,
  options: [NAMESPACE_OPTION, outputOption(['text', 'yaml', 'json'], 'text'), ...SERVER_OPTIONS],
  examples: ['headgate why pipeline clean', 'headgate why stream/orders -o json'],
  run: runWhy,
}

async function runWhy(invocation: Invocation): Promise<number> {
  const [{ declaredTargetOf }, { objectPath, withWhereToLook }] = await Promise.all([
    import('./target.ts'),
    import('./objects.ts'),
  ])
  const { kind, name } = await declaredTargetOf(invocation.arguments)
  const namespace = textOption(invocation, 'namespace') ?? 'default'
  const path = `${objectPath(kind, namespace, name)}/why`
  const found = await withWhereToLook(kind, clientOf(invocation).json<PrintedWhy>('GET', path))
  const { terminal } = invocation
  const output = textOption(invocation, 'output') ?? 'text'
  if (output === 'text') {
    const { whyText } = await import('./why-text.ts')
    await terminal.print(whyText(found, { paint: terminal.paintData, columns: terminal.columns }))
  } else {
    const { serialised } = await import('./serialised.ts')
    await terminal.print(await serialised(found, output))
  }
  return 0
}
