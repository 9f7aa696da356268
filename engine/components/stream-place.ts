/** Where a message was read from a stream, as its metadata tells: for idempotency keys and dead letters. */
import type { Message } from '../pipelines/message.ts'

export interface StreamPlace {
  readonly stream: string
  readonly incarnation: number
  readonly shard: number
  readonly sequence: number
}

/** Undefined for what no stream gave. What the message was at its input counts, whatever mappings did since. */
export function streamPlaceOf(message: Message | undefined): StreamPlace | undefined {
  if (message === undefined) return undefined
  const { origin } = message
  const stream = origin.metadata('headgate_stream')
  const incarnation = origin.metadata('headgate_incarnation')
  const shard = origin.metadata('headgate_shard')
  const sequence = origin.metadata('headgate_sequence')
  const known = typeof stream === 'string' && typeof incarnation === 'number'
  if (!known || typeof shard !== 'number' || typeof sequence !== 'number') return undefined
  return { stream, incarnation, shard, sequence }
}

/** The same for the same records, however often they are sent. */
export function idempotencyKey(first: StreamPlace, lastSequence: number): string {
  const { stream, incarnation, shard, sequence } = first
  return `${encodeURI(stream)}/${incarnation}/${shard}/${sequence}-${lastSequence}`
}
