/**
 * What the processors `typescript` of a pipeline get and give: the streams that it reads, for one that comes first, and
 * those that it writes, for one that comes last. Anything else may have changed a record between, and is not guessed.
 */
import type { ProcessorStreams } from '../../engine/events/typescript.ts'

type Fields = Readonly<Record<string, unknown>>

/** Those that hand records on as they are. */
const LOOKERS = [
  'log',
  'metric',
  'noop',
  'json_schema',
  'rate_limit',
  'sleep',
  'dedupe',
  'bounds_check',
]

export function processorStreams(pipeline: string, spec: Fields): readonly ProcessorStreams[] {
  const listed = fieldsOf(spec['pipeline'])['processors']
  const all = Array.isArray(listed) ? listed.map(fieldsOf) : []
  const steps = all.filter((step) => !LOOKERS.some((name) => name in step))
  const reads = streamsOf(spec['input'])
  const writes = streamsOf(spec['output'])
  return steps.flatMap((step, index) => {
    if (!('typescript' in step)) return []
    const isFirst = index === 0
    const isLast = index === steps.length - 1
    return [{ pipeline, reads: isFirst ? reads : undefined, writes: isLast ? writes : undefined }]
  })
}

/** Undefined where one of its ends is no stream, or a processor of its own changes what comes. */
function streamsOf(value: unknown): readonly string[] | undefined {
  const component = fieldsOf(value)
  const { processors } = component
  if (Array.isArray(processors) && processors.length > 0) return undefined
  if ('stream' in component) {
    const { name } = fieldsOf(component['stream'])
    return typeof name === 'string' ? [name] : undefined
  }
  // What cannot be delivered goes elsewhere as it came.
  if ('dead_letter' in component) return streamsOf(fieldsOf(component['dead_letter'])['output'])
  if ('reject_errored' in component) return streamsOf(component['reject_errored'])
  if (Array.isArray(component['fallback'])) return streamsOf(component['fallback'][0])
  const ends = endsOf(component)
  const found = ends?.map(streamsOf)
  if (found === undefined || found.length === 0 || found.includes(undefined)) return undefined
  return found.flatMap((streams) => streams ?? [])
}

function endsOf(component: Fields): readonly unknown[] | undefined {
  const { inputs, outputs } = fieldsOf(component['broker'])
  const { cases } = fieldsOf(component['switch'])
  if (Array.isArray(cases)) return cases.map((one) => fieldsOf(one)['output'])
  const listed = inputs ?? outputs
  return Array.isArray(listed) ? listed : undefined
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}
