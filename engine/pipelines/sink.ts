/**
 * Turns a Sink into the Pipeline that it is: a stream, its filter and template, and the output of its endpoint.
 *
 * There is one delivery loop, the pipeline's; nothing here runs. Problems of the lowered config are told in the terms
 * of the Sink that a person wrote.
 */
import { parseDurationMs } from '../../crds/duration.ts'
import type { SinkSpec } from '../../crds/generated/specs.gen.ts'
import { parseSizeBytes } from '../../crds/size.ts'
import { bloblangProblems } from './bloblang-fields.ts'
import { sinkGroup } from './group-name.ts'
import { inspectPipeline } from './inspect-pipeline.ts'
import type { ConfigProblem, Need, PipelineInspection, StreamUse } from './pipeline.ts'

type Path = readonly (string | number)[]

export function lowerSink(name: string, spec: SinkSpec): Record<string, unknown> {
  const { from } = spec
  return {
    input: {
      stream: { name: from.stream, group: sinkGroup(name), start: from.start ?? 'earliest' },
    },
    pipeline: { threads: 1, processors: stepsOf(spec).map(({ mapping }) => ({ mapping })) },
    output: { standard: standardOf(spec) },
  }
}

/** As `inspectPipeline`, with paths in the Sink's own spec. */
export async function inspectSink(spec: SinkSpec): Promise<PipelineInspection> {
  const type: unknown = spec.endpoint.type
  if (type !== 'standard') return notYetAvailable(spec, type)
  const lowered = await inspectPipeline(lowerSink('inspected', spec))
  return {
    problems: problemsOf(lowered, spec),
    streams: lowered.streams.map((use): StreamUse => ({ ...use, path: pathIn(use.path, spec) })),
    needs: lowered.needs.map((need): Need => ({ ...need, path: pathIn(need.path, spec) })),
    exclusives: lowered.exclusives,
    secrets: lowered.secrets,
    atLeastOnceBecause: lowered.atLeastOnceBecause,
  }
}

/** A filter is judged as the query that a person wrote, not as the statement that it becomes. */
function problemsOf({ problems }: PipelineInspection, spec: SinkSpec): readonly ConfigProblem[] {
  const path = ['from', 'filter']
  const ofFilter = (problem: ConfigProblem): boolean => String(problem.path) === String(path)
  const raisedAll = problems.map((problem) => raised(problem, spec))
  const own = bloblangProblems('query', spec.from.filter ?? '', path)
  const others = raisedAll.filter((problem) => !ofFilter(problem))
  if (own.length > 0) return [...own, ...others]
  return raisedAll.filter(once).map((problem) => {
    if (!ofFilter(problem)) return problem
    // The bracket is ours: it closes what the query stands in.
    return { ...problem, message: problem.message.replace('expected `)`', 'expected the end') }
  })
}

interface Step {
  /** Where the text stands in the Sink. */
  readonly path: Path
  readonly mapping: string
  /** Lines of ours before the first of the text. */
  readonly linesBefore: number
}

/** The query stands on lines of its own: a comment at its end must not swallow what follows. */
function stepsOf({ from, template }: SinkSpec): readonly Step[] {
  const steps: Step[] = []
  if (from.filter !== undefined) {
    const mapping = `root = if !(\n${from.filter}\n) { deleted() }`
    steps.push({ path: ['from', 'filter'], mapping, linesBefore: 1 })
  }
  if (template !== undefined) {
    steps.push({ path: ['template'], mapping: template, linesBefore: 0 })
  }
  return steps
}

function standardOf({ endpoint, batch, retry, deadLetter }: SinkSpec): Record<string, unknown> {
  const { url, headers, payload_format, log_line_separator } = endpoint
  return {
    url,
    ...(headers === undefined ? {} : { headers }),
    ...(payload_format === undefined ? {} : { payload_format }),
    ...(log_line_separator === undefined ? {} : { log_line_separator }),
    retry: {
      attempts: retry?.attempts ?? 0,
      initial: connectDuration(retry?.initial ?? '1s'),
      max: connectDuration(retry?.max ?? '1m'),
      jitter: retry?.jitter ?? 0.2,
    },
    ...(deadLetter === undefined ? {} : { dead_letter: deadLetter.stream }),
    batching: {
      count: batch?.records ?? 1000,
      byte_size: parseSizeBytes(batch?.bytes ?? '1MiB') ?? 0,
      period: connectDuration(batch?.period ?? '1s'),
    },
  }
}

/** A day is no unit of Connect's durations. */
function connectDuration(text: string): string {
  const ms = parseDurationMs(text)
  return ms === undefined ? text : `${ms}ms`
}

function raised(problem: ConfigProblem, spec: SinkSpec): ConfigProblem {
  const step = stepAt(problem.path, spec)
  const path = pathIn(problem.path, spec)
  if (step === undefined || problem.within === undefined) return { ...problem, path }
  const { within, ...rest } = problem
  const line = within.line - step.linesBefore
  const lines = step.mapping.split('\n').length - 2 * step.linesBefore
  // Outside of the text: what the query left open is noticed behind it.
  if (line < 1 || line > lines) return { ...rest, path }
  return { ...rest, path, within: { line, column: within.column } }
}

function stepAt(path: Path, spec: SinkSpec): Step | undefined {
  const [root, list, index] = path
  if (root !== 'pipeline' || list !== 'processors' || typeof index !== 'number') return undefined
  return stepsOf(spec)[index]
}

function pathIn(path: Path, spec: SinkSpec): Path {
  const step = stepAt(path, spec)
  if (step !== undefined) return step.path
  const [root, component, field, ...rest] = path
  if (root === 'input') return field === 'start' ? ['from', 'start'] : ['from', 'stream']
  if (root !== 'output' || component !== 'standard') return []
  if (field === undefined)
    return spec.deadLetter === undefined ? ['endpoint'] : ['deadLetter', 'stream']
  if (field === 'dead_letter') return ['deadLetter', 'stream']
  if (field === 'batching') return ['batch', ...rest.map((name) => BATCH_FIELDS[name] ?? name)]
  return field === 'retry' ? ['retry', ...rest] : ['endpoint', field, ...rest]
}

const BATCH_FIELDS: Readonly<Record<string, string>> = { count: 'records', byte_size: 'bytes' }

/** One mistake in a query may be told twice, for it stands within a statement. */
function once(problem: ConfigProblem, index: number, all: readonly ConfigProblem[]): boolean {
  const same = (other: ConfigProblem) =>
    other.message === problem.message && String(other.path) === String(problem.path)
  return all.findIndex(same) === index
}

function notYetAvailable(spec: SinkSpec, type: unknown): PipelineInspection {
  const streams: StreamUse[] = [
    { stream: spec.from.stream, access: 'read', path: ['from', 'stream'] },
  ]
  if (spec.deadLetter !== undefined) {
    streams.push({
      stream: spec.deadLetter.stream,
      access: 'write',
      path: ['deadLetter', 'stream'],
    })
  }
  const problem: ConfigProblem = {
    path: ['endpoint', 'type'],
    at: 'value',
    severity: 'error',
    code: 'ComponentUnknown',
    message: `endpoint type ${JSON.stringify(type)} is not available yet`,
    expected: 'standard',
    found: String(type),
  }
  return {
    problems: [problem],
    streams,
    needs: [],
    exclusives: [],
    secrets: [],
    atLeastOnceBecause: undefined,
  }
}
