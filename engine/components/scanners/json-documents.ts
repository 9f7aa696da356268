/** JSON documents one after the other, with or without space between them. */
import { Type } from '../../../crds/typebox.ts'
import { Message } from '../../pipelines/message.ts'
import { jsonValueEnd, skipSpaces } from './json-value-end.ts'
import { PartingScanner } from './parting-scanner.ts'
import type { ScannerDefinition } from './scanner.ts'

export const jsonDocuments: ScannerDefinition = {
  name: 'json_documents',
  summary: 'A message of each JSON document, with or without space between them.',
  config: Type.Object({}, { description: 'A message of each JSON document.' }),
  examples: [
    {
      title: 'Documents with and without space between them',
      config: {},
      given: '{"id":1}{"id":2}\n\n{\n  "id": 3\n}',
      then: [{ id: 1 }, { id: 2 }, { id: 3 }],
    },
  ],
  build: () => (place) =>
    new PartingScanner((bytes, ended) => {
      const start = skipSpaces(bytes, 0)
      if (start === bytes.length) return { bytes: start, message: undefined }
      const found = jsonValueEnd(bytes, start, ended)
      if (found < 0 && !ended) return undefined
      const end = found < 0 ? bytes.length : found
      const message = Message.fromBytes(bytes.subarray(start, end), place.metadata)
      // Whoever reads it next would find the same fault, and not know that what follows is lost.
      message.document()
      return { bytes: end, message }
    }),
}
