/**
 * Lints one file: bare Connect configs, our documents, tests and templates, and the configs that a Markdown page shows.
 * The judgement is that of inspection; this says where it stands.
 */
import { isRecord } from '../../engine/pipelines/component-config.ts'
import { referencesIn } from '../../engine/pipelines/environment-variables.ts'
import { inspectPipeline } from '../../engine/pipelines/inspect-pipeline.ts'
import type { LintOptions } from '../../engine/pipelines/lints.ts'
import type { ConfigProblem, PipelineInspection } from '../../engine/pipelines/pipeline.ts'
import { OF_THE_PROCESS, PIPELINE_PARTS, RESOURCE_LISTS } from '../../engine/pipelines/spec.ts'
import { expandTemplates } from '../../engine/pipelines/templates/expand-templates.ts'
import { NO_TEMPLATES } from '../../engine/pipelines/templates/template.ts'
import { readTestCases } from '../../engine/pipelines/testing-kit/test-case.ts'
import { isTemplateFile, isTestFile } from '../sets/config-names.ts'
import type { ModuleFault } from '../sets/grants.ts'
import type { Inspector } from '../sets/inspector.ts'
import type { Problem } from '../sets/problem.ts'
import { ProblemList } from '../sets/problem-list.ts'
import { readFile } from '../sets/read-file.ts'
import { readTemplateFile } from '../sets/template-file.ts'
import type { Path } from '../sets/tree.ts'
import { type ConfigDocument, type ConfigFile, readConfigFile } from './config-file.ts'

export interface FileLintOptions {
  readonly lints: LintOptions
  /** Resources of other files. */
  readonly resources: Readonly<Record<string, readonly unknown[]>>
  /** Whether a document may turn out to be no config at all: what somebody names is meant to be one. */
  readonly strangers: boolean
  /** Of sinks, with the templates that there are; pipelines are judged with the lints. */
  readonly inspector: Inspector
  /** Whether a file of code is one; where absent, none is looked at. */
  readonly moduleFault?: (module: string, file: string) => ModuleFault | undefined
}

/** Problems in the order of their places, each once. */
export async function lintFile(
  path: string,
  bytes: Uint8Array,
  options: FileLintOptions,
): Promise<readonly Problem[]> {
  const texts = isPage(path) ? blocksOf(Buffer.from(bytes).toString()) : [bytes]
  const problems: Problem[] = []
  for (const text of texts) problems.push(...(await lintText(path, text, options)))
  const once = new Map(problems.map((one) => [`${one.line} ${one.column} ${one.message}`, one]))
  return [...once.values()].sort(
    (left, right) => left.line - right.line || left.column - right.column,
  )
}

const isPage = (path: string): boolean => /\.(md|markdown)$/i.test(path)

async function lintText(
  path: string,
  bytes: Uint8Array,
  options: FileLintOptions,
): Promise<readonly Problem[]> {
  if (isDisabled(bytes)) return []
  if (isTemplateFile(path)) return readTemplateFile(path, bytes).problems
  const file = readConfigFile(path, bytes)
  const problems = [...file.problems]
  if (file.documents.some(({ as }) => as === 'pipeline' || as === 'resource')) {
    problems.push(...(await lintResources(path, bytes, options)))
  }
  for (const document of file.documents) {
    problems.push(...(await lintDocument(path, file, document, options)))
  }
  return problems
}

