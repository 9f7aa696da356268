/**
 * A text and the files that it names: `import` brings the maps of a file, and `from` puts a file in a text's place.
 *
 * What is wrong in a file is told at the place that names it, with the file's own line and column in the message.
 */
import { HeadgateError } from '../../error.ts'
import type { MappingProblem } from '../mapping.ts'
import type { MappingFiles } from '../mapping-files.ts'
import { MAPPING_LENGTH_MAX, type Position, problemAt, SyntaxProblem } from '../syntax/cursor.ts'
import { parseMapping } from '../syntax/parse-mapping.ts'
import type { MappingTree, NamedFile } from '../syntax/tree.ts'

/** Files that name files are followed so deep. */
export const IMPORT_DEPTH_MAX = 10
/** A text brings in so many files altogether. */
export const IMPORTS_MAX = 100

/** One text with its tree, and the texts whose maps it imports. */
export interface MappingUnit {
  readonly text: string
  readonly tree: MappingTree
  readonly imports: readonly (NamedFile & { readonly unit: MappingUnit })[]
}

export interface FileProblem {
  readonly at: Position
  readonly message: string
  readonly hint?: string
}

export interface LoadedMapping {
  readonly unit: MappingUnit
  /** The file that took the text's place with `from`. */
  readonly replacement?: NamedFile
  /** Within the outermost text. */
  readonly problems: readonly FileProblem[]
}

interface Loading {
  readonly files: MappingFiles | undefined
  count: number
}

/** A problem of a file, as it is told where the file is named. */
export function toldWhereNamed(
  { line, column, message, ...details }: MappingProblem,
  text: string,
  { path, at }: NamedFile,
): MappingProblem {
  return problemAt(text, at, `mapping file "${path}":${line}:${column}: ${message}`, details)
}

/** Throws SyntaxProblem for the text itself; what files are wrong with is data. */
export function loadMapping(text: string, files: MappingFiles | undefined): LoadedMapping {
  return load(text, undefined, [], { files, count: 0 })
}

function load(
  text: string,
  path: string | undefined,
  above: readonly string[],
  loading: Loading,
): LoadedMapping {
  const tree = parseMapping(text)
  const problems: FileProblem[] = []
  const within = path === undefined ? above : [...above, path]
  const { replacement } = tree
  if (replacement !== undefined) {
    const loaded = loadNamed(replacement, path, within, loading)
    if ('message' in loaded) return { unit: { text, tree, imports: [] }, problems: [loaded] }
    const first = loaded.problems.slice(0, 1)
    return {
      unit: loaded.unit,
      replacement,
      problems: first.map(({ message }) => ({ at: replacement.at, message })),
    }
  }
  const imports = tree.imports.flatMap((named) => {
    const loaded = loadNamed(named, path, within, loading)
    if ('message' in loaded) {
      problems.push(loaded)
      return []
    }
    for (const { message } of loaded.problems.slice(0, 1)) problems.push({ at: named.at, message })
    const { unit } = loaded
    if (unit.tree.maps.length === 0 && unit.imports.length === 0) {
      const message = `mapping file "${named.path}" has no maps to import`
      problems.push({
        at: named.at,
        message,
        hint: '`import` brings the maps of a file, and nothing else of it.',
      })
    }
    return [{ unit, ...named }]
  })
  return { unit: { text, tree, imports }, problems }
}

function loadNamed(
  named: NamedFile,
  namedBy: string | undefined,
  within: readonly string[],
  loading: Loading,
): LoadedMapping | FileProblem {
  const { at } = named
  const quoted = `mapping file "${named.path}"`
  if (loading.files === undefined) {
    const hint = 'Mappings of other files are not available; write its maps into this mapping.'
    return { at, message: `${quoted} cannot be read here`, hint }
  }
  if (within.length >= IMPORT_DEPTH_MAX) {
    return { at, message: `expected files that name files at most ${IMPORT_DEPTH_MAX} deep` }
  }
  if (++loading.count > IMPORTS_MAX) return { at, message: `expected at most ${IMPORTS_MAX} files` }
  try {
    const file = loading.files.read(named.path, namedBy)
    if (within.includes(file.path)) return { at, message: `${quoted} names itself` }
    const text = new TextDecoder().decode(file.bytes)
    if (text.length > MAPPING_LENGTH_MAX) {
      const message = `${quoted}: expected at most ${MAPPING_LENGTH_MAX} characters, got ${text.length}`
      return { at, message }
    }
    return loadText(text, file.path, quoted, at, within, loading)
  } catch (thrown) {
    if (!(thrown instanceof HeadgateError)) throw thrown
    const { message, hint } = thrown
    return { at, message: `${quoted}: ${message}`, ...(hint === undefined ? {} : { hint }) }
  }
}

function loadText(
  text: string,
  path: string,
  quoted: string,
  at: Position,
  within: readonly string[],
  loading: Loading,
): LoadedMapping | FileProblem {
  try {
    return load(text, path, within, loading)
  } catch (thrown) {
    if (!(thrown instanceof SyntaxProblem)) throw thrown
    const { line, column } = problemAt(text, thrown.at, '')
    return { at, message: `${quoted}:${line}:${column}: ${thrown.message}` }
  }
}
