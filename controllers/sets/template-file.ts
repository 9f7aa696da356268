/** A file of a template → the template in it, with what is wrong at its place. */
import {
  readTemplate,
  type Template,
  type Templates,
} from '../../engine/pipelines/templates/template.ts'
import { parseYaml } from './parse-yaml.ts'
import type { Problem } from './problem.ts'
import { ProblemList } from './problem-list.ts'
import { decode, SourceText } from './source-text.ts'
import { plainValue, type Tree } from './tree.ts'

export interface TemplateFile {
  readonly source: SourceText
  /** Undefined where it has an error. */
  readonly template: Template | undefined
  readonly tree: Tree | undefined
  readonly problems: readonly Problem[]
}

/** One template a file. */
export function readTemplateFile(path: string, bytes: Uint8Array): TemplateFile {
  const decoded = decode(path, bytes)
  if (!decoded.ok) {
    const source = new SourceText(path, '')
    return { source, template: undefined, tree: undefined, problems: [decoded.problem] }
  }
  const { source } = decoded
  const { documents, problems } = parseYaml(source)
  const [tree, second] = documents.flatMap((one) => one.tree ?? [])
  if (tree === undefined) return { source, template: undefined, tree, problems }
  const list = new ProblemList(source, tree)
  const { template, problems: wrong } = readTemplate(plainValue(tree))
  for (const { within, path: at, ...problem } of wrong) {
    const inText = within === undefined ? {} : { inText: within }
    list.add({ ...problem, layer: 'component', path: at, ...inText })
  }
  if (second !== undefined) {
    const other = new ProblemList(source, second)
    const message = 'expected one template in a file, got several'
    other.add({ layer: 'schema', code: 'Invalid', path: [], at: 'key', message })
    list.problems.push(...other.problems)
  }
  return { source, template, tree, problems: [...problems, ...list.problems] }
}

/** By role and name; of two with one name the first. */
export function templatesOf(templates: Iterable<Template>): Templates {
  const found = new Map<string, Template>()
  for (const one of templates) {
    const key = `${one.role} ${one.name}`
    if (!found.has(key)) found.set(key, one)
  }
  return found
}
