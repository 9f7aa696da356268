import { describe, expect, test } from 'vitest'
import { type Batch, Message } from '../message.ts'
import { messageOfRecord } from '../record-message.ts'
import { told } from './testing.ts'
import {
  buffersOf,
  decodeAnswer,
  decodeBatches,
  encodeAnswer,
  encodeBatches,
  type WireAnswer,
} from './wire-batch.ts'

const FAILURE = { text: 'bad', sourceName: 'm', sourceLabel: '', sourcePath: 'root.p' }

function message(text: string, metadata?: ReadonlyMap<string, string>): Message {
  return Message.fromBytes(Buffer.from(text), metadata)
}

/** What `work` makes of the batches behind a thread, and what is sent back. */
function behind(
  batches: readonly Batch[],
  work: (batches: readonly Batch[]) => readonly Batch[],
): { readonly results: readonly Batch[]; readonly answer: WireAnswer } {
  const asked = encodeBatches(batches)
  const given = decodeBatches(structuredClone(asked, { transfer: buffersOf(asked) }))
  const made = encodeAnswer(given.flat(), work(given))
  const answer = structuredClone(made, { transfer: buffersOf(made) })
  return { results: decodeAnswer(batches.flat(), answer), answer }
}

describe('batches behind a thread', () => {
  const origin = { stream: 'orders', incarnation: 7, shard: 2 }
  const record = {
    sequence: 5,
    arrivalUs: 1_000_000,
    key: Buffer.from('k'),
    headers: [{ name: 'trace', value: Buffer.from('t') }],
    data: Buffer.from('{"a":1}'),
  }
  const given: readonly Batch[] = [
    [message('a'), message('', new Map([['k', 'v']])), message('c').withFailure(FAILURE)],
    [messageOfRecord(record as never, origin)],
  ]

  test('are what they were', () => {
    let seen: readonly Batch[] = []
    behind(given, (batches) => {
      seen = batches
      return batches
    })
    const flat = (batches: readonly Batch[]): unknown => told(batches.flat(), batches)
    expect(flat(seen)).toEqual(flat(given))
  })

  test('are not sent back where nothing changed, and are the very messages that went in', () => {
    const { results, answer } = behind(given, (batches) => batches.toReversed())
    expect(results).toEqual([given[1], given[0]])
    expect(results[1]?.[0]).toBe(given[0]?.[0])
    expect(answer.contents.bytes.byteLength).toBe(0)
    expect(answer.metadata).toBeUndefined()
  })

  test('send back what changed of each message, and nothing else', () => {
    const { results, answer } = behind([[message('abc', new Map([['k', 'v']]))]], ([batch]) => [
      (batch ?? []).flatMap((one) => [
        one.withFailure(FAILURE),
        one.withMetadata(new Map([['k', 'w']])),
        one.withContent(Buffer.from('de')),
        Message.fromBytes(Buffer.from('f')),
      ]),
    ])
    expect(answer.contents.bytes.byteLength).toBe(3)
    expect(Array.from(answer.own)).toEqual([4, 2, 1, 1])
    expect(Array.from(answer.from)).toEqual([0, 0, 0, -1])
    const [first, second, third, fresh] = results[0] ?? []
    expect(first?.failure()).toEqual(FAILURE)
    expect(second?.metadata('k')).toBe('w')
    expect(third?.metadata('k')).toBe('v')
    expect(fresh?.origin).toBe(fresh)
  })

  test('take the flag and the metadata off where that was done', () => {
    const flagged = message('a', new Map([['k', 'v']])).withFailure(FAILURE)
    const { results } = behind([[flagged]], ([batch]) => [
      (batch ?? []).map((one) => one.withFailure(undefined).withMetadata(undefined)),
    ])
    expect(results[0]?.[0]?.failure()).toBeUndefined()
    expect([...(results[0]?.[0]?.metadataKeys() ?? [])]).toEqual([])
    expect(results[0]?.[0]?.origin).toBe(flagged.origin)
  })

  test('may all be filtered', () => {
    expect(behind(given, () => []).results).toEqual([])
  })
})