/** Before anything else than comments and blank lines. */
const DISABLED = /^(?:\uFEFF)?(?:[ \t]*(?:#[^\n]*)?\n)*[ \t]*# *(?:BENTHOS|HEADGATE) LINT DISABLE\b/

function isDisabled(bytes: Uint8Array): boolean {
  return DISABLED.test(Buffer.from(bytes).toString())
}

async function lintDocument(
  path: string,
  { source }: ConfigFile,
  { as, tree, path: at, config }: ConfigDocument,
  options: FileLintOptions,
): Promise<readonly Problem[]> {
  if (as !== 'config' && as !== 'pipeline') return []
  if (as === 'config' && options.strangers && !isKnown(config)) return []
  const list = new ProblemList(source, tree)
  if (isRecord(config)) {
    const { problems } = readTestCases(config['tests'])
    addAll(problems, [...at, 'tests'], list)
  }
  if (as === 'config' && !isTestFile(path)) {
    const { problems } = await inspectWith(config, path, options)
    addAll(problems.filter(isOfTheConfig), at, list)
  }
  return list.problems
}

/** What it says of its whole process is none of ours to judge. */
function isOfTheConfig({ path, severity }: ConfigProblem): boolean {
  const [key] = path
  return severity === 'error' || path.length !== 1 || !OF_THE_PROCESS.includes(String(key))
}

async function inspectWith(
  config: unknown,
  path: string,
  { lints, resources, inspector, moduleFault }: FileLintOptions,
): Promise<PipelineInspection> {
  const own = isRecord(config) ? config : {}
  const lists: Record<string, unknown> = {}
  const counts: Record<string, number> = {}
  for (const role of RESOURCE_LISTS) {
    const key = `${role}_resources`
    const shared = resources[key] ?? []
    const list = own[key] ?? []
    if (shared.length === 0 || !Array.isArray(list)) continue
    // Resources that are linted beside themselves are the same ones.
    const labels = new Set(list.map(labelOf))
    lists[key] = [...list, ...shared.filter((one) => !labels.has(labelOf(one)))]
    counts[key] = list.length
  }
  const whole = isRecord(config) ? { ...own, ...lists } : config
  const expanded = await expandTemplates(whole, inspector.templates ?? NO_TEMPLATES)
  const inspection = await inspectPipeline(expanded.config, { ...lints, unused: true })
  const found = [...expanded.problems, ...expanded.relocate(inspection.problems)]
  const isOwn = ({ path: [key, index] }: ConfigProblem): boolean =>
    typeof index !== 'number' || index < (counts[String(key)] ?? Number.POSITIVE_INFINITY)
  const modules = isPage(path) ? [] : moduleProblems(inspection, path, moduleFault)
  return { ...inspection, problems: [...found.filter(isOwn), ...modules] }
}

function moduleProblems(
  { modules = [] }: PipelineInspection,
  file: string,
  moduleFault: FileLintOptions['moduleFault'],
): readonly ConfigProblem[] {
  return modules.flatMap(({ module, path }) => {
    const fault = referencesIn(module).length > 0 ? undefined : moduleFault?.(module, file)
    if (fault === undefined) return []
    const code = 'ComponentConfigInvalid'
    return [{ path, at: 'value', severity: 'error', code, ...fault }]
  })
}

function labelOf(resource: unknown): unknown {
  return isRecord(resource) ? resource['label'] : undefined
}

/** Documents of ours, as a server judges them one by one; bare configs beside them are judged elsewhere. */
async function lintResources(
  path: string,
  bytes: Uint8Array,
  options: FileLintOptions,
): Promise<readonly Problem[]> {
  const inspector: Inspector = {
    pipeline: (config) => inspectWith(config, path, options),
    sink: (spec) => options.inspector.sink(spec),
  }
  // A page of Markdown is no file of resources; what it shows is.
  const { declarations, problems } = await readFile(`${path}.yaml`, bytes, inspector)
  const found = [...problems, ...declarations.flatMap((one) => one.problems)]
  return found.map((problem) => ({ ...problem, file: path }))
}

function addAll(problems: readonly ConfigProblem[], path: Path, list: ProblemList): void {
  for (const { within, path: at, ...problem } of problems) {
    const inText = within === undefined ? {} : { inText: within }
    list.add({ ...problem, layer: 'component', path: [...path, ...at], ...inText })
  }
}

const BLOCK = /^([ \t]*)(`{3,}|~{3,})[ \t]*ya?ml\b[^\n]*\n([\s\S]*?)^[ \t]*\2[ \t]*$/gim

/** Each as a text of its own, in which everything stands where it stands on the page. */
function blocksOf(page: string): readonly Uint8Array[] {
  return [...page.replaceAll('\r\n', '\n').matchAll(BLOCK)].flatMap((match) => {
    const [whole, , , block = ''] = match
    const before = page.replaceAll('\r\n', '\n').slice(0, match.index + whole.indexOf('\n') + 1)
    const text = '\n'.repeat(before.split('\n').length - 1) + block
    return isConfig(block) ? [Buffer.from(text)] : []
  })
}

const CONFIG_KEYS = [...PIPELINE_PARTS, ...RESOURCE_LISTS.map((role) => `${role}_resources`)]

function isKnown(config: unknown): boolean {
  return isRecord(config) && Object.keys(config).some((key) => CONFIG_KEYS.includes(key))
}

/** A page shows other YAML as well. */
function isConfig(block: string): boolean {
  const keys = [...block.matchAll(/^[ \t]*([a-z_A-Z]+):/gm)].map(([, key = '']) => key)
  return keys.includes('apiVersion')
    ? block.includes('headgate.dev/')
    : keys.some((key) => CONFIG_KEYS.includes(key))
}
