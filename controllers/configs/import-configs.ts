/**
 * Connect configs → documents of Pipelines, with all that a person has to know of what changes on the way. Nothing is
 * read or written here.
 *
 * A stream is called as in streams mode: by its path without the ending, folders joined by `_`. Its text is kept as it
 * is, with its comments; the resources that it uses are written into it.
 */
import { isRecord } from '../../engine/pipelines/component-config.ts'
import { inspectPipeline } from '../../engine/pipelines/inspect-pipeline.ts'
import type { ConfigProblem } from '../../engine/pipelines/pipeline.ts'
import { OF_THE_PROCESS, RESOURCE_LISTS } from '../../engine/pipelines/spec.ts'
import { unknownLabelOf } from '../../engine/pipelines/unknown-label.ts'
import { isTemplateFile, isTestFile } from '../sets/config-names.ts'
import { isName, slug } from '../sets/object-meta.ts'
import type { Problem } from '../sets/problem.ts'
import { ProblemList } from '../sets/problem-list.ts'
import type { SourceText } from '../sets/source-text.ts'
import type { MapTree, Path } from '../sets/tree.ts'
import { yamlText } from '../sets/yaml-text.ts'
import { type ConfigDocument, readConfigFile } from './config-file.ts'
import { topLevelTexts } from './top-level.ts'

export interface ConnectFile {
  /** From the folder that is imported. */
  readonly path: string
  /** As problems name it. */
  readonly shown: string
  readonly bytes: Uint8Array
}

export interface Imported {
  readonly pipelines: readonly ImportedPipeline[]
  /** Tests, with what they name. */
  readonly tests: readonly ConnectFile[]
  /** An error is something that cannot be carried over; a warning says what is different here. */
  readonly problems: readonly Problem[]
  /** Files that are no configs. */
  readonly notes: readonly string[]
}

export interface ImportedPipeline {
  /** The path of its file: that of the config, as YAML. */
  readonly path: string
  readonly name: string
  readonly id: string
  readonly text: string
}

interface Config {
  readonly file: ConnectFile
  readonly source: SourceText
  readonly tree: MapTree
  readonly value: Readonly<Record<string, unknown>>
}

interface SharedResource {
  readonly label: string
  readonly value: unknown
  readonly config: Config
  readonly index: number
}

/** By the list that they stand in. */
type Shared = ReadonlyMap<string, readonly SharedResource[]>

const PARTS: readonly string[] = ['input', 'buffer', 'pipeline', 'output']

/** `others` hold resources and what is of the whole process: `-r` and `-o`. */
export async function importConfigs(
  files: readonly ConnectFile[],
  others: readonly ConnectFile[],
): Promise<Imported> {
  const problems: Problem[] = []
  const notes: string[] = []
  const read = (list: readonly ConnectFile[]): readonly Config[] =>
    list
      .filter(({ path }) => !isTestFile(path) && !isTemplateFile(path))
      .flatMap((file) => configsOf(file, problems, notes))
  const configs = read(files)
  const beside = read(others)
  const streams = configs.filter(({ value }) => PARTS.some((part) => part in value))
  const shared = sharedOf([...configs.filter((one) => !streams.includes(one)), ...beside])
  const strict = beside.find(isStrict)
  for (const config of [...configs, ...beside]) problems.push(...ofTheProcess(config))
  const pipelines: ImportedPipeline[] = []
  const users = new Map<SharedResource, string>()
  for (const stream of streams) {
    const made = await importStream(stream, shared, strict !== undefined)
    pipelines.push(made.pipeline)
    problems.push(...made.problems, ...sharedState(made.used, made.pipeline.id, users))
  }
  problems.push(...sameNames(pipelines, streams))
  const tests = files.filter(({ path }) => isTestFile(path))
  return { pipelines, tests, problems, notes }
}

function configsOf(file: ConnectFile, problems: Problem[], notes: string[]): readonly Config[] {
  const read = readConfigFile(file.shown, file.bytes)
  problems.push(...read.problems)
  const [first, ...rest] = read.documents
  if (first === undefined) return []
  if (first.as !== 'config') {
    notes.push(`${file.shown}: passed over: it has documents with apiVersion and kind`)
    return []
  }
  if (!isConfig(first)) {
    notes.push(`${file.shown}: passed over: it is no config`)
    return []
  }
  if (rest.length > 0) notes.push(`${file.shown}: only the first of its documents is a config`)
  const { tree, config } = first
  if (tree.kind !== 'map' || !isRecord(config)) return []
  return [{ file, source: read.source, tree, value: config }]
}

const KEYS = [...PARTS, ...OF_THE_PROCESS, ...RESOURCE_LISTS.map((role) => `${role}_resources`)]

