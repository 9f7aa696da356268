/** One message of everything. */
import { Type } from '../../../crds/typebox.ts'
import { Message } from '../../pipelines/message.ts'
import { PartingScanner } from './parting-scanner.ts'
import type { ScannerDefinition } from './scanner.ts'

export const toTheEnd: ScannerDefinition = {
  name: 'to_the_end',
  summary: 'One message of everything.',
  config: Type.Object({}, { description: 'One message of everything, in memory as a whole.' }),
  examples: [{ title: 'A whole file', config: {}, given: 'one\ntwo\n', then: ['one\ntwo\n'] }],
  build: () => (place) => {
    let given = false
    return new PartingScanner(
      (bytes) => {
        if (given) return undefined
        given = true
        return { bytes: bytes.length, message: Message.fromBytes(bytes, place.metadata) }
      },
      { whole: true },
    )
  },
}
