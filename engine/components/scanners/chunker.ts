/** Messages of the same size, whatever is in them. */
import { Type } from '../../../crds/typebox.ts'
import { Message } from '../../pipelines/message.ts'
import { PartingScanner } from './parting-scanner.ts'
import { SCANNED_BYTES_MAX, type ScannerDefinition } from './scanner.ts'

export const chunker: ScannerDefinition = {
  name: 'chunker',
  summary: 'Messages of so many bytes.',
  config: Type.Object(
    {
      size: Type.Integer({
        minimum: 1,
        maximum: SCANNED_BYTES_MAX,
        description: 'Bytes of a message; the last may have fewer.',
      }),
    },
    { description: 'Messages of so many bytes.' },
  ),
  examples: [
    {
      title: 'Four bytes each',
      config: { size: 4 },
      given: 'abcdefghij',
      then: ['abcd', 'efgh', 'ij'],
    },
  ],
  build:
    ({ size }: { readonly size: number }) =>
    (place) =>
      new PartingScanner((bytes, ended) => {
        if (bytes.length < size && (!ended || bytes.length === 0)) return undefined
        const length = Math.min(size, bytes.length)
        return {
          bytes: length,
          message: Message.fromBytes(bytes.subarray(0, length), place.metadata),
        }
      }),
}
