/** Reads files of CSV, one after the other, and ends. */
import { Type } from '../../../crds/typebox.ts'
import { defineInput, type InputDefinition } from '../../pipelines/component.ts'
import { autoReplayField, replaying } from '../auto-replay.ts'
import { type CsvScanOptions, csvFields, csvScanFaults, scanCsv } from '../scanners/csv.ts'
import { pathNeeds, ReadFiles } from './read-files.ts'

interface Config extends Omit<CsvScanOptions, 'custom_delimiter' | 'continue_on_error'> {
  readonly delimiter: string
}

function scanOptions(config: Config): CsvScanOptions {
  const { parse_header_row, lazy_quotes, expected_headers, expected_number_of_fields } = config
  return {
    custom_delimiter: config.delimiter,
    parse_header_row,
    lazy_quotes,
    expected_headers,
    expected_number_of_fields,
    continue_on_error: false,
  }
}

/** All of a batch is in memory. */
export const CSV_BATCH_ROWS_MAX = 10_000_000

export const csv: InputDefinition = defineInput({
  name: 'csv',
  status: 'stable',
  effects: 'read',
  summary: 'Reads files of CSV: an object of each row by the header, or a list.',
  description: `Metadata: \`header\` (the names of the fields, in their order, where the first row has them), \`path\`, \`mod_time\`,
\`mod_time_unix\` and \`csv_row\`, from 0. A row that is wrong ends its file: what follows it cannot be trusted.`,
  config: Type.Object({
    paths: Type.Array(Type.String({ minLength: 1 }), {
      minItems: 1,
      description: 'Files, in this order; `*`, `?`, `[…]` and `**` stand for names.',
    }),
    parse_header_row: csvFields.parse_header_row,
    expected_headers: csvFields.expected_headers,
    expected_number_of_fields: csvFields.expected_number_of_fields,
    delimiter: Type.String({ default: ',', description: 'The character that parts fields.' }),
    lazy_quotes: csvFields.lazy_quotes,
    delete_on_finish: Type.Boolean({
      default: false,
      description: 'Whether a file is deleted once all of it was delivered.',
    }),
    batch_count: Type.Integer({
      default: 1,
      minimum: 1,
      maximum: CSV_BATCH_ROWS_MAX,
      description: 'Rows of a batch; the last of a file may have fewer.',
    }),
    auto_replay_nacks: autoReplayField,
  }),
  nack: 'replay',
  needs: ({ paths }) => pathNeeds(paths),
  check: (config) => csvScanFaults(scanOptions(config), 'delimiter'),
  examples: [
    { title: 'Rows as objects', config: { paths: ['./in/*.csv'] } },
    {
      title: 'Lists, parted by semicolons, a hundred at a time',
      config: {
        paths: ['./in.csv'],
        delimiter: ';',
        parse_header_row: false,
        expected_number_of_fields: 3,
        batch_count: 100,
      },
    },
  ],
  build: (config, { environment }) =>
    new ReadFiles({
      paths: config.paths,
      scan: scanCsv(scanOptions(config), { header: true }),
      deletes: config.delete_on_finish,
      directory: environment.directory,
      logger: environment.logger,
      replaying: replaying(config.auto_replay_nacks),
      ...(config.batch_count === 1 ? {} : { batchCount: config.batch_count }),
    }),
})
