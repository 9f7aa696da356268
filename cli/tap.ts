/** `headgate tap PIPELINE --at LABEL`: shows records before and after a component, while it runs. */
import { HeadgateError } from '../engine/error.ts'
import { realClock } from '../engine/ports/real-clock.ts'
import { type Client, clientOf } from './client.ts'
import {
  type CommandDefinition,
  type Invocation,
  NAMESPACE_OPTION,
  numberOption,
  outputOption,
  SERVER_OPTIONS,
  textOption,
} from './command.ts'
import type { TapLine } from './tap-line.ts'
import type { TapText } from './tap-text.ts'
import type { Terminal } from './terminal.ts'

/** Then what came before is shown without what comes of it. */
const HOLD_MS_MAX = 300

export const tap: CommandDefinition = {
  name: 'tap',
  summary: 'Show records before and after a component of a pipeline, while it runs.',
  arguments: [
    { name: 'PIPELINE', required: true, summary: 'The name of the pipeline, or sink/NAME.' },
  ],
  options: [
    NAMESPACE_OPTION,
    { flags: '--at <COMPONENT>', summary: 'Its label or path; without it, all that there are.' },
    {
      flags: '--side <SIDE>',
      summary: 'Before the component, after it, or both.',
      choices: ['before', 'after', 'both'],
      byDefault: 'both',
    },
    { flags: '--sample <SHARE>', summary: 'The share of records, as 0.01 for one in a hundred.' },
    { flags: '--limit <COUNT>', summary: 'End after so many records.', byDefault: '20' },
    { flags: '--filter <QUERY>', summary: 'A Bloblang query that is true for what is wanted.' },
    outputOption(['text', 'json'], 'text'),
    ...SERVER_OPTIONS,
  ],
  examples: [
    'headgate tap clean',
    'headgate tap clean --at upper',
    'headgate tap clean --at pipeline.processors.0 --side after --sample 0.01 --limit 5',
    "headgate tap clean --at output --filter 'this.amount > 100' -o json",
    'headgate tap sink/to-archive --at output',
  ],
  stopsInOrder: true,
  run: runTap,
}

interface TapPlaces {
  readonly places: readonly {
    readonly role: string
    readonly component: string
    readonly label: string
    readonly path: string
  }[]
}

async function runTap(invocation: Invocation): Promise<number> {
  const { pipelinePath, pipelineTarget } = await import('./pipeline-target.ts')
  const [pipeline = ''] = invocation.arguments
  const client = clientOf(invocation)
  const namespace = textOption(invocation, 'namespace') ?? 'default'
  const path = `${pipelinePath(namespace, pipelineTarget(pipeline))}/tap`
  const at = textOption(invocation, 'at')
  if (at === undefined) return printPlaces(invocation, client, path, pipeline)
  const query = queryOf(invocation, at)
  const isJson = textOption(invocation, 'output') === 'json'
  return isJson
    ? printJson(invocation, client, `${path}?${query}`)
    : printText(invocation, client, `${path}?${query}`)
}

async function printPlaces(
  { terminal, options }: Invocation,
  client: Client,
  path: string,
  pipeline: string,
): Promise<number> {
  const answer = await client.json<TapPlaces>('GET', `${path}/places`)
  if (options['output'] === 'json') {
    await terminal.print(`${JSON.stringify(answer.places, null, 2)}\n`)
    return 0
  }
  const { aligned } = await import('./table.ts')
  const rows = answer.places.map(({ label, path: at, role, component }) => [
    label === '' ? '-' : label,
    at.replace(/^root\./, ''),
    `${role} ${component}`,
  ])
  await terminal.print(aligned([['LABEL', 'PATH', 'COMPONENT'], ...rows]))
  const first = answer.places.find(({ role }) => role === 'processor') ?? answer.places[0]
  const example = first?.label || (first?.path.replace(/^root\./, '') ?? 'input')
  terminal.say(`Look at one of them by its label or path: headgate tap ${pipeline} --at ${example}`)
  return 0
}

function queryOf(invocation: Invocation, at: string): string {
  const query = new URLSearchParams({ at, side: textOption(invocation, 'side') ?? 'both' })
  const sample = textOption(invocation, 'sample')
  if (sample !== undefined) query.set('sample', sampleText(sample))
  const limit = numberOption(invocation, 'limit', 1)
  if (limit !== undefined) query.set('limit', String(limit))
  const filter = textOption(invocation, 'filter')
  if (filter !== undefined) query.set('filter', filter)
  return query.toString()
}

function sampleText(text: string): string {
  if (/^[0-9]*\.?[0-9]+$/.test(text) && Number(text) > 0 && Number(text) <= 1) return text
  const expected = 'a number above 0 and up to 1'
  throw new HeadgateError('Usage', `--sample: expected ${expected}, got "${text}"`)
}

async function printJson(invocation: Invocation, client: Client, path: string): Promise<number> {
  const { readTapLine } = await import('./tap-line.ts')
  const { terminal, signal } = invocation
  let status = 0
  try {
    for await (const line of client.lines(path, signal)) {
      const read = readTapLine(line)
      if (read?.type === 'record') await terminal.print(`${line}\n`)
      else if (read !== undefined) status = say(terminal, read)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
  return status
}

async function printText(invocation: Invocation, client: Client, path: string): Promise<number> {
  const [{ readTapLine, valueText }, { TapText }] = await Promise.all([
    import('./tap-line.ts'),
    import('./tap-text.ts'),
  ])
  const { terminal, signal } = invocation
  const isPaired = textOption(invocation, 'side') === 'both'
  const text = new TapText(terminal.paintData)
  let status = 0
  try {
    for await (const line of inGoodTime(client.lines(path, signal), text, terminal)) {
      const read = readTapLine(line)
      if (read === undefined) continue
      if (read.type === 'record') {
        // Nothing comes of what an output delivers.
        const holds = isPaired && read.role === 'processor'
        await printed(terminal, text.record(read, valueText(line), holds))
      } else {
        await printed(terminal, text.restart())
        status = say(terminal, read)
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
  await printed(terminal, text.flush())
  return status
}

async function printed(terminal: Terminal, text: string): Promise<void> {
  if (text !== '') await terminal.print(text)
}

/** The lines as they come; what is held back is printed where none comes for a while. */
async function* inGoodTime(
  lines: AsyncIterable<string>,
  text: TapText,
  terminal: Terminal,
): AsyncIterable<string> {
  const iterator = lines[Symbol.asyncIterator]()
  for (;;) {
    const next = iterator.next()
    if (text.isHolding) {
      const timer = new AbortController()
      const late = realClock.sleep(HOLD_MS_MAX, timer.signal).then(
        () => true,
        () => false,
      )
      const isLate = await Promise.race([late, next.then(() => false)])
      timer.abort()
      if (isLate) await printed(terminal, text.flush())
    }
    const { done, value } = await next
    if (done === true) return
    yield value
  }
}

/** On what is no record; the exit status, should nothing follow. */
function say(terminal: Terminal, line: Exclude<TapLine, { type: 'record' }>): number {
  if (line.type === 'dropped') {
    terminal.say(`… ${line.records} more passed too fast to be shown; --sample shows fewer.`)
    return 0
  }
  if (line.type === 'restarted') {
    terminal.say('It was restarted; numbers begin anew.')
    return 0
  }
  if (line.reason !== 'limit') terminal.say(line.message)
  return line.reason === 'changed' ? 1 : 0
}
