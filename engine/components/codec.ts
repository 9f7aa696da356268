/** How outputs that write bytes put messages one after the other: the `codec` field, and what it means. */
import { type TUnsafe, Type } from '../../crds/typebox.ts'
import type { ConfigFault } from '../pipelines/component.ts'
import type { Batch } from '../pipelines/message.ts'

export const codecField: TUnsafe<string> = Type.Unsafe<string>({
  type: 'string',
  default: 'lines',
  description:
    'What stands behind each message: `lines` a line break, `delim:X` the text X, `append` nothing; `all-bytes` makes each message a file of its own.',
})

const CODECS = ['lines', 'append', 'all-bytes'] as const
const DELIMITER_PREFIX = 'delim:'

export function codecFaults(codec: string): readonly ConfigFault[] {
  if ((CODECS as readonly string[]).includes(codec) || codec.includes('${')) return []
  if (codec.startsWith(DELIMITER_PREFIX) && codec.length > DELIMITER_PREFIX.length) return []
  const message = `expected lines, append, all-bytes or delim:X, got ${JSON.stringify(codec)}`
  return [{ path: ['codec'], message }]
}

/** The bytes of a batch, each message followed by the delimiter unless it ends with it. */
export function framed(batch: Batch, delimiter: Buffer): Uint8Array {
  const parts: Uint8Array[] = []
  for (const message of batch) {
    const content = message.content()
    parts.push(content)
    if (!endsWith(content, delimiter)) parts.push(delimiter)
  }
  return Buffer.concat(parts)
}

/** Empty for codecs without one. */
export function delimiterOf(codec: string): Buffer {
  if (codec === 'lines') return Buffer.from('\n')
  return Buffer.from(codec.startsWith(DELIMITER_PREFIX) ? codec.slice(DELIMITER_PREFIX.length) : '')
}

function endsWith(content: Uint8Array, delimiter: Buffer): boolean {
  const start = content.length - delimiter.length
  return start >= 0 && delimiter.equals(content.subarray(start))
}
