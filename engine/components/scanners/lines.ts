/**
 * Parts a stream of bytes into lines, without decoding them.
 *
 * A line is a view on the chunk that it came in, so chunks must not be reused. A line above the limit is left out and
 * thrown once as RecordTooLarge; the lines after it are read as ever.
 */
import { Type } from '../../../crds/typebox.ts'
import { HeadgateError } from '../../error.ts'
import { Message, type MetadataView } from '../../pipelines/message.ts'
import type { Scanner, ScannerDefinition, ScanPlace } from './scanner.ts'

export interface LinesOptions {
  readonly custom_delimiter: string
  readonly max_buffer_size: number
}

export const LINE_BYTES_MAX_DEFAULT = 65_536

export const lines: ScannerDefinition = {
  name: 'lines',
  summary: 'A message of each line.',
  config: Type.Object(
    {
      custom_delimiter: Type.String({
        default: '',
        description: 'What ends a line instead of a line break.',
      }),
      max_buffer_size: Type.Integer({
        default: LINE_BYTES_MAX_DEFAULT,
        minimum: 1,
        description: 'A longer line, in bytes, is refused.',
      }),
      omit_empty: Type.Boolean({
        default: false,
        description: 'Whether empty lines are left out.',
      }),
    },
    { description: 'A message of each line.' },
  ),
  examples: [
    { title: 'Lines of a file', config: {}, given: 'one\r\ntwo\n', then: ['one', 'two'] },
    {
      title: 'With another end',
      config: { custom_delimiter: '||' },
      given: 'one||two',
      then: ['one', 'two'],
    },
    {
      title: 'Without empty lines',
      config: { omit_empty: true },
      given: 'one\n\n\r\ntwo\n\n',
      then: ['one', 'two'],
    },
  ],
  build: (options: ScanLinesOptions) => (place) => new LinesAsMessages(options, place),
}

interface ScanLinesOptions extends LinesOptions {
  readonly omit_empty?: boolean
}

/** What a line throws concerns that line only. */
class LinesAsMessages implements Scanner {
  readonly broken = false
  readonly #lines: LineScanner
  readonly #metadata: MetadataView | undefined
  readonly #omitsEmpty: boolean

  constructor(options: ScanLinesOptions, { metadata }: ScanPlace) {
    this.#lines = new LineScanner(options)
    this.#omitsEmpty = options.omit_empty === true
    this.#metadata = metadata
  }

  push(chunk: Uint8Array): void {
    this.#lines.push(chunk)
  }

  end(): void {
    this.#lines.end()
  }

  next(): Message | undefined {
    let line = this.#lines.next()
    while (this.#omitsEmpty && line?.length === 0) line = this.#lines.next()
    return line === undefined ? undefined : Message.fromBytes(line, this.#metadata)
  }

  rest(): Uint8Array {
    return this.#lines.rest()
  }
}

const NEWLINE: Buffer = Buffer.from('\n')
const CARRIAGE_RETURN = 13

export class LineScanner {
  readonly #delimiter: Buffer
  readonly #bytesMax: number
  readonly #custom: boolean
  #buffer: Buffer = Buffer.alloc(0)
  #position = 0
  /** Before this there is no delimiter. */
  #searched = 0
  #skipping = false
  #ended = false

  constructor(options: LinesOptions) {
    this.#custom = options.custom_delimiter !== ''
    this.#delimiter = this.#custom ? Buffer.from(options.custom_delimiter) : NEWLINE
    this.#bytesMax = options.max_buffer_size
  }

  push(chunk: Uint8Array): void {
    const rest = this.#buffer.subarray(this.#position)
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    this.#buffer = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
    this.#position = 0
    this.#searched = Math.max(0, rest.length - this.#delimiter.length + 1)
  }

  /** What is left is the last line. */
  end(): void {
    this.#ended = true
  }

  /** The next whole line, or undefined until more is pushed. */
  next(): Uint8Array | undefined {
    for (;;) {
      const from = Math.max(this.#position, this.#searched)
      const at = this.#buffer.indexOf(this.#delimiter, from)
      if (at < 0) return this.#partial()
      const line = this.#buffer.subarray(this.#position, at)
      this.#position = at + this.#delimiter.length
      if (this.#skipping) {
        this.#skipping = false
        continue
      }
      if (line.length > this.#bytesMax) throw this.#tooLong()
      return this.#trimmed(line)
    }
  }

  /** What was pushed and not read as a line: a source that can take bytes back gets them. */
  rest(): Uint8Array {
    return this.#skipping ? new Uint8Array() : this.#buffer.subarray(this.#position)
  }

  #partial(): Uint8Array | undefined {
    const rest = this.#buffer.subarray(this.#position)
    this.#searched = Math.max(this.#position, this.#buffer.length - this.#delimiter.length + 1)
    if (this.#skipping) {
      // Only so much is kept as may be the beginning of the delimiter.
      this.#position = this.#ended ? this.#buffer.length : this.#searched
      return undefined
    }
    if (rest.length > this.#bytesMax + this.#delimiter.length) {
      this.#skipping = true
      throw this.#tooLong()
    }
    if (!this.#ended || rest.length === 0) return undefined
    this.#position = this.#buffer.length
    if (rest.length > this.#bytesMax) throw this.#tooLong()
    return this.#trimmed(rest)
  }

  #trimmed(line: Buffer): Uint8Array {
    const trim = !this.#custom && line.at(-1) === CARRIAGE_RETURN
    return trim ? line.subarray(0, -1) : line
  }

  #tooLong(): HeadgateError {
    return new HeadgateError(
      'RecordTooLarge',
      `expected lines of at most ${this.#bytesMax} bytes, got a longer one, which is left out`,
      { hint: 'raise max_buffer_size of the scanner' },
    )
  }
}
