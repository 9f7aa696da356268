/** Inputs of the matrix: each is fed the same messages, and says when it believes that all of them were delivered. */
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { reached } from '../../engine/components/testing.ts'
import type { Engine } from '../../engine/engine.ts'
import { encodeBatch } from '../../engine/log/batch.ts'
import type { Pipeline } from '../../engine/pipelines/pipeline.ts'
import { createStream } from '../../engine/pipelines/stream-testing.ts'
import type { TestEnvironment } from '../../engine/pipelines/testing.ts'
import { until } from '../harness/headgate-process.ts'

export const IDS: readonly number[] = Array.from({ length: 12 }, (_, index) => index + 1)
const lines = IDS.map((id) => `${JSON.stringify({ id })}\n`).join('')

export interface SourceWorld {
  readonly engine: Engine
  readonly directory: string
  readonly environment: TestEnvironment
  /** What runs now: another one after a restart. */
  readonly running: () => Pipeline
}

export interface SourceCase {
  readonly name: string
  readonly input: (world: Pick<SourceWorld, 'directory'>) => unknown
  /** Resolves once the source believes that everything was delivered. */
  readonly feed: (world: SourceWorld) => Promise<void>
  /** Whether a pipeline that was closed by force gets again what it had not delivered. */
  readonly survives: boolean
  readonly transactional?: boolean
}

export const SOURCES: readonly SourceCase[] = [
  {
    name: 'generate',
    input: () => ({
      generate: {
        interval: '',
        count: IDS.length,
        batch_size: 5,
        mapping: 'root.id = counter()',
      },
    }),
    feed: ({ running }) => reached(running(), 'completed'),
    survives: false,
  },
  {
    name: 'file',
    input: ({ directory }) => {
      const path = join(directory, 'in.jsonl')
      writeFileSync(path, lines)
      return { file: { paths: [path] } }
    },
    feed: ({ running }) => reached(running(), 'completed'),
    survives: true,
  },
  {
    name: 'stdin',
    input: () => ({ stdin: {} }),
    feed: ({ environment, running }) => {
      environment.stdin.end(lines)
      return reached(running(), 'completed')
    },
    survives: false,
  },
  {
    name: 'stream',
    input: () => ({ stream: { name: 'source' } }),
    feed: feedStream,
    survives: true,
    transactional: true,
  },
  { name: 'http_server', input: () => ({ http_server: {} }), feed: post, survives: true },
]

const PARTS = 4

async function feedStream({ engine, environment }: SourceWorld): Promise<void> {
  const incarnation = engine.streams.describe(['default/source'])[0]?.incarnation ?? 0
  for (let part = 0; part < PARTS; part++) {
    const records = IDS.filter((id) => id % PARTS === part).map((id) => ({
      key: Buffer.from(String(id % 7)),
      data: Buffer.from(JSON.stringify({ id })),
    }))
    const batch = encodeBatch(records)
    await engine.log.write({ appends: [{ stream: 'default/source', incarnation, batch }] })
  }
  await until('the group to have read all', () => {
    const offsets = engine.groups.offsets(environment.group)
    const shards = engine.streams.describe(['default/source'])[0]?.shardStates ?? []
    const isRead = shards.every(
      ({ shard, first, next }) =>
        first === next || offsets.some((one) => one.shard === shard && one.next === next),
    )
    return isRead || undefined
  })
}

export function createSource(engine: Engine): Promise<number> {
  return createStream(engine, 'source', 2)
}

/** Clients that post one message each, until they are answered 200. */
async function post({ environment }: SourceWorld): Promise<void> {
  const server = createServer((request, response) => {
    const handler = environment.endpoints.handlers.get(request.url ?? '')
    if (handler === undefined) response.writeHead(503).end()
    else handler(request, response)
  })
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/test/post`
  await Promise.all(IDS.map((id) => postUntilTaken(url, { id })))
  server.closeAllConnections()
  await new Promise<void>((resolve) => server.close(() => resolve()))
}

export async function postUntilTaken(url: string, message: object): Promise<void> {
  for (;;) {
    const request = { method: 'POST', body: JSON.stringify(message) }
    const response = await fetch(url, request).catch(() => undefined)
    await response?.text().catch(() => undefined)
    if (response?.status === 200) return
    await setImmediate()
  }
}
