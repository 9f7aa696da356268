/** Messages that begin where a regular expression matches. */
import { Type } from '../../../crds/typebox.ts'
import { compileRegexp } from '../../bloblang/regexp/regexp.ts'
import { asHeadgateError } from '../../error.ts'
import type { ConfigFault } from '../../pipelines/component.ts'
import { Message } from '../../pipelines/message.ts'
import { PartingScanner } from './parting-scanner.ts'
import type { ScannerDefinition } from './scanner.ts'

const BUFFER_BYTES_DEFAULT = 65_536

interface Config {
  readonly pattern: string
  readonly max_buffer_size: number
}

export const reMatch: ScannerDefinition = {
  name: 're_match',
  summary: 'A message from each match of a regular expression to the next.',
  config: Type.Object(
    {
      pattern: Type.String({
        minLength: 1,
        description: 'Where a message begins, in RE2 syntax: `(?m)^\\d\\d:\\d\\d:\\d\\d`.',
      }),
      max_buffer_size: Type.Integer({
        default: BUFFER_BYTES_DEFAULT,
        minimum: 1,
        description: 'A longer message, in bytes, is refused.',
      }),
    },
    {
      description:
        'A message from each match of a regular expression to the next; what is before the first is one, too.',
    },
  ),
  check: ({ pattern }: Config) => patternFaults(pattern, ['pattern']),
  examples: [
    {
      title: 'Log entries of several lines',
      config: { pattern: '(?m)^\\d\\d:\\d\\d' },
      given: '12:01 started\n12:02 failed\n  at start\n',
      then: ['12:01 started\n', '12:02 failed\n  at start\n'],
    },
  ],
  build: ({ pattern, max_buffer_size }: Config) => {
    const expression = compileRegexp(pattern)
    return (place) =>
      new PartingScanner(
        (bytes, ended) => {
          if (bytes.length === 0) return undefined
          // A unit a byte: what the expression finds is where it stands.
          const text = bytes.toString('latin1')
          const start = expression.matches(text, 2).find((match) => match.start > 0)?.start
          if (start === undefined && !ended) return undefined
          const length = start ?? bytes.length
          const message = Message.fromBytes(bytes.subarray(0, length), place.metadata)
          return { bytes: length, message }
        },
        { bytesMax: max_buffer_size },
      )
  },
}

export function patternFaults(
  pattern: string,
  path: readonly (string | number)[],
): readonly ConfigFault[] {
  if (pattern.includes('${')) return []
  try {
    compileRegexp(pattern)
    return []
  } catch (thrown) {
    return [{ path, message: asHeadgateError(thrown).message }]
  }
}
