/**
 * Where a read of records begins: `earliest`, `latest`, a sequence, a time, or the `next` that a read answered.
 *
 * `next` carries the incarnation, so that a reader of a stream that was deleted and made again is told so instead of
 * silently reading another stream's records.
 */
import { HeadgateError } from '../../engine/error.ts'
import type { Where } from '../../engine/log/log.ts'
import { whereOf } from '../../engine/log/where-text.ts'
import { StatusError } from './status.ts'

export type From =
  | { readonly kind: 'where'; readonly where: Where }
  | { readonly kind: 'next'; readonly next: NextToken }

export interface NextToken {
  readonly incarnation: number
  readonly shard: number
  readonly sequence: number
}

const TOKEN = /^next:([0-9]{1,10}):([0-9]{1,5}):([0-9]{1,16})$/

export function readFrom(text: string): From {
  const where = parseWhere('from', text)
  if (where !== undefined) return { kind: 'where', where }
  const next = parseNext(text)
  if (next !== undefined) return { kind: 'next', next }
  throw new HeadgateError(
    'BadRequest',
    `from: expected earliest, latest, a sequence, an RFC 3339 time or what next answered, got ${JSON.stringify(text.slice(0, 100))}`,
  )
}

/** What a read answered as `next`. */
export function readNext(text: string): NextToken {
  const next = parseNext(text)
  if (next !== undefined) return next
  throw new HeadgateError(
    'BadRequest',
    `next: expected what a read of records answered, got ${JSON.stringify(text.slice(0, 100))}`,
  )
}

/** Undefined for what names no place; `field` is what a refusal names. */
export function parseWhere(field: string, text: string): Where | undefined {
  const where = whereOf(text)
  if (where === undefined && /^[0-9]+$/.test(text)) throw tooLarge(field, text)
  return where
}

export function formatNext({ incarnation, shard, sequence }: NextToken): string {
  return Buffer.from(`next:${incarnation}:${shard}:${sequence}`).toString('base64url')
}

/** Refuses a token of another stream's life with 410, and one of another shard with 400. */
export function checkNext(next: NextToken, incarnation: number, shard: number): void {
  if (next.incarnation !== incarnation) {
    throw new StatusError(
      410,
      'Expired',
      'the stream was deleted and made again since this position was answered\nRead from=earliest.',
    )
  }
  if (next.shard === shard) return
  throw new HeadgateError(
    'BadRequest',
    `from: expected a position of shard ${shard}, got one of shard ${next.shard}`,
  )
}

/** RFC 3339 in microseconds; the arrival of a record. */
export function formatTimeUs(us: number): string {
  const seconds = Math.floor(us / 1_000_000)
  const fraction = String(us - seconds * 1_000_000).padStart(6, '0')
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${fraction}Z`
}

function tooLarge(field: string, text: string): HeadgateError {
  return new HeadgateError(
    'BadRequest',
    `${field}: expected a sequence up to 2^53 - 1, got ${text.slice(0, 40)}`,
  )
}

function parseNext(text: string): NextToken | undefined {
  const match = TOKEN.exec(Buffer.from(text, 'base64url').toString('latin1'))
  if (match === null) return undefined
  const [incarnation, shard, sequence] = [Number(match[1]), Number(match[2]), Number(match[3])]
  return Number.isSafeInteger(sequence) ? { incarnation, shard, sequence } : undefined
}
