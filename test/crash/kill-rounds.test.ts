/**
 * The promise of the product under SIGKILL: what was acknowledged is there, once where once is promised, and the
 * folder is converged after each start.
 *
 * Records flow HTTP → stream `first` → mapping → stream `second` → Sink → our endpoint, while files are edited. The
 * signal hits the process that holds the data directory. The seed of the random waits is printed on failure.
 */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { SeededRandom } from '../../engine/ports/seeded-random.ts'
import { type HeadgateProcess, until, up } from '../harness/headgate-process.ts'
import { readStream } from '../harness/native-client.ts'

const ROUNDS = 50
const PRODUCERS = 4
const FLOW_MS_MIN = 20
const FLOW_MS_MAX = 300
const TEST_MS_MAX = 15 * 60_000

test(`${ROUNDS} times SIGKILL lose no acknowledged record and map each one exactly once`, {
  timeout: TEST_MS_MAX,
}, async () => {
  const seed = Number(process.env['HEADGATE_SEED'] ?? process.pid)
  const random = new SeededRandom(seed)
  await using receiver = await startReceiver()
  const folder = mkdtempSync(join(tmpdir(), 'headgate-kill-'))
  const dataDirectory = join(folder, '.headgate')
  const acknowledged = new Set<string>()
  declare(folder, receiver.url, 0)

  for (let round = 1; round <= ROUNDS; round++) {
    await using process_ = await up({ folder, dataDirectory })
    expect(await roundOf(process_, 'first'), `seed ${seed}, round ${round}`).toBe(String(round - 1))
    const stopProducing = new AbortController()
    const producers = Array.from({ length: PRODUCERS }, (_, producer) =>
      produce(process_.url, `${round}-${producer}`, acknowledged, stopProducing.signal),
    )
    await sleep(FLOW_MS_MIN + random.next() * (FLOW_MS_MAX - FLOW_MS_MIN))
    declare(folder, receiver.url, round)
    await sleep(random.next() * 60)
    await process_.kill()
    stopProducing.abort()
    await Promise.all(producers)
  }

  await using process_ = await up({ folder, dataDirectory })
  const first = await readStream(process_.url, 'first')
  const firstIds = first.map(({ value }) => (value as { id: string }).id)
  expect(
    [...acknowledged].filter((id) => !firstIds.includes(id)),
    `seed ${seed}`,
  ).toEqual([])

  const sources = first.map(({ shard, sequence }) => `${shard}/${sequence}`)
  const second = await until('the second stream to have caught up', async () => {
    const records = await readStream(process_.url, 'second')
    return records.length >= first.length ? records : undefined
  })
  const mapped = Map.groupBy(second, ({ value }) => (value as { from: string }).from)
  const notOnce = sources.filter((source) => mapped.get(source)?.length !== 1)
  expect(
    notOnce.map((source) => [source, mapped.get(source)]),
    `seed ${seed}: not mapped exactly once`,
  ).toEqual([])
  expect(second.length).toBe(first.length)

  await until(
    'the sink to have delivered everything',
    () => second.every(({ value }) => receiver.ids.has((value as { id: string }).id)) || undefined,
  )
  expect(acknowledged.size).toBeGreaterThan(ROUNDS)
})

async function roundOf(process_: HeadgateProcess, stream: string): Promise<string> {
  return until(`${stream} to be Ready`, async () => {
    const response = await fetch(
      `${process_.url}/apis/headgate.dev/v1alpha1/namespaces/default/streams/${stream}`,
    )
    if (response.status !== 200) return undefined
    const object = (await response.json()) as {
      metadata: { labels: { round: string } }
      status: { conditions: { type: string; status: string }[] }
    }
    const ready = object.status.conditions.find(({ type }) => type === 'Ready')
    return ready?.status === 'True' ? object.metadata.labels.round : undefined
  })
}

/** Keeps one request under way; an id counts once its answer is 200. */
async function produce(
  url: string,
  prefix: string,
  acknowledged: Set<string>,
  signal: AbortSignal,
): Promise<void> {
  for (let count = 0; !signal.aborted; count++) {
    const id = `${prefix}-${count}`
    const response = await fetch(`${url}/ingest/post`, {
      method: 'POST',
      body: JSON.stringify({ id }),
    }).catch(() => undefined)
    if (response === undefined) return
    if (response.status === 200) acknowledged.add(id)
    await response.arrayBuffer().catch(() => undefined)
  }
}

interface Receiver extends AsyncDisposable {
  readonly url: string
  readonly ids: ReadonlySet<string>
}

async function startReceiver(): Promise<Receiver> {
  const ids = new Set<string>()
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    request.on('end', () => {
      for (const line of body.split('\n')) ids.add((JSON.parse(line) as { id: string }).id)
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    ids,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Each round edits every file a little: a label that the next start must show, and a mapping that must be replaced. */
function declare(folder: string, receiverUrl: string, round: number): void {
  const head = (kind: string, name: string): string =>
    `apiVersion: headgate.dev/v1alpha1\nkind: ${kind}\nmetadata:\n  name: ${name}\n  labels:\n    round: "${round}"\n`
  writeFileSync(
    join(folder, 'streams.yaml'),
    `${head('Stream', 'first')}spec:\n  shards: 3\n---\n${head('Stream', 'second')}spec:\n  shards: 2\n`,
  )
  writeFileSync(
    join(folder, 'ingest.yaml'),
    `${head('Pipeline', 'ingest')}spec:
  input:
    http_server:
      path: /post
  output:
    stream:
      name: first
      key: \${! json("id") }
`,
  )
  writeFileSync(
    join(folder, 'map.yaml'),
    `${head('Pipeline', 'map')}spec:
  input:
    stream:
      name: first
      start: earliest
  pipeline:
    processors:
      - mapping: |
          root.id = this.id
          root.round = ${round}
          root.from = "%v/%v".format(@headgate_shard, @headgate_sequence)
  output:
    stream:
      name: second
      key: \${! json("id") }
`,
  )
  writeFileSync(
    join(folder, 'sink.yaml'),
    `${head('Sink', 'deliver')}spec:
  from:
    stream: second
    start: earliest
  template: root = this
  endpoint:
    type: standard
    url: ${receiverUrl}
  batch:
    records: 50
    period: 100ms
`,
  )
}
