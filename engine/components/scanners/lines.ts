/**
 * Parts a stream of bytes into lines, without decoding them.
 *
 * A line is a view on the chunk that it came in, so chunks must not be reused. A line above the limit is left out and
 * thrown once as RecordTooLarge; the lines after it are read as ever.
 */
import { type TObject, Type } from '../../../crds/typebox.ts'
import { HeadgateError } from '../../error.ts'

export interface LinesOptions {
  readonly custom_delimiter: string
  readonly max_buffer_size: number
}

export const LINE_BYTES_MAX_DEFAULT = 65_536

/** The `scanner` field of inputs that read bytes. */
export const scannerField: TObject<{ lines: TObject }> = Type.Object(
  {
    lines: Type.Object(
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
      },
      { default: {}, description: 'One message a line.' },
    ),
  },
  { default: { lines: {} }, description: 'How bytes become messages.' },
)

/** The options of a `scanner` field whose defaults are filled in. */
export function linesOptions(scanner: unknown): LinesOptions {
  const { lines } = scanner as { readonly lines: LinesOptions }
  return lines
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
