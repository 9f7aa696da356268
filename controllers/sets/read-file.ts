/** One file → its declarations and problems, a pure function of path and bytes, so that it can be remembered. */

import type { Template } from '../../engine/pipelines/templates/template.ts'
import { isTemplateFile, isTestFile } from './config-names.ts'
import type { Inspector } from './inspector.ts'
import { FILE_LIMITS, FILE_PROBLEMS_MAX, type FileLimits } from './limits.ts'
import { parseConfigYaml } from './parse-config-yaml.ts'
import { parseJson } from './parse-json.ts'
import type { Problem } from './problem.ts'
import {
  type Declaration,
  type DocumentReading,
  itemsOf,
  readBareConfig,
  readDocument,
} from './read-document.ts'
import { decode, type SourceText } from './source-text.ts'
import { readTemplateFile } from './template-file.ts'
import { at, type Tree } from './tree.ts'

export interface FileReading {
  readonly declarations: readonly Declaration[]
  /** Besides those of the declarations. */
  readonly problems: readonly Problem[]
  readonly notes: readonly string[]
  /** Why what this file meant to say is not fully known. */
  readonly incompleteBecause: readonly string[]
  /** How many documents it has, foreign ones included. */
  readonly documents: number
  /** Of a file that holds one. */
  readonly template?: Template
  /** Mappings that are no resources: harmless where the file never held one. */
  readonly strangers: readonly Problem[]
}

const RESOURCE_FILE = /\.(ya?ml|json)$/i

export function isResourceFile(path: string): boolean {
  return RESOURCE_FILE.test(path)
}

export async function readFile(
  path: string,
  bytes: Uint8Array,
  inspector: Inspector,
  limits: FileLimits = FILE_LIMITS,
): Promise<FileReading> {
  // They are about resources and declare none.
  if (isTestFile(path)) return { ...NOTHING, documents: 1 }
  if (isTemplateFile(path)) {
    const { template, problems } = readTemplateFile(path, bytes)
    return { ...NOTHING, documents: 1, problems, ...(template === undefined ? {} : { template }) }
  }
  const decoded = decode(path, bytes, limits)
  if (!decoded.ok) {
    return {
      ...NOTHING,
      problems: [decoded.problem],
      incompleteBecause: [`${path}: ${decoded.problem.message}`],
    }
  }
  const { source } = decoded
  const parsed = path.toLowerCase().endsWith('.json')
    ? parseJson(source)
    : parseConfigYaml(source, limits)
  const trees = parsed.documents.map(({ tree }) => tree).filter((tree) => tree !== undefined)
  const bare = isBare(path, trees)
  const readings = await Promise.all(trees.map((tree) => readTree(source, tree, inspector, bare)))
  return summarise(source, parsed.problems, readings.flat(), parsed.documents.length)
}

const NOTHING: FileReading = {
  declarations: [],
  problems: [],
  notes: [],
  incompleteBecause: [],
  documents: 0,
  strangers: [],
}

/** A file of one mapping without an envelope, in a folder whose name says that it holds stream configs. */
function isBare(path: string, trees: readonly Tree[]): boolean {
  const [tree] = trees
  const inStreams = path.split('/').slice(0, -1).includes('streams')
  if (!inStreams || trees.length !== 1 || tree?.kind !== 'map' || !/\.ya?ml$/i.test(path))
    return false
  return at(tree, ['apiVersion']) === undefined && at(tree, ['kind']) === undefined
}

async function readTree(
  source: SourceText,
  tree: Tree,
  inspector: Inspector,
  bare: boolean,
): Promise<readonly DocumentReading[]> {
  if (bare) return [await readBareConfig(source, tree, inspector)]
  const items = itemsOf(tree)
  return Promise.all((items ?? [tree]).map((item) => readDocument(source, item, inspector)))
}

function summarise(
  source: SourceText,
  syntax: readonly Problem[],
  readings: readonly DocumentReading[],
  documents: number,
): FileReading {
  const declarations: Declaration[] = []
  const problems: Problem[] = [...syntax]
  const notes: string[] = []
  const strangers: Problem[] = []
  const incompleteBecause: string[] = []
  const [first] = syntax
  if (first !== undefined) incompleteBecause.push(because(first))
  for (const reading of readings) {
    if (reading.as === 'resource') declarations.push(withSyntax(reading.declaration, syntax))
    else if (reading.as === 'foreign') notes.push(reading.note)
    else if (reading.as === 'stranger') strangers.push(reading.problem)
    else {
      problems.push(...reading.problems)
      const [cause] = reading.problems
      if (cause !== undefined) incompleteBecause.push(because(cause))
    }
  }
  return {
    declarations,
    problems: bounded(source, problems),
    notes,
    incompleteBecause,
    documents,
    strangers,
  }
}

/** A refused form makes the resource that has it invalid. No resource has more problems than anybody reads. */
function withSyntax(declaration: Declaration, syntax: readonly Problem[]): Declaration {
  const { start, end } = declaration.tree.span
  const first = declaration.source.place(start).line
  const last = declaration.source.place(end).line
  const within = syntax.filter(({ line }) => line >= first && line <= last)
  const problems = bounded(declaration.source, [...within, ...declaration.problems])
  return { ...declaration, problems }
}

function bounded(source: SourceText, problems: readonly Problem[]): readonly Problem[] {
  if (problems.length <= FILE_PROBLEMS_MAX) return problems
  const rest = problems.length - FILE_PROBLEMS_MAX
  const last = source.problem(
    { start: 0, end: 1 },
    { layer: 'syntax', code: 'LimitExceeded', message: `${rest} more problems are not shown` },
  )
  return [...problems.slice(0, FILE_PROBLEMS_MAX), last]
}

function because({ file, line, message }: Problem): string {
  return `${file}:${line}: ${message}`
}
