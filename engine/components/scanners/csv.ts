/** Rows of CSV as documents. */
import { StringDecoder } from 'node:string_decoder'
import { type TUnsafe, Type } from '../../../crds/typebox.ts'
import { readCsv } from '../../bloblang/formats/read-csv.ts'
import { HeadgateError } from '../../error.ts'
import type { ConfigFault } from '../../pipelines/component.ts'
import { Message } from '../../pipelines/message.ts'
import { csvRowEnd } from './csv-row-end.ts'
import {
  type OpenScanner,
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
  readonly expected_headers: readonly string[]
  readonly expected_number_of_fields: number
  readonly continue_on_error: boolean
}

/** What the input `csv` has, too. */
export const csvFields: {
  readonly parse_header_row: TUnsafe<boolean>
  readonly lazy_quotes: TUnsafe<boolean>
  readonly expected_headers: TUnsafe<readonly string[]>
  readonly expected_number_of_fields: TUnsafe<number>
} = {
  parse_header_row: Type.Unsafe<boolean>({
    type: 'boolean',
    default: true,
    description: 'Whether the first row names the fields.',
  }),
  lazy_quotes: Type.Unsafe<boolean>({
    type: 'boolean',
    default: false,
    description: 'Whether quotes may stand where they should not.',
  }),
  expected_headers: Type.Unsafe<readonly string[]>({
    type: 'array',
    items: { type: 'string' },
    default: [],
    description: 'The names that the first row has to have, in this order; empty for any.',
  }),
  expected_number_of_fields: Type.Unsafe<number>({
    type: 'integer',
    minimum: 0,
    default: 0,
    description: 'How many fields each row has to have; 0 for as many as the first.',
  }),
}

const SUMMARY = 'A message of each row of CSV: an object by the header, or a list.'

export const csv: ScannerDefinition = {
  name: 'csv',
  summary: SUMMARY,
  config: Type.Object(
    {
      custom_delimiter: Type.String({
        default: '',
        description: 'What parts fields, instead of a comma.',
      }),
      ...csvFields,
      continue_on_error: Type.Boolean({
        default: false,
        description: 'Whether a row that is wrong becomes an empty message with an error.',
      }),
    },
    { description: `${SUMMARY} Metadata: \`csv_row\`, from 0.` },
  ),
  check: (options: CsvScanOptions) => csvScanFaults(options, 'custom_delimiter'),
  build: (options: CsvScanOptions) => scanCsv(options),
  examples: [
    {
      title: 'Rows as objects',
      config: {},
      given: 'id,name\n1,Ada\n2,"Grace, H."\n',
      then: [
        { id: '1', name: 'Ada' },
        { id: '2', name: 'Grace, H.' },
      ],
    },
    {
      title: 'Lists, parted by semicolons',
      config: { custom_delimiter: ';', parse_header_row: false },
      given: '1;2\n3;4\n',
      then: [
        ['1', '2'],
        ['3', '4'],
      ],
    },
  ],
}

/** With `header`, the metadata has the names of the fields in their order. */
export function scanCsv(
  options: CsvScanOptions,
  { header = false }: { readonly header?: boolean } = {},
): OpenScanner {
  return (place) => new CsvScanner(options, place, header)
}

/** One character parts fields, as elsewhere: a quote or a line break can be none. */
export function csvScanFaults(
  options: CsvScanOptions,
  delimiterField: string,
): readonly ConfigFault[] {
  const { custom_delimiter: delimiter, expected_headers, parse_header_row } = options
  const faults: ConfigFault[] = []
  const one = [...delimiter].length === 1 && !'"\r\n'.includes(delimiter)
  if (delimiter !== '' && !delimiter.includes('${') && !one) {
    const message = `expected one character that parts fields, got ${JSON.stringify(delimiter)}`
    faults.push({ path: [delimiterField], message })
  }
  if (expected_headers.length > 0 && !parse_header_row) {
    const message = 'expected a header to compare with, but parse_header_row is false'
    faults.push({ path: ['expected_headers'], message })
  }
  const { expected_number_of_fields: fields } = options
  if (expected_headers.length > 0 && fields > 0 && fields !== expected_headers.length) {
    const message = `expected as many fields as expected_headers has (${expected_headers.length}), got ${fields}`
    faults.push({ path: ['expected_number_of_fields'], message })
  }
  return faults
}

class CsvScanner implements Scanner {
  readonly #options: CsvScanOptions
  #place: ScanPlace
  readonly #tellsHeader: boolean
  readonly #delimiter: string
  readonly #decoder = new StringDecoder('utf8')
  #text = ''
  #at = 0
  #ended = false
  #broken = false
  #fields: number | undefined
  #header: readonly string[] | undefined
  #rows = 0

  constructor(options: CsvScanOptions, place: ScanPlace, tellsHeader: boolean) {
    this.#options = options
    this.#place = place
    this.#tellsHeader = tellsHeader
    this.#fields =
      options.expected_number_of_fields > 0 ? options.expected_number_of_fields : undefined
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
        this.#takeHeader(row)
        continue
      }
      return Message.fromValue(this.#valueOf(row), this.#metadata())
    }
    return undefined
  }

  #takeHeader(row: readonly string[]): void {
    const { expected_headers: expected } = this.#options
    const same = row.length === expected.length && row.every((name, at) => name === expected[at])
    if (expected.length > 0 && !same) {
      this.#broken = true
      const names = (list: readonly string[]): string => JSON.stringify(list)
      const message = `expected the header ${names(expected)}, got ${names(row)}`
      throw new HeadgateError('InputFailed', message)
    }
    this.#header = row
    if (!this.#tellsHeader) return
    this.#place = { ...this.#place, metadata: withEntry(this.#place.metadata, 'header', row) }
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
