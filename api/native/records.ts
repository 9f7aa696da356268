/**
 * Produce to and read from a stream over HTTP, by the stream's name.
 *
 * One request is one write: all its records are durable when it is answered, or none was written.
 */
import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { HeadgateError } from '../../engine/error.ts'
import { encodeBatch, RecordCursor } from '../../engine/log/batch.ts'
import type { Position } from '../../engine/log/log.ts'
import type { RecordInput } from '../../engine/log/record.ts'
import type { StreamDescription } from '../../engine/streams/streams.ts'
import { BASE, type NativeContext, parameter, query, requireAccess } from './context.ts'
import { keyOf, readByKey } from './record-by-key.ts'
import { recordText } from './records-answer.ts'
import { checkNext, formatNext, readFrom } from './records-position.ts'
import { RECORDS_BODY_BYTES_MAX, readRecordsRequest } from './records-request.ts'
import { notFound, StatusError } from './status.ts'

export const READ_LIMIT_DEFAULT = 100
export const READ_LIMIT_MAX = 10_000
export const READ_BYTES_MAX: number = 8 * 1024 * 1024
export const READ_WAIT_MS_MAX = 60_000
export const IDEMPOTENCY_KEY_LENGTH_MAX = 256

export function serveRecords(server: FastifyInstance, context: NativeContext): void {
  const url = `${BASE}/namespaces/:namespace/streams/:name/records`
  server.post(url, { bodyLimit: RECORDS_BODY_BYTES_MAX }, (request) => produce(context, request))
  server.get(url, (request, reply) => read(context, request, reply))
  server.route({
    method: ['PUT', 'PATCH', 'DELETE'],
    url,
    handler: (_request, reply) => {
      reply.header('allow', 'GET, HEAD, POST')
      throw new StatusError(
        405,
        'MethodNotAllowed',
        'records are added with POST and read with GET',
      )
    },
  })
}

async function produce(context: NativeContext, request: FastifyRequest): Promise<object> {
  const [namespace, name] = [parameter(request, 'namespace'), parameter(request, 'name')]
  requireAccess('Write', { kind: 'Stream', namespace, name })
  const givenKey = readIdempotencyKey(request.headers['idempotency-key'])
  const stream = described(context, namespace, name)
  if (stream.sealed !== undefined) {
    throw new HeadgateError(
      'StreamSealed',
      `the stream ${namespace}/${name} is retained and takes no records`,
      {
        hint: `Declare it again, or remove its data with: headgate purge ${name} -n ${namespace}`,
      },
    )
  }
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
  const records = readRecordsRequest(body)
  checkType(context, namespace, name, records)
  const result = await context.engine.log.write({
    appends: [
      { stream: stream.name, incarnation: stream.incarnation, batch: encodeBatch(records) },
    ],
    ...(givenKey === undefined ? {} : { idempotencyKey: keyWithin(stream, givenKey) }),
  })
  const { shards, sequences } = result.appends[0] ?? { shards: [], sequences: [] }
  return {
    records: Array.from(shards, (shard, index) => ({ shard, sequence: sequences[index] ?? 0 })),
  }
}

/** The stream as the engine has it: a retained one too, for it can still be read. */
function described(context: NativeContext, namespace: string, name: string): StreamDescription {
  const target = context.streams.resolve(namespace, name)
  const engineName = target?.stream ?? `${namespace}/${name}`
  const [stream] = context.engine.streams.describe([engineName])
  if (stream === undefined) throw notFound('streams', name)
  return stream
}

function checkType(
  context: NativeContext,
  namespace: string,
  name: string,
  records: readonly RecordInput[],
): void {
  const check = context.streams.resolve(namespace, name)?.check
  if (check === undefined) return
  records.forEach(({ data }, index) => {
    const wrong = check(data)
    if (wrong !== undefined) throw new HeadgateError('EventInvalid', `records[${index}]: ${wrong}`)
  })
}

function readIdempotencyKey(header: string | readonly string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  if (typeof header === 'string' && header !== '' && header.length <= IDEMPOTENCY_KEY_LENGTH_MAX) {
    return header
  }
  throw new HeadgateError(
    'BadRequest',
    `Idempotency-Key: expected 1 to ${IDEMPOTENCY_KEY_LENGTH_MAX} characters, got ${header.length}`,
  )
}

/** The log's keys are one table for all streams; two producers that count from 1 must not meet in it. */
function keyWithin({ incarnation }: StreamDescription, key: string): string {
  return createHash('sha256').update(`${incarnation} ${key}`).digest('hex')
}

