/** `headgate import connect PATH`: turns Connect configs into Pipelines of a folder. */
import { type CommandDefinition, SERVER_OPTIONS } from './command.ts'
import { RESOURCES_OPTION } from './connect-options.ts'

export const importConnect: CommandDefinition = {
  name: 'import connect',
  summary: 'Turn Connect configs into Pipelines of a folder, and show the plan.',
  arguments: [
    { name: 'PATH', required: true, summary: 'A config, or a folder as streams mode takes it.' },
  ],
  options: [
    { flags: '--to <FOLDER>', summary: 'Where to write.', byDefault: './pipelines' },
    { flags: '--overwrite', summary: 'Replace files that are there.' },
    RESOURCES_OPTION,
    {
      flags: '-o, --observability <FILE>',
      summary: 'The root config of streams mode; what of it is carried over is said.',
    },
    { flags: '--source <NAME>', summary: 'The source to plan for.', byDefault: 'local' },
    ...SERVER_OPTIONS,
  ],
  examples: [
    'headgate import connect ./streams --to ./config',
    "headgate import connect ./streams -r './resources/*.yaml' -o observability.yaml",
  ],
  run: async (invocation) => {
    const { runImportConnect } = await import('./run-import-connect.ts')
    return runImportConnect(invocation)
  },
}
