/** Reads the body of a reset, and refuses what it does not know: a misspelt `shards` would move all of them. */
import { HeadgateError } from '../../engine/error.ts'
import type { Where } from '../../engine/log/log.ts'
import { SHARDS_MAX } from '../../engine/streams/streams.ts'
import { parseWhere } from './records-position.ts'

export interface ResetBody {
  readonly stream: string
  readonly shards: readonly number[] | undefined
  readonly to: Where
  readonly dryRun: boolean
  readonly force: boolean
}

const FIELDS: readonly string[] = ['stream', 'shards', 'to', 'dryRun', 'force']

/** Of a pipeline: it knows the group, and the stream where it reads but one. */
export interface MoveBody {
  readonly stream: string | undefined
  readonly shards: readonly number[] | undefined
  readonly to: Where
  readonly dryRun: boolean
}

const MOVE_FIELDS: readonly string[] = ['stream', 'shards', 'to', 'dryRun']

export function readMoveBody(body: Readonly<Record<string, unknown>>): MoveBody {
  requireFields(body, MOVE_FIELDS)
  const { stream } = body
  return {
    stream: stream === undefined || stream === null ? undefined : readStream(stream),
    shards: readShards(body['shards']),
    to: readTo(body['to']),
    dryRun: readFlag('dryRun', body['dryRun']),
  }
}

export function readResetBody(body: Readonly<Record<string, unknown>>): ResetBody {
  requireFields(body, FIELDS)
  return {
    stream: readStream(body['stream']),
    shards: readShards(body['shards']),
    to: readTo(body['to']),
    dryRun: readFlag('dryRun', body['dryRun']),
    force: readFlag('force', body['force']),
  }
}

function requireFields(body: Readonly<Record<string, unknown>>, fields: readonly string[]): void {
  const unknown = Object.keys(body).find((name) => !fields.includes(name))
  if (unknown === undefined) return
  throw bad(`the body: expected ${fields.join(', ')}, got ${JSON.stringify(unknown)}`)
}

function readStream(value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  throw bad('stream: expected the name of a stream')
}

function readShards(value: unknown): readonly number[] | undefined {
  if (value === undefined || value === null) return undefined
  const isShard = (shard: unknown): shard is number =>
    Number.isInteger(shard) && Number(shard) >= 0 && Number(shard) < SHARDS_MAX
  if (Array.isArray(value) && value.length > 0 && value.length <= SHARDS_MAX) {
    if (value.every(isShard)) return value
  }
  throw bad('shards: expected a list of shard numbers, or nothing for all')
}

function readTo(value: unknown): Where {
  const text = typeof value === 'number' ? String(value) : value
  const where = typeof text === 'string' ? parseWhere('to', text) : undefined
  if (where !== undefined) return where
  const got = JSON.stringify(value)?.slice(0, 100) ?? 'nothing'
  throw new HeadgateError(
    'BadRequest',
    `to: expected earliest, latest, a sequence or an RFC 3339 time, got ${got}`,
    { hint: 'Write a time with its zone, for example 2026-01-31T08:00:00Z.' },
  )
}

function readFlag(name: string, value: unknown): boolean {
  if (value === undefined) return false
  if (typeof value === 'boolean') return value
  throw bad(`${name}: expected true or false`)
}

function bad(message: string): HeadgateError {
  return new HeadgateError('BadRequest', message)
}
