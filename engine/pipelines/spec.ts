/** The top level of a pipeline's spec: its parts, its resources, and which keys may stand there. */
import {
  type ConfigPath,
  isRecord,
  kindOf,
  problem,
  type Resource,
  suggestion,
} from './component-config.ts'
import type { ConfigProblem } from './pipeline.ts'

export interface PipelineSpec {
  readonly input: unknown
  readonly buffer: unknown
  readonly processors: readonly unknown[]
  readonly output: unknown
  readonly resources: ReadonlyMap<string, Resource>
  readonly problems: readonly ConfigProblem[]
}

const PARTS = ['input', 'buffer', 'pipeline', 'output', 'tests'] as const
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
  'error_handling',
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
    output: given['output'],
    resources: readResources(given, problems),
    problems,
  }
}

function judgeKeys(given: Readonly<Record<string, unknown>>): readonly ConfigProblem[] {
  const lists = RESOURCE_LISTS.map((role) => `${role}_resources`)
  const known: readonly string[] = [...PARTS, ...lists, ...OURS]
  return Object.keys(given).flatMap((key) => {
    if (known.includes(key)) return []
    if (OF_THE_PROCESS.includes(key)) {
      const message = `${key} belongs to a whole process and changes nothing here`
      return problem({ path: [key], at: 'key', severity: 'warning', message })
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
    if (key === 'threads' || key === 'processors') continue
    const message = `unknown field ${JSON.stringify(key)}`
    const hint = suggestion(key, ['threads', 'processors'])
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
