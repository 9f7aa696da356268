/** Options of the commands that read Connect configs, so that they are the same for all. */
import type { OptionDefinition } from './command.ts'

export const RESOURCES_OPTION: OptionDefinition = {
  flags: '-r, --resources <PATH>',
  summary: 'Files with resources that configs use beside their own: a file, a folder or a pattern.',
  repeated: true,
}

export const TEMPLATES_OPTION: OptionDefinition = {
  flags: '-t, --templates <PATH>',
  summary: 'Templates that configs use: a file, a folder or a pattern.',
  repeated: true,
}
