/** Leaves a byte order mark out, and hands the rest to another scanner. */
import { Type } from '../../../crds/typebox.ts'
import type { Message } from '../../pipelines/message.ts'
import { intoField } from './into-field.ts'
import type { OpenScanner, Scanner, ScannerDefinition, ScanPlace } from './scanner.ts'

const MARK: Buffer = Buffer.from([0xef, 0xbb, 0xbf])

export const skipBom: ScannerDefinition = {
  name: 'skip_bom',
  summary: 'Leaves out a byte order mark at the beginning.',
  config: Type.Object(
    { into: intoField },
    { description: 'Leaves out a byte order mark (UTF-8) at the beginning.' },
  ),
  children: ({ into }: { readonly into: unknown }) => [{ path: ['into'], scanner: into }],
  examples: [
    {
      title: 'CSV with a mark at its beginning',
      config: { into: { csv: {} } },
      given: { base64: '77u/aWQKMQo=' },
      then: [{ id: '1' }],
    },
  ],
  build: ({ into }: { readonly into: unknown }, child) => {
    const open = child(into)
    return (place) => new SkippingScanner(open, place)
  },
}

class SkippingScanner implements Scanner {
  readonly #child: Scanner
  /** What may be a mark, until that is known. */
  #first: Buffer | undefined = Buffer.alloc(0)

  constructor(open: OpenScanner, place: ScanPlace) {
    this.#child = open(place)
  }

  get broken(): boolean {
    return this.#child.broken
  }

  push(chunk: Uint8Array): void | Promise<void> {
    if (this.#first === undefined) return this.#child.push(chunk)
    const first = Buffer.concat([this.#first, chunk])
    this.#first = first
    if (first.length < MARK.length && MARK.subarray(0, first.length).equals(first)) return
    return this.#release(first)
  }

  async end(): Promise<void> {
    if (this.#first !== undefined) await this.#release(this.#first)
    await this.#child.end()
  }

  next(): Message | undefined {
    return this.#child.next()
  }

  rest(): Uint8Array {
    return this.#first ?? this.#child.rest()
  }

  #release(first: Buffer): void | Promise<void> {
    this.#first = undefined
    const marked = first.subarray(0, MARK.length).equals(MARK)
    const bytes = marked ? first.subarray(MARK.length) : first
    if (bytes.length > 0) return this.#child.push(bytes)
  }
}
