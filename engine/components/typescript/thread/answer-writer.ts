/** Writes what a module made of records as the buffer of an answer; see `module-protocol.ts`. */
import { kindOf, type StreamRecord } from './stream-record.ts'
import { setting } from './thread-setting.ts'

/** Grows as it is written to. */
export class AnswerWriter {
  #bytes = Buffer.allocUnsafeSlow(64 * 1024)
  #length = 0
  readonly #heads: number[] = []

  head(number: number): number {
    return this.#heads.push(number)
  }

  /** What was written for a record that failed half-way. */
  mark(): readonly [heads: number, length: number] {
    return [this.#heads.length, this.#length]
  }

  reset([heads, length]: readonly [number, number]): void {
    this.#heads.length = heads
    this.#length = length
  }

  put(content: string | Uint8Array | undefined): void {
    if (content === undefined) {
      this.#heads.push(setting.asItWas)
      return
    }
    const most = typeof content === 'string' ? content.length * 3 : content.length
    if (this.#length + most > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#length + most))
      this.#bytes.copy(grown, 0, 0, this.#length)
      this.#bytes = grown
    }
    const at = this.#length
    if (typeof content === 'string') this.#length += this.#bytes.write(content, at)
    else {
      this.#bytes.set(content, at)
      this.#length += content.length
    }
    this.#heads.push(this.#length - at)
  }

  finish(): ArrayBuffer {
    const heads = this.#heads.length
    const buffer = new ArrayBuffer(4 + heads * 4 + this.#length)
    new Uint32Array(buffer, 0, heads + 1).set([heads, ...this.#heads])
    new Uint8Array(buffer, 4 + heads * 4).set(this.#bytes.subarray(0, this.#length))
    return buffer
  }
}

/** Throws a sentence for whatever is no result. */
export function write(writer: AnswerWriter, record: StreamRecord, result: unknown): void {
  if (result === null) {
    writer.head(0)
    return
  }
  const all: readonly unknown[] = Array.isArray(result) ? result : [result]
  const mark = writer.mark()
  try {
    writer.head(all.length)
    for (const one of all) writeOne(writer, record, one)
  } catch (thrown) {
    writer.reset(mark)
    throw thrown
  }
}

const EXPECTED = 'expected a record, a list of records or null'

function writeOne(writer: AnswerWriter, record: StreamRecord, result: unknown): void {
  if (result === undefined) {
    throw new Error(`${EXPECTED}, got undefined: return null to drop the record`)
  }
  if (typeof result !== 'object' || result === null || !('value' in result)) {
    throw new Error(`${EXPECTED}, got ${kindOf(result)}: a record is { value: … }`)
  }
  const content = record.contentOf(result.value)
  const metadata = record.metadataOf(result as unknown as Readonly<Record<string, unknown>>)
  writer.put(content)
  writer.put(metadata)
}
