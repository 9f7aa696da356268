/**
 * Parts what one flight enlisted into portions that fit one write each, by the order of the input's messages.
 *
 * Each portion says how many messages are done with once it is written, so that it is committed with an offset of its
 * own: a crash between two portions repeats nothing. Nearly always there is one. A pure function.
 */
import { HeadgateError } from '../error.ts'
import { WRITE_SET_BYTES_MAX } from '../log/log.ts'
import type { RecordInput } from '../log/record.ts'
import type { Batch, Message } from './message.ts'
import type { Enlisted } from './transaction.ts'

export interface Portion {
  readonly enlisted: readonly Enlisted[]
  /** At least what its records take in a write. */
  readonly bytes: number
  /** How many of the flight's messages, from the first on, need no more once this is written. */
  readonly reached: number
}

/** The rest of a write set is for the headers of its batches and for its offsets. */
export const PORTION_BYTES_MAX: number = WRITE_SET_BYTES_MAX - 1024 * 1024

/** Length, flags and the lengths of key and client info, at most. */
const RECORD_OVERHEAD_BYTES = 32
/** Two lengths, at most. */
const HEADER_OVERHEAD_BYTES = 8
const UTF8_BYTES_PER_UNIT = 3

/** Throws RecordTooLarge when what a single message became does not fit one write. */
export function portionsOf(
  messages: Batch,
  enlisted: readonly Enlisted[],
  bytesMax: number = PORTION_BYTES_MAX,
): readonly Portion[] {
  let bytes = 0
  for (const { records } of enlisted) for (const record of records) bytes += recordBytes(record)
  if (bytes <= bytesMax) return [{ enlisted, bytes, reached: messages.length }]
  return parted(messages, enlisted, bytesMax)
}

/** What a record takes in a batch, or a little more. */
export function recordBytes({ key, headers, clientInfo, data }: RecordInput): number {
  let bytes = RECORD_OVERHEAD_BYTES + data.length + (key?.length ?? 0) + (clientInfo?.length ?? 0)
  if (headers === undefined) return bytes
  for (const { name, value } of headers) {
    bytes += HEADER_OVERHEAD_BYTES + name.length * UTF8_BYTES_PER_UNIT + value.length
  }
  return bytes
}

function parted(
  messages: Batch,
  enlisted: readonly Enlisted[],
  bytesMax: number,
): readonly Portion[] {
  const shares = shareOut(messages, enlisted)
  const portions: Portion[] = []
  let open: Share = { enlisted: [], bytes: 0 }
  shares.forEach((share, index) => {
    if (share.bytes > bytesMax) throw tooLarge(bytesMax, share.bytes)
    if (open.bytes + share.bytes > bytesMax) {
      portions.push({ ...open, reached: index })
      open = { enlisted: [], bytes: 0 }
    }
    open.enlisted.push(...share.enlisted)
    open.bytes += share.bytes
  })
  portions.push({ ...open, reached: messages.length })
  return portions
}

interface Share {
  readonly enlisted: Enlisted[]
  bytes: number
}

/** What each message became, in the order of the messages. */
function shareOut(messages: Batch, enlisted: readonly Enlisted[]): readonly Share[] {
  const shares: Share[] = messages.map(() => ({ enlisted: [], bytes: 0 }))
  const places = new Map<Message, number>(
    messages.map((message, index) => [message.origin, index] as const),
  )
  for (const { target, records, messages: from } of enlisted) {
    records.forEach((record, index) => {
      const message = from[index]
      // Where the origin was lost, the first message answers: it is committed no later than any other.
      const share = shares[message === undefined ? 0 : (places.get(message.origin) ?? 0)]
      if (share === undefined || message === undefined) return
      share.enlisted.push({ target, records: [record], messages: [message] })
      share.bytes += recordBytes(record)
    })
  }
  return shares
}

function tooLarge(bytesMax: number, bytes: number): HeadgateError {
  return new HeadgateError(
    'RecordTooLarge',
    `expected one message to become at most ${bytesMax} bytes of records, got ${bytes}`,
    { hint: 'What a message becomes is written at once; make less of one, or part it upstream.' },
  )
}
