/** `headgate reconcile [SOURCE]`: looks at once instead of at the next look. */
import { parseDurationMs } from '../crds/duration.ts'
import type { ResourceObject } from '../crds/resource.ts'
import { HeadgateError } from '../engine/error.ts'
import { type Client, clientOf } from './client.ts'
import {
  type CommandDefinition,
  flagOption,
  type Invocation,
  SERVER_OPTIONS,
  textOption,
} from './command.ts'

export const reconcile: CommandDefinition = {
  name: 'reconcile',
  summary: 'Look at a source now, and wait until that is done.',
  arguments: [{ name: 'SOURCE', required: false, summary: 'Its name; else all of them.' }],
  options: [
    { flags: '--wait', summary: 'Until it is Ready; ends with 1 when it is not.' },
    { flags: '--timeout <DURATION>', summary: 'How long to wait.', byDefault: '60s' },
    ...SERVER_OPTIONS,
  ],
  examples: ['headgate reconcile', 'headgate reconcile local --wait --timeout 5m'],
  run: runReconcile,
}

interface ReconcileAnswer {
  readonly ready: boolean
  readonly elapsedMs: number
  readonly source: ResourceObject
}

async function runReconcile(invocation: Invocation): Promise<number> {
  const [
    { listObjects },
    { withProgress },
    { patientlyAsk },
    { sourcePath },
    { millisecondsText },
    { readyOf },
  ] = await Promise.all([
    import('./objects.ts'),
    import('./progress.ts'),
    import('./patient-request.ts'),
    import('./plan-client.ts'),
    import('./amounts.ts'),
    import('./table.ts'),
  ])
  const { terminal } = invocation
  const client = clientOf(invocation)
  const [given] = invocation.arguments
  const isWaiting = flagOption(invocation, 'wait')
  const body = isWaiting ? { waitMs: readTimeout(textOption(invocation, 'timeout') ?? '60s') } : {}
  const names = given === undefined ? await namesOf(client, listObjects) : [given]
  let status = 0
  for (const name of names) {
    const asked = patientlyAsk(invocation, `${sourcePath(name)}/reconcile`, body)
    const answer = await withProgress(terminal, asked, async () => `source ${name}`)
    const { ready, elapsedMs, source } = answer as ReconcileAnswer
    const condition = readyOf(source)
    const how = ready ? 'Ready' : `${condition?.reason}: ${condition?.message}`
    const mark = ready ? terminal.paint('green', '✓') : terminal.paint('yellow', '!')
    terminal.say(
      `${mark} ${millisecondsText(elapsedMs)}  source ${name} ${ready ? 'is' : 'is not ready,'} ${how}`,
    )
    if (isWaiting && !ready) status = 1
  }
  return status
}

async function namesOf(
  client: Client,
  list: typeof import('./objects.ts').listObjects,
): Promise<readonly string[]> {
  const sources = await list(client, '/sources')
  return sources.map(({ metadata }) => metadata.name)
}

function readTimeout(text: string): number {
  const ms = parseDurationMs(text)
  if (ms !== undefined) return ms
  throw new HeadgateError('Usage', `--timeout: expected a duration, got "${text}"`, {
    hint: 'Write for example --timeout 90s or 5m.',
  })
}
