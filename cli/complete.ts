/** `headgate complete -- WORD…`: what the scripts of `completion` ask. It says nothing where it knows nothing. */
import { clientOf } from './client.ts'
import type { CommandDefinition, Invocation } from './command.ts'

/** Somebody waits at a prompt. */
const ANSWER_MS_MAX = 1_000

export const complete: CommandDefinition = {
  name: 'complete',
  hidden: true,
  summary: 'Answer the scripts of `headgate completion`.',
  arguments: [
    {
      name: 'WORD',
      required: false,
      repeated: true,
      summary: 'What is written so far, the word under the cursor last.',
    },
  ],
  options: [],
  examples: [],
  run: runComplete,
}

async function runComplete(invocation: Invocation): Promise<number> {
  const [{ completions }, { COMMANDS }] = await Promise.all([
    import('./completions.ts'),
    import('./commands.ts'),
  ])
  try {
    const found = await completions(invocation.arguments, COMMANDS, (collection, options) =>
      liveNames(invocation, collection, options),
    )
    await invocation.terminal.print(found.map((name) => `${name}\n`).join(''))
  } catch {
    // A prompt is no place for errors: what was wrong shows when the line is run.
  }
  return 0
}

async function liveNames(
  invocation: Invocation,
  collection: string,
  options: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const client = clientOf({
    ...invocation,
    options: { server: options['--server'], dataDir: options['--data-dir'] },
  })
  const signal = AbortSignal.any([invocation.signal, AbortSignal.timeout(ANSWER_MS_MAX)])
  const text = await client.text('GET', pathOf(collection, options), undefined, signal)
  const { items = [], revisions = [], places = [] } = JSON.parse(text) as Listed
  return [
    ...items.map(({ metadata }) => metadata.name),
    ...revisions.map(({ revision }) => String(revision)),
    ...places.map(({ label, path }) => (label === '' ? path.replace(/^root\./, '') : label)),
  ]
}

/** A list of objects, the history of a source, or the components of a pipeline. */
interface Listed {
  readonly items?: readonly { readonly metadata: { readonly name: string } }[]
  readonly revisions?: readonly { readonly revision: number }[]
  readonly places?: readonly { readonly label: string; readonly path: string }[]
}

function pathOf(collection: string, options: Readonly<Record<string, string>>): string {
  switch (collection) {
    case 'sources':
      return '/sources'
    case 'namespaces':
      return '/api/v1/namespaces'
    case 'revisions':
      return `/sources/${encodeURIComponent(options['--source'] ?? '')}/revisions`
    default:
      return `/namespaces/${encodeURIComponent(options['--namespace'] ?? 'default')}/${collection}`
  }
}
