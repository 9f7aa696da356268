import fc from 'fast-check'
import { expect, test } from 'vitest'
import { IntegralFloat, NumberText, Timestamp, type Value } from '../../bloblang/values/value.ts'
import { Message } from '../../pipelines/message.ts'
import { decodeStoredBatch, encodeStoredBatch } from './stored-batch.ts'

const leaf = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.string(),
  fc.bigInt().filter((value) => value > 2n ** 53n),
  fc.constant(new IntegralFloat(5)),
  fc.constant(new NumberText('1e3')),
  fc.constant(new Timestamp(1_700_000_000_123_456_789n, 'Europe/Paris')),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
)
const key = fc.oneof(fc.string(), fc.constantFrom('$bytes', '$int', '$object'))
const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('value')),
    fc.dictionary(
      key.filter((name) => name !== '__proto__'),
      tie('value'),
    ),
  ) as fc.Arbitrary<Value>,
}))
const failure = { text: 'why', sourceName: 'mapping', sourceLabel: '', sourcePath: 'root' }

test('a stored batch is the batch, with its metadata, whatever that is, and its failures', () => {
  const given = fc.record({
    content: fc.uint8Array(),
    metadata: fc.dictionary(
      key.filter((name) => name !== '__proto__'),
      value,
    ),
    failed: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(given, { minLength: 1, maxLength: 4 }), (batch) => {
      const messages = batch.map(({ content, metadata, failed }) => {
        const message = Message.fromBytes(content, new Map(Object.entries(metadata)))
        return failed ? message.withFailure(failure) : message
      })
      const stored = decodeStoredBatch(encodeStoredBatch(messages))
      expect(
        stored.map((message) => ({
          content: new Uint8Array(message.content()),
          metadata: Object.fromEntries(
            [...message.metadataKeys()].map((name) => [name, message.metadata(name)]),
          ),
          failed: message.failure() !== undefined,
        })),
      ).toEqual(
        batch.map(({ content, metadata, failed }) => ({
          content: new Uint8Array(content),
          metadata: { ...metadata },
          failed,
        })),
      )
    }),
  )
})

test('bytes that are no batch are told', () => {
  const bytes = encodeStoredBatch([Message.fromBytes(Buffer.from('text'))])
  expect(() => decodeStoredBatch(bytes.subarray(0, -1))).toThrow('expected a stored batch')
  expect(() => decodeStoredBatch(Buffer.from('no batch'))).toThrow('expected a stored batch')
})
