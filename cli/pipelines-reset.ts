/** `headgate pipelines reset NAME`: moves where a pipeline or a sink reads on, after it has shown what that means. */
import { HeadgateError } from '../engine/error.ts'
import { clientOf } from './client.ts'
import {
  type CommandDefinition,
  flagOption,
  type Invocation,
  NAMESPACE_OPTION,
  outputOption,
  SERVER_OPTIONS,
  textOption,
  YES_OPTION,
} from './command.ts'
import type { PrintedReset } from './reset-text.ts'

export const pipelinesReset: CommandDefinition = {
  name: 'pipelines reset',
  summary: 'Move where a pipeline or a sink reads on: records are read again, or skipped.',
  arguments: [{ name: 'NAME', required: true, summary: 'The name of the pipeline, or sink/NAME.' }],
  options: [
    NAMESPACE_OPTION,
    { flags: '--to <WHERE>', summary: 'earliest, latest, a sequence, or a time (RFC 3339).' },
    { flags: '--stream <NAME>', summary: 'One of the streams that it reads; else all of them.' },
    { flags: '--shard <NUMBERS>', summary: 'Just these shards, as in 0,2; else all of them.' },
    { flags: '--dry-run', summary: 'Show what it would read again or skip, and change nothing.' },
    YES_OPTION,
    outputOption(['text', 'json'], 'text'),
    ...SERVER_OPTIONS,
  ],
  examples: [
    'headgate pipelines reset clean --to earliest --dry-run',
    'headgate pipelines reset clean --to 2026-01-31T08:00:00Z --yes',
    'headgate pipelines reset sink/to-archive --to latest',
    'headgate pipelines reset clean --stream orders --shard 0 --to 1200',
  ],
  run: runPipelinesReset,
}

const OTHER_GROUPS = 'any other group moves with: headgate groups reset'

async function runPipelinesReset(invocation: Invocation): Promise<number> {
  const [
    { patientlyAsk },
    { pipelinePath, pipelineTarget },
    { withProgress },
    { resetText, summaryText, movesNothing },
  ] = await Promise.all([
    import('./patient-request.ts'),
    import('./pipeline-target.ts'),
    import('./progress.ts'),
    import('./reset-text.ts'),
  ])
  const { terminal } = invocation
  const target = pipelineTarget(invocation.arguments[0] ?? '', OTHER_GROUPS)
  const { kind, name } = target
  const path = `${pipelinePath(textOption(invocation, 'namespace') ?? 'default', target)}/reset`
  const wish = await wishOf(invocation)
  const isText = textOption(invocation, 'output') !== 'json'
  const planned = await clientOf(invocation).json<PrintedReset>('POST', path, {
    ...wish,
    dryRun: true,
  })
  const isDryRun = flagOption(invocation, 'dryRun')
  if (isText) await terminal.print(resetText(planned))
  else if (isDryRun) await terminal.print(`${JSON.stringify(planned, null, 2)}\n`)
  if (isDryRun) {
    terminal.say('Nothing was changed: this was a dry run.')
    return 0
  }
  const text = `${kind} ${name}`
  if (isText && movesNothing(planned)) {
    terminal.say(`Nothing to do: ${text} reads on there already.`)
    return 0
  }
  const { confirmed } = await import('./confirm.ts')
  if (!(await confirmed(invocation, `Reset ${text}?`))) return 1
  const asked = patientlyAsk(invocation, path, wish)
  const doing = async (): Promise<string> => `waiting for ${text} to stop`
  const done = (await withProgress(terminal, asked, doing)) as PrintedReset
  if (!isText) await terminal.print(`${JSON.stringify(done, null, 2)}\n`)
  const rest = done.runs ? '' : ' It does not run now, and begins there when it does.'
  terminal.say(`${terminal.paint('green', '✓')} reset ${text}: ${summaryText(done)}${rest}`)
  return 0
}

async function wishOf(invocation: Invocation): Promise<object> {
  const { shardsOption } = await import('./shards-option.ts')
  const to = textOption(invocation, 'to')
  if (to === undefined || to === '')
    throw new HeadgateError('Usage', '--to: expected a value, got none', {
      hint: 'It is earliest, latest, a sequence, or a time such as 2026-01-31T08:00:00Z.',
    })
  const stream = textOption(invocation, 'stream')
  const shards = shardsOption(invocation)
  return {
    to,
    ...(stream === undefined ? {} : { stream }),
    ...(shards === undefined ? {} : { shards }),
  }
}
