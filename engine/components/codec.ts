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

/** Of outputs that write to a stream, and know no files. */
export const streamCodecField: TUnsafe<string> = Type.Unsafe<string>({
  type: 'string',
  default: 'lines',
  description:
    'What stands behind each message: `lines` a line break, `delim:X` the text X, `append` nothing.',
})

export function streamCodecFaults(codec: string): readonly ConfigFault[] {
  if (codec !== 'all-bytes') return codecFaults(codec)
  const message = 'expected lines, append or delim:X, got "all-bytes", which is for files'
  return [{ path: ['codec'], message }]
}

/** The bytes of a batch, each message followed by the delimiter unless it ends with it: for one write. */
export function framed(batch: Batch, delimiter: Buffer): Uint8Array {
  const texts = batch.every((message) => !message.printed)
  return texts ? framedText(batch, delimiter) : framedBytes(batch, delimiter)
}

/** Of documents that nobody made bytes of: one text, and bytes of it once. */
function framedText(batch: Batch, delimiter: Buffer): Uint8Array {
  const separator = delimiter.toString()
  let text = ''
  for (const message of batch) {
    const own = message.text()
    text += own
    if (!own.endsWith(separator)) text += separator
  }
  return Buffer.from(text)
}

function framedBytes(batch: Batch, delimiter: Buffer): Uint8Array {
  let length = 0
  for (const message of batch) length += message.content().length + delimiter.length
  const bytes = Buffer.allocUnsafe(length)
  let at = 0
  for (const message of batch) {
    const content = message.content()
    bytes.set(content, at)
    at += content.length
    if (endsWith(content, delimiter)) continue
    bytes.set(delimiter, at)
    at += delimiter.length
  }
  return bytes.subarray(0, at)
}

/** Empty for codecs without one. */
export function delimiterOf(codec: string): Buffer {
  if (codec === 'lines') return Buffer.from('\n')
  return Buffer.from(codec.startsWith(DELIMITER_PREFIX) ? codec.slice(DELIMITER_PREFIX.length) : '')
}

/** Without a view on the content: this is asked of every message. */
function endsWith(content: Uint8Array, delimiter: Buffer): boolean {
  const start = content.length - delimiter.length
  if (start < 0) return false
  for (let at = 0; at < delimiter.length; at++) {
    if (content[start + at] !== delimiter[at]) return false
  }
  return true
}
