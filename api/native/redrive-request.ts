/** Reads the body of a redrive, and refuses what it does not know: a misspelt `filter` would put back all. */
import { MAPPING_LENGTH_MAX } from '../../crds/field.ts'
import { HeadgateError } from '../../engine/error.ts'

export interface RedriveBody {
  readonly filter: string | undefined
  readonly limit: number | undefined
  readonly attemptsMax: number | undefined
  readonly dryRun: boolean
  readonly until: ReadonlyMap<number, number> | undefined
}

const FIELDS: readonly string[] = ['filter', 'limit', 'attemptsMax', 'dryRun', 'until']

export function readRedriveBody(body: Readonly<Record<string, unknown>>): RedriveBody {
  const unknown = Object.keys(body).find((name) => !FIELDS.includes(name))
  if (unknown !== undefined) {
    throw bad(`the body: expected ${FIELDS.join(', ')}, got ${JSON.stringify(unknown)}`)
  }
  return {
    filter: readFilter(body['filter']),
    limit: readCount('limit', body['limit']),
    attemptsMax: readCount('attemptsMax', body['attemptsMax']),
    dryRun: readFlag('dryRun', body['dryRun']),
    until: readUntil(body['until']),
  }
}

function readFilter(value: unknown): string | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string' || value.trim() === '') {
    throw bad('filter: expected a Bloblang query, or nothing for all letters')
  }
  if (value.length <= MAPPING_LENGTH_MAX) return value
  throw bad(`filter: expected at most ${MAPPING_LENGTH_MAX} characters, got ${value.length}`)
}

function readCount(name: string, value: unknown): number | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1) return value
  throw bad(`${name}: expected a whole number from 1, got ${JSON.stringify(value)}`)
}

function readFlag(name: string, value: unknown): boolean {
  if (value === undefined) return false
  if (typeof value === 'boolean') return value
  throw bad(`${name}: expected true or false`)
}

/** As an answer gave it: the `rest`. */
function readUntil(value: unknown): ReadonlyMap<number, number> | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw bad('until: expected the rest of an earlier answer')
  }
  const ends = Object.entries(value).map(([shard, end]): [number, number] => {
    if (/^[0-9]{1,9}$/.test(shard) && Number.isSafeInteger(end) && end >= 1) {
      return [Number(shard), end]
    }
    throw bad(
      `until: expected shards, each with a sequence, got ${JSON.stringify({ [shard]: end })}`,
    )
  })
  return new Map(ends)
}

function bad(message: string): HeadgateError {
  return new HeadgateError('BadRequest', message)
}
