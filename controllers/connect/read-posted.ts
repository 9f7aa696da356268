/** A posted body as a tree that knows where each of its pieces stands: YAML, of which JSON is a part. */
import { HeadgateError } from '../../engine/error.ts'
import type { FileLimits } from '../sets/limits.ts'
import { parseConfigYaml } from '../sets/parse-config-yaml.ts'
import { parseJson } from '../sets/parse-json.ts'
import type { ParsedFile } from '../sets/parse-yaml.ts'
import type { Problem } from '../sets/problem.ts'
import { decode, type SourceText } from '../sets/source-text.ts'
import type { MapTree, Tree } from '../sets/tree.ts'

export const POSTED_BYTES_MAX: number = 64 * 1024 * 1024

/** A set of a thousand streams is one document. */
const LIMITS: FileLimits = { bytesMax: POSTED_BYTES_MAX, documentsMax: 1, tokensMax: 2_000_000 }

export interface PostedBody {
  readonly source: SourceText
  /** Empty for an empty body. */
  readonly tree: MapTree
}

/** Throws YamlSyntax or LimitExceeded, with the place of what is wrong. */
export function readPosted(bytes: Uint8Array, expected: string): PostedBody {
  const decoded = decode('body', bytes, LIMITS)
  if (!decoded.ok) throw syntaxError(decoded.problem)
  const { source } = decoded
  const { documents, problems } = parse(source)
  const problem = problems.find(({ severity }) => severity === 'error')
  if (problem !== undefined) throw syntaxError(problem)
  const tree = documents[0]?.tree
  if (tree === undefined || isNothing(tree)) return { source, tree: EMPTY }
  if (tree.kind === 'map') return { source, tree }
  const { line, column } = source.place(tree.span.start)
  throw new HeadgateError(
    'YamlSyntax',
    `line ${line} column ${column}: expected ${expected}, got ${tree.kind === 'list' ? 'a list' : 'text'}`,
  )
}

const EMPTY: MapTree = { kind: 'map', span: { start: 0, end: 0 }, entries: [] }

/** JSON has a parser of its own, which is quicker; what it refuses may yet be YAML. */
function parse(source: SourceText): ParsedFile {
  if (source.text.trimStart().startsWith('{')) {
    const parsed = parseJson(source)
    if (parsed.problems.length === 0) return parsed
  }
  return parseConfigYaml(source, LIMITS)
}

function isNothing(tree: Tree): boolean {
  return tree.kind === 'scalar' && tree.value === null
}

function syntaxError({ line, column, message, hint, code }: Problem): HeadgateError {
  return new HeadgateError(
    code === 'LimitExceeded' ? code : 'YamlSyntax',
    `line ${line} column ${column}: ${message}`,
    hint === undefined ? {} : { hint },
  )
}
