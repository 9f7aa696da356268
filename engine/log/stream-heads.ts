/**
 * Where each stream stands once everything that was admitted is durable: what the next write is judged against. It
 * runs ahead of the view by what is being written now.
 */
import { HeadgateError } from '../error.ts'
import { SHARDS_MAX, type StreamRecord } from '../streams/streams.ts'
import type { LogView, StreamView } from './log-view.ts'

export interface ShardHead {
  first: number
  next: number
  arrivalUs: number
  /** A relaxed stream may give out sequences below it. */
  reserved: number
}

export interface StreamHead {
  readonly incarnation: number
  readonly createdUs: number
  readonly partitioner: string
  record: StreamRecord
  /** By which those find it still who began before it was renamed. */
  readonly formerNames: string[]
  readonly shards: ShardHead[]
}

export class StreamHeads {
  readonly #heads = new Map<string, StreamHead>()
  /** Those that were renamed, by incarnation. */
  readonly #renamed = new Map<number, StreamHead>()
  #incarnationLast = 0

  /** Forgets what it has, and takes over what can be seen. */
  load(view: LogView): void {
    this.#heads.clear()
    this.#renamed.clear()
    this.#incarnationLast = view.incarnationLast
    for (const stream of view.streams.values()) {
      const head = headOf(stream, view.arrivalLastUs)
      this.#heads.set(stream.record.name, head)
      if (head.formerNames.length > 0) this.#renamed.set(head.incarnation, head)
    }
  }

  find(name: string): StreamHead | undefined {
    return this.#heads.get(name)
  }

  /** Throws StreamNotFound when the stream is gone or is another one. */
  require(name: string, incarnation: number): StreamHead {
    const head = this.#heads.get(name)
    if (head?.incarnation === incarnation) return head
    const renamed = this.#renamed.get(incarnation)
    if (renamed?.formerNames.includes(name) === true) return renamed
    throw streamNotFound(name, incarnation, head?.incarnation)
  }

  create(record: StreamRecord, createdUs: number, partitioner: string): StreamHead {
    this.#requireFree(record.name)
    const incarnation = this.#incarnationLast + 1
    const head: StreamHead = {
      incarnation,
      createdUs,
      partitioner,
      record,
      formerNames: [],
      shards: [],
    }
    grow(head, record.shards)
    this.#incarnationLast = incarnation
    this.#heads.set(record.name, head)
    return head
  }

  alter(incarnation: number, record: StreamRecord): StreamHead {
    return this.#replace(this.#requireNamed(record.name, incarnation), record)
  }

  rename(name: string, incarnation: number, record: StreamRecord): StreamHead {
    const head = this.#requireNamed(name, incarnation)
    if (record.name === name) return this.#replace(head, record)
    this.#requireFree(record.name)
    this.#replace(head, record)
    this.#heads.delete(name)
    this.#heads.set(record.name, head)
    head.formerNames.push(name)
    this.#renamed.set(incarnation, head)
    return head
  }

  delete(name: string, incarnation: number): void {
    this.#requireNamed(name, incarnation)
    this.#heads.delete(name)
    this.#renamed.delete(incarnation)
  }

  /** By its name of now: who changes a stream has to know what it is called. */
  #requireNamed(name: string, incarnation: number): StreamHead {
    const head = this.#heads.get(name)
    if (head?.incarnation === incarnation) return head
    throw streamNotFound(name, incarnation, head?.incarnation)
  }

  #requireFree(name: string): void {
    if (!this.#heads.has(name)) return
    throw new HeadgateError('StreamExists', `expected a new stream, got ${name}`, {
      hint: 'Choose another name, or alter the stream that is there.',
    })
  }

  #replace(head: StreamHead, record: StreamRecord): StreamHead {
    if (record.shards < head.record.shards) {
      throw new HeadgateError(
        'ShardOutOfRange',
        `expected at least ${head.record.shards} shards of stream ${record.name}, got ${record.shards}`,
        { hint: 'Shards only grow; delete and create the stream to have fewer.' },
      )
    }
    grow(head, record.shards)
    head.record = record
    return head
  }
}

/** Throws ShardOutOfRange for a shard that the stream does not have. */
export function requireShard(head: StreamHead, shard: number): ShardHead {
  const found = head.shards[shard]
  if (found === undefined) throw shardOutOfRange(head.record.name, head.shards.length, shard)
  return found
}

export function streamNotFound(
  name: string,
  incarnation: number,
  current: number | undefined,
): HeadgateError {
  const got = current === undefined ? 'no stream of that name' : `incarnation ${current}`
  return new HeadgateError(
    'StreamNotFound',
    `expected stream ${name} in incarnation ${incarnation}, got ${got}`,
  )
}

export function shardOutOfRange(name: string, shards: number, shard: number): HeadgateError {
  return new HeadgateError(
    'ShardOutOfRange',
    `expected shards 0 to ${shards - 1} of stream ${name}, got ${shard}`,
  )
}

function grow(head: StreamHead, shards: number): void {
  if (!Number.isInteger(shards) || shards < 1 || shards > SHARDS_MAX) {
    throw new HeadgateError(
      'ShardOutOfRange',
      `expected 1 to ${SHARDS_MAX} shards of stream ${head.record.name}, got ${shards}`,
    )
  }
  while (head.shards.length < shards) {
    head.shards.push({ first: 1, next: 1, arrivalUs: 0, reserved: 0 })
  }
}

function headOf(stream: StreamView, arrivalUs: number): StreamHead {
  const { incarnation, createdUs, partitioner, record, formerNames } = stream
  const shards = stream.shards.map(({ log, reserved }) => ({
    first: log.first,
    next: log.next,
    arrivalUs,
    reserved,
  }))
  return { incarnation, createdUs, partitioner, record, formerNames: [...formerNames], shards }
}