function isConfig({ config }: ConfigDocument): boolean {
  return isRecord(config) && Object.keys(config).some((key) => KEYS.includes(key))
}

function isStrict({ value }: Config): boolean {
  const { error_handling: handling } = value
  return isRecord(handling) && handling['strict'] === true
}

function sharedOf(configs: readonly Config[]): Shared {
  const shared = new Map<string, SharedResource[]>()
  for (const config of configs) {
    for (const role of RESOURCE_LISTS) {
      const key = `${role}_resources`
      const list = config.value[key]
      if (!Array.isArray(list)) continue
      const known = shared.get(key) ?? []
      for (const [index, value] of list.entries()) {
        const label = isRecord(value) ? String(value['label'] ?? '') : ''
        known.push({ label, value, config, index })
      }
      shared.set(key, known)
    }
  }
  return shared
}

/** What to do instead, where there is something. */
const PROCESS_HINTS: Readonly<Record<string, string>> = {
  http: 'headgate up --listen ADDRESS says where it listens',
  logger: 'the server logs for all pipelines at once',
  metrics: 'GET /metrics has the metrics of all pipelines',
  shutdown_timeout: 'a pipeline stops in order within 30 s, and by force then',
}

function ofTheProcess({ source, tree, value }: Config): readonly Problem[] {
  const list = new ProblemList(source, tree)
  for (const key of Object.keys(value)) {
    if (!OF_THE_PROCESS.includes(key) || key === 'error_handling') continue
    const hint = PROCESS_HINTS[key]
    list.add({
      layer: 'component',
      code: 'ComponentConfigInvalid',
      severity: 'warning',
      path: [key],
      at: 'key',
      message: `${key} belongs to a whole process and is not carried over`,
      ...(hint === undefined ? {} : { hint }),
    })
  }
  return list.problems
}

interface ImportedStream {
  readonly pipeline: ImportedPipeline
  readonly problems: readonly Problem[]
  readonly used: readonly SharedResource[]
}

async function importStream(
  stream: Config,
  shared: Shared,
  strict: boolean,
): Promise<ImportedStream> {
  const { file, source, tree, value } = stream
  const added: Record<string, unknown> = {}
  // Connect reads standard input and writes standard output where nothing else is said.
  if (!('input' in value)) added['input'] = { stdin: {} }
  if (!('output' in value)) added['output'] = { stdout: {} }
  if (strict && !('error_handling' in value)) added['error_handling'] = { strict: true }
  const { used, problems } = await withResources({ ...value, ...added }, shared)
  const lists = Object.groupBy(used, ({ key }) => key)
  const texts = new Map(topLevelTexts(source, tree))
  for (const key of OF_THE_PROCESS) if (key !== 'error_handling') texts.delete(key)
  for (const [key, more = []] of Object.entries(lists)) {
    const own = value[key]
    added[key] = [...(Array.isArray(own) ? own : []), ...more.map(({ resource }) => resource.value)]
    texts.delete(key)
  }
  const body = [
    ...texts.values(),
    ...Object.entries(added).map((one) => yamlText(Object.fromEntries([one]))),
  ]
  const id = idOf(file.path)
  const name = nameOf(id)
  const list = new ProblemList(source, tree)
  if (name !== id) {
    const message = `the id ${id} is no name of a resource: it is called ${name}, and keeps its id`
    list.add({ ...WARNING, path: [], at: 'key', message })
  }
  for (const found of problems) addProblem(found, used, list)
  const path = file.path.replace(/\.[^./]*$/, '.yaml')
  const text = withQuotes(path, documentText(file.shown, { name, id }, body))
  return {
    pipeline: { path, name, id, text },
    problems: list.problems,
    used: used.map(({ resource }) => resource),
  }
}

const WARNING = {
  layer: 'component',
  code: 'ComponentConfigInvalid',
  severity: 'warning',
} as const

interface Used {
  readonly key: string
  readonly resource: SharedResource
  /** Where it stands in the list of the pipeline. */
  readonly index: number
}

/** Adds what is named and not there, and then what that names, until nothing more can be found. */
async function withResources(
  config: Readonly<Record<string, unknown>>,
  shared: Shared,
): Promise<{ readonly used: readonly Used[]; readonly problems: readonly ConfigProblem[] }> {
  const used: Used[] = []
  let whole = config
  for (;;) {
    const { problems } = await inspectPipeline(whole)
    const found = problems.flatMap(({ message }) => {
      const { list: key = '', label } = unknownLabelOf(message) ?? {}
      const resource = shared.get(key)?.find((one) => one.label === label)
      const isNew = used.every((one) => one.resource !== resource)
      return resource !== undefined && isNew ? [{ key, resource }] : []
    })
    const [first] = found
    if (first === undefined) return { used, problems }
    const list = whole[first.key]
    const before: readonly unknown[] = Array.isArray(list) ? list : []
    used.push({ ...first, index: before.length })
    whole = { ...whole, [first.key]: [...before, first.resource.value] }
  }
}

