/** Dead letters for tests: made, put back, and found where they are. */
import type { Engine } from '../engine.ts'
import { decodeRecords, encodeBatch } from '../log/batch.ts'
import type { LogRecord, RecordInput } from '../log/record.ts'
import { createStream } from '../pipelines/stream-testing.ts'
import { testEnvironment } from '../pipelines/testing.ts'
import type { Clock } from '../ports/clock.ts'
import { realClock } from '../ports/real-clock.ts'
import { realRandom } from '../ports/real-random.ts'
import { letterHeaders } from './letter-headers.ts'
import {
  type RedriveEnvironment,
  type RedriveReport,
  type RedriveRequest,
  redrive,
} from './redrive.ts'
import { redrivePositions } from './redrive-hold.ts'

export const never: AbortSignal = new AbortController().signal

export interface Letter {
  readonly id: number
  readonly stream: string
  readonly attempt?: number
  readonly reason?: string
}

export function letterOf({ id, stream, attempt = 1, reason = 'odd' }: Letter): RecordInput {
  return {
    key: Buffer.from([0xff, id % 7]),
    headers: letterHeaders([{ name: 'trace', value: Buffer.from([0xfe, id]) }], {
      reason,
      component: 'root.output',
      place: { stream, shard: 0, sequence: id + 1 },
      time: '2026-01-31T08:00:00.000000Z',
      attempt,
    }),
    data: Buffer.from(JSON.stringify({ id })),
  }
}

export async function append(
  engine: Engine,
  name: string,
  records: readonly RecordInput[],
): Promise<void> {
  const stream = `default/${name}`
  const { incarnation = 0 } = engine.streams.describe([stream])[0] ?? {}
  if (records.length === 0) return
  await engine.log.write({ appends: [{ stream, incarnation, batch: encodeBatch(records) }] })
}

/** `failed`, and where its letters come from. */
export async function createStreams(engine: Engine, shards = 1): Promise<void> {
  await createStream(engine, 'failed', shards)
  await createStream(engine, 'orders', 2)
  await createStream(engine, 'parcels', 1)
}

export function environmentOf(engine: Engine, checks = {}): RedriveEnvironment {
  const { streams } = testEnvironment({ engine, checks })
  return { engine, streams, clock: realClock, random: realRandom }
}

export function ofFailed(engine: Engine): RedriveRequest['of'] {
  const [stream] = engine.streams.describe(['default/failed'])
  if (stream === undefined) throw new Error('there is no stream of dead letters')
  return { namespace: 'default', name: 'failed', stream }
}

interface Options extends Partial<Omit<RedriveRequest, 'of'>> {
  readonly checks?: object
  readonly readBytes?: number
  readonly clock?: Clock
}

export function redriven(engine: Engine, options: Options = {}): Promise<RedriveReport> {
  const { checks, readBytes, clock = realClock, ...asked } = options
  const request = { of: ofFailed(engine), mayWrite: () => true, ...asked }
  const environment = { ...environmentOf(engine, checks), clock }
  const read = readBytes === undefined ? {} : { readBytes }
  return redrive(request, { ...environment, ...read }, never)
}

/** What lies at or behind the position of each shard. */
export async function openLetters(engine: Engine): Promise<LogRecord[]> {
  const { stream } = ofFailed(engine)
  const positions = redrivePositions(ofFailed(engine), engine)
  const records: LogRecord[] = []
  for (const { shard, first, next } of stream.shardStates) {
    const sequence = positions.get(shard) ?? first
    const { name, incarnation } = stream
    await using reader = engine.log.open({ stream: name, incarnation, shard, sequence })
    while (reader.position.sequence < next) {
      const read = await reader.next(1024 * 1024, 0)
      if (read !== undefined) records.push(...decodeRecords(read.bytes, read.from))
    }
  }
  return records
}

export const ids = (records: readonly LogRecord[]): number[] =>
  records.map(({ data }) => JSON.parse(Buffer.from(data).toString()).id)
