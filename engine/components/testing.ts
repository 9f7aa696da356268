/** For tests of components: pipelines that are run as people write them, and servers that answer as they are told. */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import type { MappingFiles } from '../bloblang/mapping-files.ts'
import type { Engine } from '../engine.ts'
import { HeadgateError } from '../error.ts'
import { decodeRecords, encodeBatch } from '../log/batch.ts'
import type { LogRecord, RecordInput } from '../log/record.ts'
import { buildPipeline } from '../pipelines/build-pipeline.ts'
import type { Pipeline, PipelineEnvironment } from '../pipelines/pipeline.ts'

/** Resolves once the pipeline is in the phase; a finite one ends `completed`. */
export function reached(pipeline: Pipeline, phase: string): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (pipeline.state().phase !== phase) return
      watch[Symbol.dispose]()
      resolve()
    }
    const watch = pipeline.watch(look)
    queueMicrotask(look)
  })
}

export async function started(spec: unknown, environment: PipelineEnvironment): Promise<Pipeline> {
  const pipeline = await buildPipeline(spec, environment)
  await pipeline.connect()
  return pipeline
}

export async function runToEnd(spec: unknown, environment: PipelineEnvironment): Promise<Pipeline> {
  const pipeline = await started(spec, environment)
  await reached(pipeline, 'completed')
  return pipeline
}

export interface Received {
  readonly url: string
  readonly method: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface Told {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface ToldServer extends AsyncDisposable {
  readonly url: string
  readonly received: readonly Received[]
  /** Resolves once so many requests were answered. */
  answered(count: number): Promise<void>
}

/** A server on a port of its own; `tell` says what the next request is answered, undefined cuts the connection. */
export async function toldServer(
  tell: (request: Received, index: number) => Told | undefined,
): Promise<ToldServer> {
  const received: Received[] = []
  const waiters: { count: number; resolve: () => void }[] = []
  let answeredCount = 0
  const server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks).toString()
    const { url = '', method = '', headers } = request
    const told = tell(
      { url, method, headers, body },
      received.push({ url, method, headers, body }) - 1,
    )
    if (told === undefined) request.socket.destroy()
    else response.writeHead(told.status, told.headers).end(told.body)
    answeredCount += 1
    for (const { count, resolve } of waiters) if (answeredCount >= count) resolve()
  })
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    answered: (count) =>
      answeredCount >= count
        ? Promise.resolve()
        : new Promise((resolve) => waiters.push({ count, resolve })),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** Files by their names, for configs that name some. */
export function textFiles(texts: Readonly<Record<string, string | Uint8Array>>): MappingFiles {
  return {
    read: (path) => {
      const found = texts[path]
      if (found === undefined) throw new HeadgateError('SourceUnreadable', `no file at ${path}`)
      return { path, bytes: Buffer.from(found) }
    },
  }
}

export async function createStream(engine: Engine, name: string, shards = 1): Promise<void> {
  await engine.streams.create({
    name: `default/${name}`,
    id: name,
    uid: name,
    owner: 'test',
    digest: '',
    type: undefined,
    shards,
    durability: 'durable',
    retention: { ageMs: undefined, bytes: undefined },
    compaction: 'none',
    deletionPolicy: 'Delete',
    protected: false,
    retainForMs: undefined,
    sealed: undefined,
  })
}

export async function produce(
  engine: Engine,
  name: string,
  records: readonly RecordInput[],
): Promise<void> {
  const stream = `default/${name}`
  const incarnation = engine.streams.describe([stream])[0]?.incarnation ?? 0
  await engine.log.write({ appends: [{ stream, incarnation, batch: encodeBatch(records) }] })
}

/** Everything of the stream's first shard, once it holds so many records. */
export async function consume(engine: Engine, name: string, count: number): Promise<LogRecord[]> {
  const stream = `default/${name}`
  const incarnation = engine.streams.describe([stream])[0]?.incarnation ?? 0
  const records: LogRecord[] = []
  await using reader = engine.log.open({ stream, incarnation, shard: 0, sequence: 1 })
  while (records.length < count) {
    const result = await reader.next(1024 * 1024, 20_000)
    if (result === undefined) throw new Error(`${name} has ${records.length} of ${count} records`)
    records.push(...decodeRecords(result.bytes, result.from))
  }
  return records
}

/** Resolves once the group has read so far of the stream's first shard. */
export async function committed(engine: Engine, group: string, next: number): Promise<void> {
  while ((engine.groups.offsets(group)[0]?.next ?? 0) < next) await setImmediate()
}