/** At the place where it was written: in the config, or in the file of the resource. */
function addProblem(
  { within, path, ...problem }: ConfigProblem,
  used: readonly Used[],
  list: ProblemList,
): void {
  const [key, index, ...rest] = path
  if (OF_THE_PROCESS.includes(String(key)) && path.length === 1) return
  const inText = within === undefined ? {} : { inText: within }
  const from = used.find((one) => one.key === key && one.index === index)
  if (from === undefined) {
    list.add({ ...problem, layer: 'component', path, ...inText })
    return
  }
  const { config, index: place } = from.resource
  const other = new ProblemList(config.source, config.tree)
  const at: Path = [from.key, place, ...rest]
  other.add({ ...problem, layer: 'component', path: at, ...inText })
  list.problems.push(...other.problems)
}

/** Caches and rate limits that streams share in one process are several now. */
function sharedState(
  used: readonly SharedResource[],
  id: string,
  users: Map<SharedResource, string>,
): readonly Problem[] {
  return used.flatMap((resource) => {
    const other = users.get(resource)
    users.set(resource, id)
    const key = resource.config.value['cache_resources']
    const holdsState =
      (Array.isArray(key) && key.includes(resource.value)) || isIn(resource, 'rate_limit_resources')
    if (other === undefined || !holdsState) return []
    const { source, tree } = resource.config
    const list = new ProblemList(source, tree)
    const role = isIn(resource, 'rate_limit_resources') ? 'rate_limit' : 'cache'
    list.add({
      ...WARNING,
      path: [`${role}_resources`, resource.index],
      at: 'value',
      message: `${other} and ${id} shared ${resource.label}; here each has its own`,
      hint: 'join them into one pipeline, or use a cache of type file, where it has to be one',
    })
    return list.problems
  })
}

function isIn({ config, value }: SharedResource, key: string): boolean {
  const list = config.value[key]
  return Array.isArray(list) && list.includes(value)
}

function sameNames(
  pipelines: readonly ImportedPipeline[],
  streams: readonly Config[],
): readonly Problem[] {
  return pipelines.flatMap(({ name, id, path }, index) => {
    const first = pipelines.findIndex((one) => one.name === name || one.path === path)
    const [stream, other] = [streams[index], streams[first]]
    if (first === index || stream === undefined || other === undefined) return []
    const list = new ProblemList(stream.source, stream.tree)
    list.add({
      layer: 'reference',
      code: 'NameDuplicate',
      path: [],
      at: 'key',
      message: `${id} is the name of ${other.file.shown} already`,
      hint: 'rename one of the files',
    })
    return list.problems
  })
}

/** As in streams mode. */
function idOf(path: string): string {
  return path.replace(/\.[^./]*$/, '').replaceAll('/', '_')
}

function nameOf(id: string): string {
  return isName(id) ? id : slug(id) || 'stream'
}

/** Words such as `n` and `on` are text to Connect, and refused plain in a document: some readers take them for others. */
function withQuotes(path: string, text: string): string {
  const lines = text.split('\n')
  const { problems } = readConfigFile(path, Buffer.from(text))
  // From the end of a line on, so that what comes before keeps its place.
  const refused = problems
    .filter(({ code }) => code === 'YamlRefused')
    .sort((left, right) => right.column - left.column)
  for (const { line, column, width = 1 } of refused) {
    const points = [...(lines[line - 1] ?? '')]
    const word = points.slice(column - 1, column - 1 + width).join('')
    if (!PLAIN_WORD.test(word)) continue
    points.splice(column - 1, width, JSON.stringify(word))
    lines[line - 1] = points.join('')
  }
  return lines.join('\n')
}

const PLAIN_WORD = /^[A-Za-z0-9_:+.-]+$/

function documentText(
  from: string,
  { name, id }: { readonly name: string; readonly id: string },
  body: readonly string[],
): string {
  const lines = body.flatMap((text) => text.trimEnd().split('\n'))
  return [
    `# Imported from ${from}.`,
    'apiVersion: headgate.dev/v1alpha1',
    'kind: Pipeline',
    `metadata: {name: ${name}}`,
    'spec:',
    ...(name === id ? [] : [`  id: ${JSON.stringify(id)}`]),
    ...lines.map((line) => (line === '' ? line : `  ${line}`)),
    '',
  ].join('\n')
}
