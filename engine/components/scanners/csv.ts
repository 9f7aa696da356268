/** Rows of CSV as documents. */
import { StringDecoder } from 'node:string_decoder'
import { Type } from '../../../crds/typebox.ts'
import { readCsv } from '../../bloblang/formats/read-csv.ts'
import { HeadgateError } from '../../error.ts'
import type { ConfigFault } from '../../pipelines/component.ts'
import { Message } from '../../pipelines/message.ts'
import { csvRowEnd } from './csv-row-end.ts'
import {
  SCANNED_BYTES_MAX,
  type Scanner,
  type ScannerDefinition,
  type ScanPlace,
  withEntry,
} from './scanner.ts'

export interface CsvScanOptions {
  readonly custom_delimiter: string
  readonly parse_header_row: boolean
  readonly lazy_quotes: boolean
  readonly continue_on_error: boolean
}

export const csv: ScannerDefinition = {
  name: 'csv',
  summary: 'A message of each row of CSV: an object by the header, or a list.',
  config: Type.Object(
    {
      custom_delimiter: Type.String({
        default: '',
        description: 'What parts fields, instead of a comma.',
      }),
      parse_header_row: Type.Boolean({
        default: true,
        description: 'Whether the first row names the fields.',
      }),
      lazy_quotes: Type.Boolean({
        default: false,
        description: 'Whether quotes may stand where they should not.',
      }),
      continue_on_error: Type.Boolean({
        default: false,
        description: 'Whether a row that is wrong becomes an empty message with an error.',
      }),
    },
    {
      description:
        'A message of each row: an object by the header, or a list. Metadata: `csv_row`, from 0.',
    },
  ),
  check: ({ custom_delimiter }: CsvScanOptions) => delimiterFaults(custom_delimiter),
  build: (options: CsvScanOptions) => (place) => new CsvScanner(options, place),
}

/** One character, as elsewhere: a quote or a line break can be none. */
function delimiterFaults(delimiter: string): readonly ConfigFault[] {
  if (delimiter === '' || delimiter.includes('${')) return []
  if ([...delimiter].length === 1 && !'"\r\n'.includes(delimiter)) return []
  const message = `expected one character that parts fields, got ${JSON.stringify(delimiter)}`
  return [{ path: ['custom_delimiter'], message }]
}

class CsvScanner implements Scanner {
  readonly #options: CsvScanOptions
  readonly #place: ScanPlace
  readonly #delimiter: string
  readonly #decoder = new StringDecoder('utf8')
  #text = ''
  #at = 0
  #ended = false
  #broken = false
  #fields: number | undefined
  #header: readonly string[] | undefined
  #rows = 0

  constructor(options: CsvScanOptions, place: ScanPlace) {
    this.#options = options
    this.#place = place
    this.#delimiter = options.custom_delimiter === '' ? ',' : options.custom_delimiter
  }

  get broken(): boolean {
    return this.#broken
  }

  push(chunk: Uint8Array): void {
    this.#text =
      this.#text.slice(this.#at) +
      this.#decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
    this.#at = 0
  }

  end(): void {
    this.#ended = true
    this.#text += this.#decoder.end()
  }

  next(): Message | undefined {
    while (!this.#broken) {
      const row = this.#row()
      if (row === undefined) return undefined
      if (row instanceof Error) return this.#failed(row)
      if (row.length === 0) continue
      if (this.#options.parse_header_row && this.#header === undefined) {
        this.#header = row
        continue
      }
      return Message.fromValue(this.#valueOf(row), this.#metadata())
    }
    return undefined
  }

  rest(): Uint8Array {
    return Buffer.from(this.#text.slice(this.#at))
  }

  /** The fields of the next row; an empty line has none. */
  #row(): readonly string[] | Error | undefined {
    const { lazy_quotes: lazyQuotes } = this.#options
    const delimiter = this.#delimiter
    if (this.#at >= this.#text.length) return undefined
    const end = csvRowEnd(this.#text, this.#at, { delimiter, lazyQuotes, ended: this.#ended })
    if (end < 0) {
      if (this.#text.length - this.#at <= SCANNED_BYTES_MAX) return undefined
      this.#broken = true
      return new HeadgateError('RecordTooLarge', 'expected shorter rows of CSV')
    }
    const text = this.#text.slice(this.#at, end)
    this.#at = end
    try {
      const [row = []] = readCsv(text, { delimiter, lazyQuotes })
      if (row.length === 0) return row
      this.#fields ??= row.length
      if (row.length === this.#fields) return row
      return new Error(`expected ${this.#fields} fields, got ${row.length}`)
    } catch (thrown) {
      return thrown instanceof Error ? thrown : new Error(String(thrown))
    }
  }

  /** What follows a wrong row may be wrong, too: it is read only when somebody wants it all the same. */
  #failed(error: Error): Message {
    const reason = `row ${this.#rows} of the CSV: ${error.message}`
    if (!this.#options.continue_on_error || this.#broken) {
      this.#broken = true
      throw new HeadgateError('InputFailed', reason, { cause: error })
    }
    const empty = Message.fromBytes(new Uint8Array(), this.#metadata())
    const where = { sourceName: 'csv', sourceLabel: '', sourcePath: '' }
    return empty.withFailure({ text: reason, ...where })
  }

  #valueOf(row: readonly string[]): Record<string, string> | string[] {
    const header = this.#header
    if (header === undefined) return [...row]
    return Object.fromEntries(header.map((name, index) => [name, row[index] ?? '']))
  }

  #metadata(): ScanPlace['metadata'] {
    return withEntry(this.#place.metadata, 'csv_row', this.#rows++)
  }
}
