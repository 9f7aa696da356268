/** Reads files, one after the other, and ends. */
import { Type } from '../../../crds/typebox.ts'
import { defineInput, type InputDefinition } from '../../pipelines/component.ts'
import { autoReplayField, replaying } from '../auto-replay.ts'
import { openReader, readerFaults, readerFields } from '../scanners/reader-fields.ts'
import { pathNeeds, ReadFiles } from './read-files.ts'

export const file: InputDefinition = defineInput({
  name: 'file',
  status: 'stable',
  effects: 'read',
  summary: 'Reads files: their lines, or what the scanner makes of them.',
  description: 'Metadata: `path`, `mod_time`, `mod_time_unix`, and what the scanner adds.',
  config: Type.Object({
    paths: Type.Array(Type.String({ minLength: 1 }), {
      minItems: 1,
      description: 'Files, in this order; `*`, `?`, `[…]` and `**` stand for names.',
    }),
    ...readerFields,
    delete_on_finish: Type.Boolean({
      default: false,
      description: 'Whether a file is deleted once all of it was delivered.',
    }),
    auto_replay_nacks: autoReplayField,
  }),
  nack: 'replay',
  needs: ({ paths }) => pathNeeds(paths),
  check: (config) => readerFaults(config),
  examples: [
    { title: 'One file', config: { paths: ['./in.jsonl'] } },
    { title: 'All of a folder', config: { paths: ['./in/*.jsonl'], delete_on_finish: true } },
    {
      title: 'Compressed CSV',
      config: {
        paths: ['./in/*.csv.gz'],
        scanner: { decompress: { algorithm: 'gzip', into: { csv: {} } } },
      },
    },
  ],
  build: (config, { environment }) =>
    new ReadFiles({
      paths: config.paths,
      scan: openReader(config),
      deletes: config.delete_on_finish,
      directory: environment.directory,
      logger: environment.logger,
      replaying: replaying(config.auto_replay_nacks),
    }),
})
