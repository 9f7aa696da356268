/**
 * How messages are told apart in the pipes of a child that answers them.
 *
 * | codec | a message |
 * |---|---|
 * | `lines` | its bytes and a line break; one with line breaks is several |
 * | `length_prefixed_uint32_be` | the length in four bytes, big endian, and its bytes |
 * | `netstring` | the length in digits, `:`, its bytes and `,` |
 */
import { HeadgateError } from '../../error.ts'
import { LineScanner } from '../scanners/lines.ts'
import { ScannedBytes } from '../scanners/scanned-bytes.ts'

export const FRAME_CODECS = ['lines', 'length_prefixed_uint32_be', 'netstring'] as const
export type FrameCodec = (typeof FRAME_CODECS)[number]

const LENGTH_BYTES = 4
/** Digits of a length, and the colon. */
const NETSTRING_HEAD_MAX = 11

export function framesOf(codec: FrameCodec, content: Uint8Array): readonly Uint8Array[] {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  switch (codec) {
    case 'lines':
      return linesOf(bytes).map((line) => Buffer.concat([line, Buffer.from('\n')]))
    case 'length_prefixed_uint32_be': {
      const length = Buffer.alloc(LENGTH_BYTES)
      length.writeUInt32BE(bytes.length)
      return [Buffer.concat([length, bytes])]
    }
    case 'netstring':
      return [Buffer.concat([Buffer.from(`${bytes.length}:`), bytes, Buffer.from(',')])]
  }
}

/** Without the empty one behind a last line break; a message without bytes is an empty line. */
function linesOf(bytes: Buffer): readonly Buffer[] {
  const lines: Buffer[] = []
  let at = 0
  for (;;) {
    const end = bytes.indexOf(0x0a, at)
    if (end < 0) break
    lines.push(bytes.subarray(at, end))
    at = end + 1
  }
  if (at < bytes.length || lines.length === 0) lines.push(bytes.subarray(at))
  return lines
}

export interface FrameReader {
  push(chunk: Uint8Array): void
  /** The next whole message. What it throws leaves it of no more use. */
  next(): Uint8Array | undefined
}

export function frameReader(codec: FrameCodec, bytesMax: number): FrameReader {
  if (codec === 'lines') {
    return new LineScanner({ custom_delimiter: '', max_buffer_size: bytesMax })
  }
  const bytes = new ScannedBytes()
  const headOf = codec === 'netstring' ? netstringHead : prefixHead
  const trailer = codec === 'netstring' ? 1 : 0
  return {
    push: (chunk) => bytes.push(chunk),
    next: () => {
      const head = headOf(bytes.view())
      if (head === undefined) return undefined
      if (head.length > bytesMax) throw tooLong(bytesMax)
      const whole = head.bytes + head.length + trailer
      if (bytes.length < whole) return undefined
      const frame = bytes.take(whole)
      if (trailer > 0 && frame.at(-1) !== 0x2c) throw malformed('a comma behind a netstring')
      return frame.subarray(head.bytes, head.bytes + head.length)
    },
  }
}

interface Head {
  /** Of the head itself. */
  readonly bytes: number
  readonly length: number
}

function prefixHead(bytes: Buffer): Head | undefined {
  if (bytes.length < LENGTH_BYTES) return undefined
  return { bytes: LENGTH_BYTES, length: bytes.readUInt32BE(0) }
}

function netstringHead(bytes: Buffer): Head | undefined {
  const colon = bytes.subarray(0, NETSTRING_HEAD_MAX).indexOf(0x3a)
  const digits = bytes.subarray(0, colon < 0 ? NETSTRING_HEAD_MAX : colon).toString('latin1')
  const wrong = colon === 0 || !/^[0-9]*$/.test(digits) || digits.length === NETSTRING_HEAD_MAX
  if (wrong) throw malformed('the length of a netstring')
  return colon < 0 ? undefined : { bytes: colon + 1, length: Number(digits) }
}

function tooLong(bytesMax: number): HeadgateError {
  const message = `expected answers of at most ${bytesMax} bytes, got a longer one`
  return new HeadgateError('RecordTooLarge', message, { hint: 'raise max_buffer' })
}

function malformed(what: string): HeadgateError {
  return new HeadgateError('InputFailed', `expected ${what} from the command`)
}
