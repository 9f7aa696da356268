/**
 * Runs a mapping over lines of bytes, a chunk at a time: what it makes of a chunk's lines is one buffer.
 *
 * Nothing is kept from line to line but the buffers, so that files of any length pass.
 */
import {
  FILTERED,
  type Mapping,
  type MappingSource,
  UNCHANGED,
} from '../engine/bloblang/mapping.ts'
import { encodeJson } from '../engine/bloblang/values/encode-payload.ts'
import { parseDocument } from '../engine/bloblang/values/parse-document.ts'
import type { Value } from '../engine/bloblang/values/value.ts'

export interface LineOptions {
  /** `this` is the line's bytes, and no JSON document. */
  readonly raw: boolean
  /** Documents are written over several lines. */
  readonly pretty: boolean
}

export interface LineFailure {
  /** Counted from 1. */
  readonly line: number
  readonly error: unknown
}

const NEWLINE = 0x0a
const RETURN = 0x0d
const OUTPUT_BYTES = 1_048_576
const NO_METADATA: readonly string[] = []

/** One line as a mapping sees it; the same object serves one line after the other. */
class LineSource implements MappingSource {
  readonly #raw: boolean
  #bytes: Buffer = Buffer.alloc(0)
  #document: Value | undefined

  constructor(raw: boolean) {
    this.#raw = raw
  }

  show(bytes: Buffer): void {
    this.#bytes = bytes
    this.#document = undefined
  }

  content(): Buffer {
    return this.#bytes
  }

  document(): Value {
    this.#document ??= this.#raw ? this.#bytes : parseDocument(this.#bytes)
    return this.#document
  }

  metadata(): undefined {
    return undefined
  }

  metadataKeys(): readonly string[] {
    return NO_METADATA
  }

  failure(): undefined {
    return undefined
  }
}

export class LineMapper {
  readonly #mapping: Mapping
  readonly #pretty: boolean
  readonly #source: LineSource
  readonly #batch: readonly MappingSource[]
  readonly #onFailure: (failure: LineFailure) => void
  #rest: Buffer = Buffer.alloc(0)
  #output: Buffer = Buffer.allocUnsafeSlow(OUTPUT_BYTES)
  #length = 0
  #line = 0

  constructor(
    mapping: Mapping,
    { raw, pretty }: LineOptions,
    onFailure: (failure: LineFailure) => void,
  ) {
    this.#mapping = mapping
    this.#pretty = pretty
    this.#source = new LineSource(raw)
    this.#batch = [this.#source]
    this.#onFailure = onFailure
  }

  /** What the lines that end in the chunk become. The buffer is good until the next call. */
  take(chunk: Buffer): Buffer {
    this.#length = 0
    let from = 0
    let end = chunk.indexOf(NEWLINE)
    if (end !== -1 && this.#rest.length > 0) {
      this.#map(Buffer.concat([this.#rest, chunk.subarray(0, end)]))
      this.#rest = Buffer.alloc(0)
      from = end + 1
      end = chunk.indexOf(NEWLINE, from)
    }
    for (; end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      this.#map(chunk.subarray(from, end))
      from = end + 1
    }
    // A copy, since the chunk's memory may be read into again.
    if (from < chunk.length) this.#rest = Buffer.concat([this.#rest, chunk.subarray(from)])
    return this.#output.subarray(0, this.#length)
  }

  /** What the last line becomes when no newline ended it. */
  end(): Buffer {
    this.#length = 0
    if (this.#rest.length > 0) this.#map(this.#rest)
    this.#rest = Buffer.alloc(0)
    return this.#output.subarray(0, this.#length)
  }

  #map(line: Buffer): void {
    this.#line++
    const { length } = line
    const bytes = line[length - 1] === RETURN ? line.subarray(0, length - 1) : line
    if (bytes.length === 0) return
    this.#source.show(bytes)
    try {
      const { root, prepared } = this.#mapping.map(this.#batch, 0)
      if (root === FILTERED) return
      if (root === UNCHANGED) this.#writeBytes(bytes)
      else if (root instanceof Uint8Array) this.#writeBytes(root)
      else if (typeof root === 'string') this.#writeText(root)
      else this.#writeText(this.#pretty ? prettyJson(root) : encodeJson(root, prepared))
    } catch (error) {
      this.#onFailure({ line: this.#line, error })
    }
  }

  #writeText(text: string): void {
    // A UTF-16 unit is at most three bytes of UTF-8.
    this.#reserve(3 * text.length + 1)
    this.#length += this.#output.write(text, this.#length)
    this.#output[this.#length++] = NEWLINE
  }

  #writeBytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length + 1)
    this.#output.set(bytes, this.#length)
    this.#length += bytes.length
    this.#output[this.#length++] = NEWLINE
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes
    if (needed <= this.#output.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#output.length))
    this.#output.copy(larger, 0, 0, this.#length)
    this.#output = larger
  }
}

const INDENT = '  '

/** Keys sorted as in one line, numbers as they are. */
function prettyJson(value: Value): string {
  const text = encodeJson(value)
  return indented(text)
}

/** JSON in one line over several lines: only brackets, commas and colons outside of strings count. */
export function indented(json: string): string {
  let text = ''
  let depth = 0
  let index = 0
  const newline = (): string => `\n${INDENT.repeat(depth)}`
  while (index < json.length) {
    const character = json[index] as string
    if (character === '"') {
      const end = endOfString(json, index)
      text += json.slice(index, end)
      index = end
      continue
    }
    index++
    if (character === '{' || character === '[') {
      const isEmpty = json[index] === '}' || json[index] === ']'
      text += character
      if (isEmpty) text += json[index++]
      else {
        depth++
        text += newline()
      }
    } else if (character === '}' || character === ']') {
      depth--
      text += newline() + character
    } else if (character === ',') text += character + newline()
    else text += character === ':' ? ': ' : character
  }
  return text
}

function endOfString(json: string, start: number): number {
  let index = start + 1
  while (json[index] !== '"') index += json[index] === '\\' ? 2 : 1
  return index + 1
}
