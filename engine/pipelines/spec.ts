/** The top level of a pipeline's spec: its parts, its resources, and which keys may stand there. */
import {
  type ConfigPath,
  isRecord,
  kindOf,
  problem,
  type Resource,
  suggestion,
} from './component-config.ts'
import { referencesIn } from './environment-variables.ts'
import type { ConfigProblem } from './pipeline.ts'

export interface PipelineSpec {
  readonly input: unknown
  readonly buffer: unknown
  readonly processors: readonly unknown[]
  /** As it is written; undefined, 0 and less are one a core. */
  readonly threads: unknown
  /** What keeps the order of the messages that have it in common, as it is written; undefined where nothing does. */
  readonly shardBy: string | undefined
  /** Whether what failed at a processor is rejected instead of delivered. */
  readonly strict: boolean
  readonly output: unknown
  readonly resources: ReadonlyMap<string, Resource>
  readonly problems: readonly ConfigProblem[]
}

export const PIPELINE_PARTS: readonly string[] = [
  'input',
  'buffer',
  'pipeline',
  'output',
  'error_handling',
  'tests',
]
const PROCESSORS_PARTS: readonly string[] = ['threads', 'shard_by', 'processors']
export const RESOURCE_LISTS = ['input', 'processor', 'output', 'cache', 'rate_limit'] as const
/** Of the kind Pipeline, not of Connect. */
const OURS = ['id', 'paused', 'runAs'] as const
/** Of a whole Connect process: a bare config may carry them, and they change nothing here. */
export const OF_THE_PROCESS: readonly string[] = [
  'http',
  'logger',
  'metrics',
  'tracer',
  'shutdown_delay',
  'shutdown_timeout',
]

export function readSpec(spec: unknown): PipelineSpec {
  const problems: ConfigProblem[] = []
  const given = isRecord(spec) ? spec : {}
  if (!isRecord(spec)) {
    problems.push(
      problem({ path: [], at: 'value', message: `expected a pipeline, got ${kindOf(spec)}` }),
    )
  }
  problems.push(...judgeKeys(given))
  return {
    input: given['input'],
    buffer: given['buffer'],
    processors: readProcessors(given['pipeline'], problems),
    threads: readThreads(given['pipeline'], problems),
    shardBy: readShardBy(given['pipeline'], problems),
    strict: readErrorHandling(given['error_handling'], problems),
    output: given['output'],
    resources: readResources(given, problems),
    problems,
  }
}

function judgeKeys(given: Readonly<Record<string, unknown>>): readonly ConfigProblem[] {
  const lists = RESOURCE_LISTS.map((role) => `${role}_resources`)
  const known: readonly string[] = [...PIPELINE_PARTS, ...lists, ...OURS]
  return Object.keys(given).flatMap((key) => {
    if (known.includes(key)) return []
    if (OF_THE_PROCESS.includes(key)) {
      return ofTheProcess([key])
    }
    const hint = suggestion(key, known)
    return problem({
      path: [key],
      at: 'key',
      message: `unknown field ${JSON.stringify(key)}`,
      found: key,
      ...hint,
    })
  })
}

function ofTheProcess(path: ConfigPath): ConfigProblem {
  const message = `${path.join('.')} belongs to a whole process and changes nothing here`
  return problem({ path, at: 'key', severity: 'warning', message })
}

function readThreads(pipeline: unknown, problems: ConfigProblem[]): unknown {
  const threads = isRecord(pipeline) ? (pipeline['threads'] ?? undefined) : undefined
  if (threads === undefined || Number.isSafeInteger(threads) || isReference(threads)) return threads
  const message = `expected a whole number, got ${kindOf(threads)}`
  const path = ['pipeline', 'threads']
  const isQuoted = typeof threads === 'string' && /^-?[0-9]+$/.test(threads)
  const hint = isQuoted ? 'Write it without quotes.' : 'Remove it for one a core.'
  problems.push(problem({ path, at: 'value', message, hint }))
  return undefined
}

function readShardBy(pipeline: unknown, problems: ConfigProblem[]): string | undefined {
  const shardBy = isRecord(pipeline) ? (pipeline['shard_by'] ?? '') : ''
  if (typeof shardBy === 'string') return shardBy.trim() === '' ? undefined : shardBy
  const message = `expected a query or text with \${! … } in it, got ${kindOf(shardBy)}`
  const hint =
    'Write what messages have in common that keep their order, such as ${! @headgate_key }.'
  problems.push(problem({ path: ['pipeline', 'shard_by'], at: 'value', message, hint }))
  return undefined
}

function readErrorHandling(value: unknown, problems: ConfigProblem[]): boolean {
  if (value === undefined || value === null) return false
  const path: ConfigPath = ['error_handling']
  if (!isRecord(value)) {
    const message = `expected an object, got ${kindOf(value)}`
    problems.push(
      problem({ path, at: 'value', message, hint: 'Write error_handling: {strict: true}.' }),
    )
    return false
  }
  for (const key of Object.keys(value)) {
    if (key !== 'strict') problems.push(ofTheProcess([...path, key]))
  }
  const strict = value['strict'] ?? false
  if (typeof strict === 'boolean') return strict
  if (!isReference(strict)) {
    const message = `expected true or false, got ${kindOf(strict)}`
    problems.push(problem({ path: [...path, 'strict'], at: 'value', message }))
  }
  return false
}

/** What it is shows once its variables are filled in. */
function isReference(value: unknown): boolean {
  return typeof value === 'string' && referencesIn(value).length > 0
}

function readProcessors(pipeline: unknown, problems: ConfigProblem[]): readonly unknown[] {
  if (pipeline === undefined || pipeline === null) return []
  const path: ConfigPath = ['pipeline']
  if (!isRecord(pipeline)) {
    problems.push(
      problem({ path, at: 'value', message: `expected an object, got ${kindOf(pipeline)}` }),
    )
    return []
  }
  for (const key of Object.keys(pipeline)) {
    if (PROCESSORS_PARTS.includes(key)) continue
    const message = `unknown field ${JSON.stringify(key)}`
    const hint = suggestion(key, PROCESSORS_PARTS)
    problems.push(problem({ path: [...path, key], at: 'key', message, ...hint }))
  }
  const { processors } = pipeline
  if (processors === undefined || processors === null) return []
  if (Array.isArray(processors)) return processors
  const message = `expected a list of processors, got ${kindOf(processors)}`
  problems.push(problem({ path: [...path, 'processors'], at: 'value', message }))
  return []
}

function readResources(
  given: Readonly<Record<string, unknown>>,
  problems: ConfigProblem[],
): ReadonlyMap<string, Resource> {
  const resources = new Map<string, Resource>()
  for (const role of RESOURCE_LISTS) {
    const key = `${role}_resources`
    const list = given[key] ?? []
    if (!Array.isArray(list)) {
      problems.push(
        problem({ path: [key], at: 'value', message: `expected a list, got ${kindOf(list)}` }),
      )
      continue
    }
    for (const [index, value] of list.entries()) {
      const path = [key, index]
      const label = isRecord(value) && typeof value['label'] === 'string' ? value['label'] : ''
      const taken = resources.has(`${role} ${label}`)
      if (label === '' || taken) {
        const message = taken ? `the label ${label} is taken` : 'expected a label'
        problems.push(problem({ path, at: 'value', message }))
      } else {
        resources.set(`${role} ${label}`, { value, path })
      }
    }
  }
  return resources
}
