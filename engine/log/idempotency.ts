/**
 * Remembers what idempotent writes gave, within bounds: a producer that tries again soon gets its first result, and
 * a key that comes with other content is a defect of the producer.
 */
import { createHash } from 'node:crypto'
import { HeadgateError } from '../error.ts'
import { BATCH_HEADER_BYTES } from './batch-header.ts'
import type { RememberChange, SequenceRun } from './change.ts'
import type { AppendResult, WriteResult, WriteSet } from './log.ts'

export const IDEMPOTENCY_KEYS_MAX = 100_000
/** Of all keys together: a result of many records in many shards is remembered run by run. */
export const IDEMPOTENCY_RUNS_MAX = 1_048_576
export const IDEMPOTENCY_KEPT_MS: number = 15 * 60_000
export const IDEMPOTENCY_KEY_LENGTH_MAX = 256

export class IdempotencyTable {
  /** Oldest first. */
  readonly #remembered = new Map<string, RememberChange>()
  #runs = 0

  /** The first result, when this very set came before. Throws IdempotencyKeyReused for another one. */
  recall(key: string, content: string): WriteResult | undefined {
    if (key.length === 0 || key.length > IDEMPOTENCY_KEY_LENGTH_MAX) {
      throw new HeadgateError(
        'BadRequest',
        `expected an idempotency key of 1 to ${IDEMPOTENCY_KEY_LENGTH_MAX} characters, got ${key.length}`,
      )
    }
    const found = this.#remembered.get(key)
    if (found === undefined) return undefined
    if (found.content === content) return { appends: found.runs.map(resultOfRuns) }
    throw new HeadgateError(
      'IdempotencyKeyReused',
      'expected the content that the idempotency key came with first, got other content',
      { hint: 'Use a new key for each new request.' },
    )
  }

  /** Forgets what is past its time or above a bound, oldest first, but never what it was just given. */
  remember(change: RememberChange): void {
    this.#forget(change.key)
    this.#remembered.set(change.key, change)
    this.#runs += runCount(change)
    const expiredUs = change.atUs - IDEMPOTENCY_KEPT_MS * 1000
    for (const [key, { atUs }] of this.#remembered) {
      const fits =
        this.#remembered.size <= IDEMPOTENCY_KEYS_MAX && this.#runs <= IDEMPOTENCY_RUNS_MAX
      if (key === change.key || (fits && atUs >= expiredUs)) return
      this.#forget(key)
    }
  }

  clear(): void {
    this.#remembered.clear()
    this.#runs = 0
  }

  entries(): Iterable<RememberChange> {
    return this.#remembered.values()
  }

  #forget(key: string): void {
    const found = this.#remembered.get(key)
    if (found === undefined) return
    this.#runs -= runCount(found)
    this.#remembered.delete(key)
  }
}

function runCount({ runs }: RememberChange): number {
  return runs.reduce((sum, ofAppend) => sum + ofAppend.length, 0)
}

/** Names the content of a set: equal sets have equal digests, whatever their headers were stamped with. */
export function digestSet(set: WriteSet): string {
  const hash = createHash('sha256')
  const { appends, offsets, trims } = set
  const shape = appends.map(({ stream, incarnation, shard, expectNext, batch }) => [
    stream,
    incarnation,
    shard ?? null,
    expectNext ?? null,
    batch.length,
  ])
  hash.update(JSON.stringify([shape, offsets ?? [], trims ?? []]))
  for (const { batch } of appends) hash.update(batch.subarray(BATCH_HEADER_BYTES))
  return hash.digest('base64')
}

/** Runs of records that follow each other in one shard. */
export function runsOf({ shards, sequences }: AppendResult): readonly SequenceRun[] {
  const runs: [shard: number, sequence: number, count: number][] = []
  for (let index = 0; index < shards.length; index++) {
    const shard = shards[index] ?? 0
    const sequence = sequences[index] ?? 0
    const last = runs.at(-1)
    if (last !== undefined && last[0] === shard && last[1] + last[2] === sequence) last[2]++
    else runs.push([shard, sequence, 1])
  }
  return runs
}

function resultOfRuns(runs: readonly SequenceRun[]): AppendResult {
  const total = runs.reduce((sum, [, , count]) => sum + count, 0)
  const shards = new Uint16Array(total)
  const sequences = new Float64Array(total)
  let at = 0
  for (const [shard, sequence, count] of runs) {
    for (let index = 0; index < count; index++, at++) {
      shards[at] = shard
      sequences[at] = sequence + index
    }
  }
  return { shards, sequences }
}
