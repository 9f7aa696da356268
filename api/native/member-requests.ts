/** Reads what members of a consumer group send, and refuses what it does not know. */
import { HeadgateError } from '../../engine/error.ts'
import { SHARDS_MAX } from '../../engine/streams/streams.ts'

export interface JoinBody {
  readonly stream: string
  readonly member: string | undefined
  readonly sessionMs: number | undefined
  readonly shards: readonly number[] | undefined
}

export interface CommitBody {
  readonly generation: number
  readonly offsets: readonly { readonly shard: number; readonly next: string }[]
}

export const SESSION_MS_MIN = 1_000
export const SESSION_MS_MAX = 300_000
export const MEMBER_LENGTH_MAX = 256

type Body = Readonly<Record<string, unknown>>

export function readJoinBody(body: Body): JoinBody {
  expectFields('the body', body, ['stream', 'member', 'sessionMs', 'shards'])
  const { stream, member, sessionMs, shards } = body
  if (typeof stream !== 'string' || stream === '') throw bad('stream: expected its name')
  if (member !== undefined && !isMember(member)) {
    throw bad(`member: expected 1 to ${MEMBER_LENGTH_MAX} characters without a slash`)
  }
  if (sessionMs !== undefined && !isWithin(sessionMs, SESSION_MS_MIN, SESSION_MS_MAX)) {
    throw bad(`sessionMs: expected ${SESSION_MS_MIN} to ${SESSION_MS_MAX}`)
  }
  return { stream, member, sessionMs, shards: readShards(shards) }
}

export function readCommitBody(body: Body): CommitBody {
  expectFields('the body', body, ['generation', 'offsets'])
  const { generation, offsets } = body
  if (!isWithin(generation, 0, Number.MAX_SAFE_INTEGER)) {
    throw bad('generation: expected the number that the last answer gave')
  }
  if (!Array.isArray(offsets) || offsets.length === 0 || offsets.length > SHARDS_MAX) {
    throw bad('offsets: expected a list of {shard, next}')
  }
  return { generation, offsets: offsets.map(readOffset) }
}

function readOffset(value: unknown, index: number): CommitBody['offsets'][number] {
  const where = `offsets[${index}]`
  if (typeof value !== 'object' || value === null) throw bad(`${where}: expected {shard, next}`)
  expectFields(where, value as Body, ['shard', 'next'])
  const { shard, next } = value as Body
  if (!isWithin(shard, 0, SHARDS_MAX - 1)) throw bad(`${where}.shard: expected its number`)
  if (typeof next !== 'string') {
    throw bad(`${where}.next: expected what a read of its records answered as next`)
  }
  return { shard, next }
}

function readShards(value: unknown): readonly number[] | undefined {
  if (value === undefined) return undefined
  const isList = Array.isArray(value) && value.length > 0 && value.length <= SHARDS_MAX
  if (isList && value.every((shard) => isWithin(shard, 0, SHARDS_MAX - 1))) return value
  throw bad('shards: expected a list of shard numbers, or nothing to share all')
}

function isMember(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value !== '' &&
    value.length <= MEMBER_LENGTH_MAX &&
    !value.includes('/')
  )
}

function isWithin(value: unknown, min: number, max: number): value is number {
  return Number.isInteger(value) && Number(value) >= min && Number(value) <= max
}

function expectFields(where: string, body: Body, fields: readonly string[]): void {
  const unknown = Object.keys(body).find((name) => !fields.includes(name))
  if (unknown === undefined) return
  throw bad(`${where}: expected ${fields.join(', ')}, got ${JSON.stringify(unknown)}`)
}

function bad(message: string): HeadgateError {
  return new HeadgateError('BadRequest', message)
}
