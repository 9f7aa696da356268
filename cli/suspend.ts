/** `headgate suspend TARGET`: nothing of a source or a resource is changed until it is resumed. What runs goes on running. */
import { parseDurationMs } from '../crds/duration.ts'
import { HeadgateError } from '../engine/error.ts'
import { realClock } from '../engine/ports/real-clock.ts'
import { clientOf } from './client.ts'
import {
  type CommandDefinition,
  type Invocation,
  NAMESPACE_OPTION,
  SERVER_OPTIONS,
  textOption,
} from './command.ts'
import { SUSPENDABLE_ARGUMENTS } from './suspendable.ts'

export const suspend: CommandDefinition = {
  name: 'suspend',
  summary: 'Change nothing of a source or a resource until it is resumed; it goes on running.',
  arguments: SUSPENDABLE_ARGUMENTS,
  options: [
    { flags: '--reason <TEXT>', summary: 'For those who wonder later.' },
    {
      flags: '--until <WHEN>',
      summary: 'It ends by itself then: a time (RFC 3339), or a duration from now.',
    },
    NAMESPACE_OPTION,
    ...SERVER_OPTIONS,
  ],
  examples: [
    "headgate suspend local --reason 'release freeze' --until 2h",
    'headgate suspend pipeline clean',
  ],
  run: runSuspend,
}

async function runSuspend(invocation: Invocation): Promise<number> {
  const [{ suspendableOf }, { withWhereToLook }] = await Promise.all([
    import('./suspendable.ts'),
    import('./objects.ts'),
  ])
  const { kind, path, text } = await suspendableOf(invocation)
  const reason = textOption(invocation, 'reason')
  const until = readUntil(textOption(invocation, 'until'))
  const body = {
    ...(reason === undefined ? {} : { reason }),
    ...(until === undefined ? {} : { until }),
  }
  const asked = clientOf(invocation).json<{ until?: string }>('PUT', `${path}/suspension`, body)
  const answer = await withWhereToLook(kind, asked)
  const end = answer.until === undefined ? '' : ` until ${answer.until}`
  invocation.terminal.say(
    `${text} is suspended${end}. To go on: headgate resume ${invocation.arguments.join(' ')}`,
  )
  return 0
}

function readUntil(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const ms = parseDurationMs(text)
  if (ms !== undefined) return new Date(realClock.wallUs() / 1000 + ms).toISOString()
  if (/^\d{4}-\d\d-\d\dT.*(Z|[-+]\d\d:\d\d)$/i.test(text) && !Number.isNaN(Date.parse(text)))
    return new Date(text).toISOString()
  throw new HeadgateError('Usage', `--until: expected a time or a duration, got "${text}"`, {
    hint: 'Write for example --until 2h or --until 2026-12-31T08:00:00Z.',
  })
}
