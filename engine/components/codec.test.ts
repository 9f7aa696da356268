import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Value } from '../bloblang/values/value.ts'
import { Message } from '../pipelines/message.ts'
import { delimiterOf, framed } from './codec.ts'

const codec = fc.constantFrom('lines', 'append', 'all-bytes', 'delim:}', 'delim:ä')

/** What stands in the stream, by the meaning of the codec. */
function expected(messages: readonly Message[], delimiter: Buffer): Buffer {
  return Buffer.concat(
    messages.flatMap((message) => {
      const content = Buffer.from(message.content())
      const ends = content.subarray(content.length - delimiter.length).equals(delimiter)
      return content.length >= delimiter.length && ends ? [content] : [content, delimiter]
    }),
  )
}

test('each message is followed by its delimiter, unless it ends with it, printed or not', () => {
  const made = fc.oneof(
    fc.uint8Array().map((bytes) => () => Message.fromBytes(bytes)),
    fc.string().map((text) => () => Message.fromValue(text)),
    fc.constantFrom('\n', 'a\n', '}').map((text) => () => Message.fromValue(text)),
    fc.jsonValue().map((value) => () => Message.fromValue(value as Value)),
  )
  const documents = fc.jsonValue().map((value) => () => Message.fromValue({ a: value } as Value))
  const batch = fc.oneof(fc.array(made), fc.array(documents))
  fc.assert(
    fc.property(batch, codec, (makers, name) => {
      const delimiter = delimiterOf(name)
      const fresh = () => makers.map((make) => make())
      expect(Buffer.from(framed(fresh(), delimiter))).toEqual(expected(fresh(), delimiter))
    }),
  )
})
