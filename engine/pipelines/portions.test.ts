import { describe, expect, test } from 'vitest'
import { WRITE_SET_BYTES_MAX } from '../log/log.ts'
import { RECORD_DATA_BYTES_MAX } from '../log/record.ts'
import { commitSet } from './commit-set.ts'
import { Flight } from './flight.ts'
import { Message } from './message.ts'
import type { StreamTarget } from './pipeline.ts'
import { PORTION_BYTES_MAX, portionsOf, recordBytes } from './portions.ts'
import type { Enlisted } from './transaction.ts'

const target: StreamTarget = { stream: 'default/target', incarnation: 1, check: undefined }
const data = Buffer.alloc(100)
const EACH = recordBytes({ data })

const messagesOf = (total: number): Message[] =>
  Array.from({ length: total }, (_, n) => Message.fromBytes(Buffer.from(String(n))))

/** What one write of an output enlists: `copies` records for each message. */
function enlist(messages: readonly Message[], copies = 1): Enlisted {
  const from = messages.flatMap((message) => Array.from({ length: copies }, () => message))
  return { target, records: from.map(() => ({ data })), messages: from }
}

describe('the portions of a flight', () => {
  test('are one, as it was enlisted, as long as it fits', () => {
    const messages = messagesOf(4)
    const enlisted = [enlist(messages)]
    expect(portionsOf(messages, enlisted, 4 * EACH)).toEqual([
      { enlisted, bytes: 4 * EACH, reached: 4 },
    ])
  })

  test('are more from one byte past the limit on, each with what it reaches', () => {
    const messages = messagesOf(4)
    const portions = portionsOf(messages, [enlist(messages)], 4 * EACH - 1)
    expect(portions.map(({ bytes, reached }) => [bytes, reached])).toEqual([
      [3 * EACH, 3],
      [EACH, 4],
    ])
  })

  test('keep all that one message became together, in whatever order it was enlisted', () => {
    const messages = messagesOf(3)
    const enlisted = [enlist(messages.toReversed()), enlist(messages, 2)]
    const portions = portionsOf(messages, enlisted, 6 * EACH)
    expect(portions.map(({ reached }) => reached)).toEqual([2, 3])
    const [first] = portions
    const from = first?.enlisted.flatMap((one) =>
      one.messages.map((each) => messages.indexOf(each)),
    )
    expect(from).toEqual([0, 0, 0, 1, 1, 1])
  })

  test('pass over messages that became nothing', () => {
    const messages = messagesOf(5)
    const portions = portionsOf(messages, [enlist([1, 3].flatMap((n) => messages[n] ?? []))], EACH)
    expect(portions.map(({ reached }) => reached)).toEqual([3, 5])
  })

  test('refuse one message that became more than fits', () => {
    const messages = messagesOf(2)
    const enlisted = [enlist(messages.slice(0, 1)), enlist(messages.slice(1), 3)]
    expect(portionsOf(messages, enlisted, 3 * EACH)).toHaveLength(2)
    expect(() => portionsOf(messages, enlisted, 3 * EACH - 1)).toThrow(
      expect.objectContaining({ code: 'RecordTooLarge' }),
    )
  })
})

describe('a portion of the largest size', () => {
  test('is a write that the log takes', () => {
    const [message = Message.fromBytes(data)] = messagesOf(1)
    const record = { data: Buffer.alloc(RECORD_DATA_BYTES_MAX) }
    const total = Math.floor(PORTION_BYTES_MAX / recordBytes(record))
    const records = Array.from({ length: total }, () => record)
    const flight = new Flight({ messages: [message] }, { landed: () => {}, rejected: () => {} })
    flight.enlisted = [{ target, records, messages: records.map(() => message) }]
    flight.decide()
    const bytes = commitSet([flight]).appends.reduce((sum, { batch }) => sum + batch.length, 0)
    expect(bytes).toBeGreaterThan(PORTION_BYTES_MAX / 2)
    expect(bytes).toBeLessThanOrEqual(WRITE_SET_BYTES_MAX)
  })
})
