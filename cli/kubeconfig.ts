/**
 * `headgate kubeconfig [FILE]`: what a stock kubectl needs to talk to the running server. It has no login, and only this
 * machine reaches it, so that there is no secret in the file.
 */
import { writeFileSync } from 'node:fs'
import { HeadgateError } from '../engine/error.ts'
import { clientOf } from './client.ts'
import {
  type CommandDefinition,
  type Invocation,
  NAMESPACE_OPTION,
  SERVER_OPTIONS,
  textOption,
} from './command.ts'

const NAME = 'headgate'

export const kubeconfig: CommandDefinition = {
  name: 'kubeconfig',
  summary: 'Print or write the file with which kubectl talks to the server.',
  arguments: [{ name: 'FILE', required: false, summary: 'Where to write it; it may not exist.' }],
  options: [
    { ...NAMESPACE_OPTION, summary: 'The namespace that kubectl uses where none is named.' },
    ...SERVER_OPTIONS,
  ],
  examples: [
    'headgate kubeconfig ./kubeconfig && kubectl --kubeconfig ./kubeconfig get streams',
    'headgate kubeconfig | kubectl --kubeconfig /dev/stdin get streams',
  ],
  run: runKubeconfig,
}

async function runKubeconfig(invocation: Invocation): Promise<number> {
  const { terminal } = invocation
  const [file] = invocation.arguments
  const client = clientOf(invocation)
  // A file that leads nowhere would be found out much later.
  await client.text('GET', '')
  const text = kubeconfigText(client.url, textOption(invocation, 'namespace') ?? 'default')
  if (file === undefined) {
    await terminal.print(text)
    return 0
  }
  writeNew(file, text)
  terminal.say(`wrote ${file}; use it with: export KUBECONFIG=${file}`)
  return 0
}

export function kubeconfigText(server: string, namespace: string): string {
  return `apiVersion: v1
kind: Config
clusters:
  - name: ${NAME}
    cluster:
      server: ${JSON.stringify(server)}
users:
  - name: ${NAME}
    user: {}
contexts:
  - name: ${NAME}
    context:
      cluster: ${NAME}
      user: ${NAME}
      namespace: ${JSON.stringify(namespace)}
current-context: ${NAME}
`
}

/** Somebody's access to other clusters is never written over. */
function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw new HeadgateError('Usage', `cannot write ${file}: ${(error as Error).message}`, {
        cause: error,
      })
    throw new HeadgateError('Usage', `${file} exists already, and is not written over`, {
      cause: error,
      hint: `Name another file, and use both with: export KUBECONFIG=${file}:OTHER`,
    })
  }
}
