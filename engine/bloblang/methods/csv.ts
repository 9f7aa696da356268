/** CSV (RFC 4180), with the leniency of Go's reader. */
import type { MethodDefinition } from '../definition.ts'
import { readCsv } from '../formats/read-csv.ts'
import { MappingError } from '../mapping-error.ts'
import { expectText } from '../values/kind-of.ts'
import { setKey } from '../values/set-key.ts'
import type { ObjectValue, Value } from '../values/value.ts'

interface CsvOptions {
  readonly hasHeader: boolean
  readonly delimiter: string
  readonly lazyQuotes: boolean
}

function parseCsv(text: string, { hasHeader, delimiter, lazyQuotes }: CsvOptions): Value {
  if (Array.from(delimiter).length !== 1) {
    throw new MappingError(`expected a delimiter of one character, got "${delimiter.slice(0, 64)}"`)
  }
  const rows = readCsv(text, { delimiter, lazyQuotes })
  const [first, ...rest] = rows
  if (first === undefined) throw new MappingError('expected at least one row of CSV, got none')
  const narrow = rows.findIndex((row) => row.length !== first.length)
  if (narrow !== -1) {
    throw new MappingError(
      `expected ${first.length} fields in row ${narrow + 1}, got ${rows[narrow]?.length}`,
    )
  }
  if (!hasHeader) return rows
  return rest.map((row) => {
    const object: ObjectValue = {}
    first.forEach((name, index) => {
      setKey(object, name, row[index] ?? '')
    })
    return object
  })
}

export const csvMethods: readonly MethodDefinition[] = [
  {
    name: 'parse_csv',
    category: 'parsing',
    status: 'stable',
    description: 'The rows of a CSV text, as objects by the names of its header, or as arrays.',
    parameters: [
      {
        name: 'parse_header_row',
        type: 'bool',
        description: 'Take the first row for names.',
        default: true,
      },
      { name: 'delimiter', type: 'string', description: 'What parts the fields.', default: ',' },
      {
        name: 'lazy_quotes',
        type: 'bool',
        description: 'Allow quotes within fields that are not quoted.',
        default: false,
      },
    ],
    examples: [
      {
        mapping: 'root = this.a.parse_csv()',
        input: '{"a":"id,name\\n1,\\"x, y\\"\\n2,z"}',
        output: '[{"id":"1","name":"x, y"},{"id":"2","name":"z"}]',
      },
      { mapping: 'root = "a;b".parse_csv(false, ";")', output: '[["a","b"]]' },
      {
        mapping: 'root = this.a.parse_csv()',
        input: '{"a":"id,name\\n1"}',
        error: 'expected 2 fields in row 2, got 1',
      },
      { mapping: 'root = "".parse_csv()', error: 'expected at least one row of CSV, got none' },
    ],
    build: (site) => {
      const header = site.bool('parse_header_row')
      const delimiter = site.string('delimiter')
      const lazyQuotes = site.bool('lazy_quotes')
      return (target, frame) =>
        parseCsv(expectText(target), {
          hasHeader: header(frame),
          delimiter: delimiter(frame),
          lazyQuotes: lazyQuotes(frame),
        })
    },
  },
]
