/** Mappings that come with a message. */
import type { CallSite, MethodDefinition } from '../definition.ts'
import type { EvaluateWith } from '../frame.ts'
import { MappingError } from '../mapping-error.ts'
import { SyntaxProblem } from '../syntax/cursor.ts'
import { parseMapping } from '../syntax/parse-mapping.ts'

/** What reaches beyond the value: a message must not read files or variables with a mapping of its own. */
const REFUSED: ReadonlySet<string> = new Set([
  'batch_index',
  'batch_size',
  'content',
  'count',
  'env',
  'error',
  'error_source_label',
  'error_source_name',
  'error_source_path',
  'errored',
  'file',
  'file_rel',
  'hostname',
  'json',
  'meta',
  'metadata',
  'root_meta',
  'tracing_id',
  'tracing_span',
])

/** Longer ones are not compiled for a message. */
export const DYNAMIC_LENGTH_MAX = 65_536

function compileDynamic(site: CallSite, text: string): EvaluateWith {
  if (text.length > DYNAMIC_LENGTH_MAX) {
    throw new MappingError(
      `expected a mapping of at most ${DYNAMIC_LENGTH_MAX} characters, got ${text.length}`,
    )
  }
  try {
    const tree = parseMapping(text)
    refuse(tree)
    return site.compiled(text, tree)
  } catch (thrown) {
    if (thrown instanceof SyntaxProblem) throw failed(thrown.message)
    if (thrown instanceof RangeError) throw failed('it is nested too deeply')
    throw thrown
  }
}

function failed(reason: string): MappingError {
  return new MappingError(`failed to parse mapping: ${reason}`)
}

/** Looks at every node of the tree. */
function refuse(node: unknown): void {
  if (Array.isArray(node)) {
    for (const item of node) refuse(item)
    return
  }
  if (typeof node !== 'object' || node === null) return
  const { kind, name } = node as { kind?: unknown; name?: unknown }
  if (kind === 'function' && typeof name === 'string' && REFUSED.has(name)) {
    throw failed(`function \`${name}\` is not available to a mapping of a message`)
  }
  if (kind === 'meta' || kind === 'metadata') {
    throw failed('metadata is not available to a mapping of a message')
  }
  const { imports, replacement } = node as { imports?: unknown[]; replacement?: unknown }
  if ((imports?.length ?? 0) > 0 || replacement !== undefined) {
    throw failed('files are not available to a mapping of a message')
  }
  for (const child of Object.values(node)) refuse(child)
}

export const dynamicMethods: readonly MethodDefinition[] = [
  {
    name: 'bloblang',
    tied: 'runs mappings that come with messages',
    category: 'parsing',
    status: 'beta',
    description:
      'What a mapping, given as text, makes of the value. It has no imports, and no functions that look at the message or its surroundings.',
    parameters: [{ name: 'mapping', type: 'string', description: 'The mapping.' }],
    examples: [
      {
        mapping: 'root = this.body.bloblang(this.mapping)',
        input: '{"body":{"a":"x"},"mapping":"root.b = this.a.uppercase()"}',
        output: '{"b":"X"}',
      },
      {
        mapping: 'root = this.bloblang("root = env(\\"HOME\\")")',
        error: 'function `env` is not available',
      },
      { mapping: 'root = this.bloblang("root = ")', error: 'failed to parse mapping' },
    ],
    build: (site) => {
      const mapping = site.derived('mapping', (text) => compileDynamic(site, text))
      return (target, frame) => mapping(frame)(frame, target)
    },
  },
]