interface ReadQuery {
  readonly shard: number
  readonly limit: number
  readonly waitMs: number
}

async function read(
  context: NativeContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const [namespace, name] = [parameter(request, 'namespace'), parameter(request, 'name')]
  requireAccess('Read', { kind: 'Stream', namespace, name })
  const parameters = query(request)
  const key = keyOf(parameters)
  if (key !== undefined) {
    const text = await readByKey(context, described(context, namespace, name), name, key)
    return reply.type('application/json; charset=utf-8').send(text)
  }
  const wanted: ReadQuery = {
    shard: wholeNumber(parameters, 'shard', 0, 65_535),
    limit: wholeNumber(parameters, 'limit', READ_LIMIT_DEFAULT, READ_LIMIT_MAX),
    waitMs: wholeNumber(parameters, 'waitMs', 0, READ_WAIT_MS_MAX),
  }
  if (wanted.limit === 0) throw new HeadgateError('BadRequest', 'limit: expected at least 1, got 0')
  const from = parameters['from'] ?? 'earliest'
  if (typeof from !== 'string') throw new HeadgateError('BadRequest', 'from: expected it once')
  const stream = described(context, namespace, name)
  const position = await positionOf(context, stream, wanted.shard, from)
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  const signal = AbortSignal.any([context.closing, gone.signal])
  const text = await readText(context, position, wanted, signal)
  return reply.type('application/json; charset=utf-8').send(text)
}

async function positionOf(
  { engine }: NativeContext,
  stream: StreamDescription,
  shard: number,
  text: string,
): Promise<Position> {
  const reference = { stream: stream.name, incarnation: stream.incarnation, shard }
  if (shard >= stream.shards) {
    throw new HeadgateError(
      'ShardOutOfRange',
      `shard: expected 0 to ${stream.shards - 1}, got ${shard}`,
    )
  }
  const from = readFrom(text)
  if (from.kind === 'where') return engine.log.resolve(reference, from.where)
  checkNext(from.next, stream.incarnation, shard)
  return { ...reference, sequence: from.next.sequence }
}

async function readText(
  { engine }: NativeContext,
  position: Position,
  { shard, limit, waitMs }: ReadQuery,
  signal: AbortSignal,
): Promise<string> {
  const records: string[] = []
  let sequence = position.sequence
  let bytes = 0
  await using reader = openAt(engine, position)
  while (records.length < limit && bytes < READ_BYTES_MAX) {
    const wait = records.length === 0 ? waitMs : 0
    const result = await nextOrNothing(reader, READ_BYTES_MAX - bytes, wait, signal)
    if (result === undefined) break
    bytes += result.bytes.length
    sequence = result.next
    const cursor = new RecordCursor(result.bytes, result.from)
    while (cursor.next()) {
      if (records.length === limit) {
        sequence = cursor.sequence
        break
      }
      records.push(recordText(shard, cursor))
    }
  }
  const next = formatNext({ incarnation: position.incarnation, shard, sequence })
  return `{"records":[${records.join(',')}],"next":${JSON.stringify(next)}}`
}

type Reader = ReturnType<NativeContext['engine']['log']['open']>

/** A position that retention has passed is gone, rather than wrong. */
function openAt(engine: NativeContext['engine'], position: Position): Reader {
  try {
    return engine.log.open(position)
  } catch (error) {
    if (!(error instanceof HeadgateError) || error.code !== 'PositionInvalid') throw error
    throw new StatusError(410, 'Expired', `${error.message}\nRead from=earliest.`)
  }
}

/** A wait that is cut short, because the caller left or the server closes, is a wait without records. */
async function nextOrNothing(
  reader: Reader,
  bytesMax: number,
  waitMs: number,
  signal: AbortSignal,
): Promise<Awaited<ReturnType<Reader['next']>>> {
  try {
    return await reader.next(bytesMax, waitMs, signal)
  } catch (error) {
    if (signal.aborted) return undefined
    throw error
  }
}

function wholeNumber(
  parameters: Readonly<Record<string, unknown>>,
  name: string,
  byDefault: number,
  max: number,
): number {
  const value = parameters[name]
  if (value === undefined) return byDefault
  if (typeof value === 'string' && /^[0-9]{1,9}$/.test(value) && Number(value) <= max) {
    return Number(value)
  }
  throw new HeadgateError(
    'BadRequest',
    `${name}: expected a whole number from 0 to ${max}, got ${JSON.stringify(value)}`,
  )
}
