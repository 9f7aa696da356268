/** The fields of components that run a command, and the grant that they need. */
import { type TUnsafe, Type } from '../../../crds/typebox.ts'
import type { Need } from '../../pipelines/pipeline.ts'

export const nameField: TUnsafe<string> = Type.Unsafe<string>({
  type: 'string',
  minLength: 1,
  description: 'The command.',
  examples: ['sed', './convert.sh'],
})

export const argsField: TUnsafe<readonly string[]> = Type.Unsafe<readonly string[]>({
  type: 'array',
  items: { type: 'string' },
  default: [],
  description: 'Its arguments.',
})

export function commandNeeds({ name }: { readonly name: string }): readonly Need[] {
  return [{ kind: 'command', name, path: ['name'] }]
}

/** What a child is, for the description of each of them. */
export const CHILD_TEXT: string = `The command runs in the folder of the pipeline, and gets the environment variables that any program needs (\`PATH\`,
\`HOME\`, \`LANG\` and the like) and those that its source may read (\`env\` of its grants); no others. It needs the grant
\`commands\`. It ends with the pipeline, and whatever it started with it. What it writes to its standard error is logged.`
