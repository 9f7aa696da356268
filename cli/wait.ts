/** `headgate wait KIND NAME --for CONDITION`: ends once it is so, or with 1 when it takes too long. */
import { parseDurationMs } from '../crds/duration.ts'
import type { ResourceObject } from '../crds/resource.ts'
import { HeadgateError } from '../engine/error.ts'
import { realClock } from '../engine/ports/real-clock.ts'
import { type Client, clientOf } from './client.ts'
import {
  type CommandDefinition,
  type Invocation,
  NAMESPACE_OPTION,
  SERVER_OPTIONS,
  textOption,
} from './command.ts'
import type { Target } from './target.ts'

const POLL_MS = 200
const FOR = /^(?:delete|condition=([A-Za-z]+)(?:=(true|false|unknown))?)$/i

export const wait: CommandDefinition = {
  name: 'wait',
  summary: 'Wait until resources have a condition, or are gone.',
  arguments: [
    { name: 'KIND', required: true, summary: 'A kind in any form, or source; or KIND/NAME.' },
    { name: 'NAME', required: false, repeated: true, summary: 'The names.' },
  ],
  options: [
    {
      flags: '--for <WHAT>',
      summary: 'condition=TYPE, condition=TYPE=False, or delete.',
      byDefault: 'condition=Ready',
    },
    { flags: '--timeout <DURATION>', summary: 'How long, such as 90s or 5m.', byDefault: '60s' },
    NAMESPACE_OPTION,
    ...SERVER_OPTIONS,
  ],
  examples: [
    'headgate wait pipeline clean --for condition=Ready',
    'headgate wait source/local --for condition=Ready --timeout 5m',
    'headgate wait stream orders --for delete',
  ],
  run: runWait,
}

interface WaitFor {
  /** Undefined waits until it is gone. */
  readonly condition: string | undefined
  readonly status: string
}

async function runWait(invocation: Invocation): Promise<number> {
  const { targetsOf, targetText } = await import('./target.ts')
  const { terminal, signal } = invocation
  const targets = await targetsOf(invocation.arguments)
  if (targets.length === 0)
    throw new HeadgateError(
      'Usage',
      `expected a name, got the kind "${invocation.arguments[0]}" alone`,
      {
        hint: 'Write for example: headgate wait stream orders',
      },
    )
  const what = readFor(textOption(invocation, 'for') ?? 'condition=Ready')
  const timeoutMs = readTimeout(textOption(invocation, 'timeout') ?? '60s')
  const endMs = realClock.monotonicMs() + timeoutMs
  const client = clientOf(invocation)
  const namespace = textOption(invocation, 'namespace') ?? 'default'
  for (const target of targets) {
    for (;;) {
      const { done, text } = await look(client, namespace, target, what)
      if (done) {
        terminal.say(`${targetText(target)} ${text}`)
        break
      }
      if (realClock.monotonicMs() >= endMs) {
        terminal.say(
          `${terminal.paint('red', 'error:')} waited ${textOption(invocation, 'timeout')}: ${targetText(target)} ${text}`,
        )
        return 1
      }
      await realClock.sleep(POLL_MS, signal)
    }
  }
  return 0
}

interface Look {
  readonly done: boolean
  /** How it is, to stand behind its name. */
  readonly text: string
}

async function look(
  client: Client,
  namespace: string,
  { kind, name }: Target,
  { condition, status }: WaitFor,
): Promise<Look> {
  const [{ objectPath }, { conditionsOf }] = await Promise.all([
    import('./objects.ts'),
    import('./table.ts'),
  ])
  const object = await client
    .json<ResourceObject>('GET', objectPath(kind, namespace, name))
    .catch((error: unknown) => {
      if (error instanceof HeadgateError && error.code === 'NotFound') return undefined
      throw error
    })
  if (object === undefined)
    return {
      done: condition === undefined,
      text: condition === undefined ? 'is gone' : 'is not there',
    }
  if (condition === undefined) return { done: false, text: 'is still there' }
  const found = conditionsOf(object).find(
    ({ type }) => type.toLowerCase() === condition.toLowerCase(),
  )
  if (found === undefined)
    return { done: status === 'False', text: `has no condition ${condition}` }
  const why = found.status === 'True' ? found.reason : `${found.reason}: ${found.message}`
  const isCurrent = isObserved(object)
  return {
    done: found.status === status && isCurrent,
    text: `has ${found.type}=${found.status} (${why})${isCurrent ? '' : ', of what was declared before'}`,
  }
}

/** A condition of an earlier generation says nothing about this one. */
function isObserved({ metadata, status }: ResourceObject): boolean {
  const observed = (status as { readonly observedGeneration?: number } | undefined)
    ?.observedGeneration
  return (
    observed === undefined || metadata.generation === undefined || observed >= metadata.generation
  )
}

function readFor(text: string): WaitFor {
  const match = FOR.exec(text)
  if (match === null)
    throw new HeadgateError('Usage', `--for: expected condition=TYPE or delete, got "${text}"`, {
      hint: 'Write for example --for condition=Ready or --for condition=Stalled=False.',
    })
  const [, condition, status = 'True'] = match
  return { condition, status: `${status.charAt(0).toUpperCase()}${status.slice(1).toLowerCase()}` }
}

function readTimeout(text: string): number {
  const ms = text === '0' ? 0 : parseDurationMs(text)
  if (ms !== undefined) return ms
  throw new HeadgateError('Usage', `--timeout: expected a duration, got "${text}"`, {
    hint: 'Write for example --timeout 90s or 5m.',
  })
}
