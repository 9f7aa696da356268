/** `headgate tail STREAM`: prints what a stream holds and what comes, one record a line. */
import { HeadgateError } from '../engine/error.ts'
import { realClock } from '../engine/ports/real-clock.ts'
import { type Client, clientOf } from './client.ts'
import {
  type CommandDefinition,
  flagOption,
  type Invocation,
  NAMESPACE_OPTION,
  numberOption,
  outputOption,
  SERVER_OPTIONS,
  textOption,
} from './command.ts'
import { type RecordsPage, readPage, recordsPath } from './records.ts'

const PAGE_RECORDS = 1000
const WAIT_MS = 20_000
const RECONNECT_MS = 500

export const tail: CommandDefinition = {
  name: 'tail',
  summary: 'Print the records of a stream, and those to come.',
  arguments: [{ name: 'STREAM', required: true, summary: 'The name of the stream.' }],
  options: [
    NAMESPACE_OPTION,
    {
      flags: '--from <WHERE>',
      summary: 'earliest, latest, a sequence, or an RFC 3339 time.',
      byDefault: 'earliest',
    },
    { flags: '--shard <NUMBER>', summary: 'Just this shard; else all of them.' },
    { flags: '--limit <COUNT>', summary: 'End after so many records.' },
    { flags: '--no-follow', summary: 'End with the last record that is there now.' },
    outputOption(['value', 'json'], 'value'),
    ...SERVER_OPTIONS,
  ],
  examples: ['headgate tail orders', 'headgate tail orders --from latest -o json'],
  stopsInOrder: true,
  run: runTail,
}

interface Tail {
  readonly client: Client
  readonly path: string
  readonly from: string
  readonly follow: boolean
  readonly print: (page: RecordsPage) => Promise<void>
  readonly remaining: () => number
  readonly signal: AbortSignal
  readonly say: (text: string) => void
}

async function runTail(invocation: Invocation): Promise<number> {
  const { terminal } = invocation
  const namespace = textOption(invocation, 'namespace') ?? 'default'
  const [stream = ''] = invocation.arguments
  const client = clientOf(invocation)
  const isJson = textOption(invocation, 'output') === 'json'
  const onlyShard = numberOption(invocation, 'shard', 0)
  let remaining = numberOption(invocation, 'limit', 1) ?? Number.POSITIVE_INFINITY
  const done = new AbortController()
  const signal = AbortSignal.any([invocation.signal, done.signal])
  const found = await lookUp(client, namespace, stream)
  const follow = flagOption(invocation, 'follow')
  if (found.isSealed && follow)
    terminal.say(`${stream} is retained: no record will be added to it.`)
  const shared: Tail = {
    client,
    path: recordsPath(namespace, stream),
    from: textOption(invocation, 'from') ?? 'earliest',
    follow: follow && !found.isSealed,
    remaining: () => remaining,
    signal,
    say: terminal.say,
    print: async ({ records }) => {
      const taken = records.slice(0, remaining)
      remaining -= taken.length
      if (taken.length > 0) {
        const lines = taken.map(({ json, value }) => (isJson ? json : value))
        await terminal.print(`${lines.join('\n')}\n`)
      }
      if (remaining === 0) done.abort()
    },
  }
  const shards = onlyShard === undefined ? found.shards : [onlyShard]
  if (shared.follow) await Promise.all(shards.map((shard) => tailShard(shared, shard)))
  else for (const shard of shards) await tailShard(shared, shard)
  return 0
}

async function tailShard(tail: Tail, shard: number): Promise<void> {
  let from = tail.from
  while (tail.remaining() > 0 && !tail.signal.aborted) {
    const page = await nextPage(tail, shard, from)
    if (page === undefined) continue
    await tail.print(page)
    if (!tail.follow && page.records.length === 0) return
    from = page.next
  }
}

/** A server that goes away while it is followed usually comes back: the position survives it. */
async function nextPage(tail: Tail, shard: number, from: string): Promise<RecordsPage | undefined> {
  const limit = Math.min(PAGE_RECORDS, tail.remaining())
  const wait = tail.follow ? WAIT_MS : 0
  const query = `shard=${shard}&from=${encodeURIComponent(from)}&limit=${limit}&waitMs=${wait}`
  try {
    return readPage(await tail.client.text('GET', `${tail.path}?${query}`, undefined, tail.signal))
  } catch (error) {
    if (tail.signal.aborted) return undefined
    const isAway = error instanceof HeadgateError && error.code === 'ServerUnreachable'
    if (!isAway || !tail.follow || from === tail.from) throw error
    tail.say('The server is away; trying again.')
    await realClock.sleep(RECONNECT_MS, tail.signal).catch(() => undefined)
    return undefined
  }
}

/** A retained stream can still be read, but nothing comes any more. */
async function lookUp(
  client: Client,
  namespace: string,
  stream: string,
): Promise<{ readonly shards: readonly number[]; readonly isSealed: boolean }> {
  const at = (plural: string): string =>
    `/namespaces/${encodeURIComponent(namespace)}/${plural}/${encodeURIComponent(stream)}`
  let isSealed = false
  const object = await client.json<ShardedObject>('GET', at('streams')).catch((error: unknown) => {
    isSealed = true
    return client.json<ShardedObject>('GET', at('retainedstreams')).catch(() => {
      throw error
    })
  })
  const count = object.status?.shards ?? object.spec?.shards ?? 1
  return { shards: Array.from({ length: count }, (_, shard) => shard), isSealed }
}

interface ShardedObject {
  readonly spec?: { readonly shards?: number }
  readonly status?: { readonly shards?: number }
}
