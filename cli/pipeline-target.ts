/** A pipeline or sink as a person names it: `clean`, `pipeline/clean`, `sink/archive`, in any form of the kind. */
import { HeadgateError } from '../engine/error.ts'

export interface PipelineTarget {
  readonly kind: 'pipeline' | 'sink'
  readonly name: string
}

/** `hint`: what else to do with what is neither. */
export function pipelineTarget(word: string, hint?: string): PipelineTarget {
  const [kind = '', ...rest] = word.split('/')
  if (rest.length === 0) return { kind: 'pipeline', name: word }
  const name = rest.join('/')
  if (/^pipe(lines?)?$/i.test(kind)) return { kind: 'pipeline', name }
  if (/^(snk|sinks?)$/i.test(kind)) return { kind: 'sink', name }
  const forms = 'Write NAME for a pipeline, sink/NAME for a sink'
  throw new HeadgateError('Usage', `expected a pipeline or a sink, got "${word}"`, {
    hint: hint === undefined ? `${forms}.` : `${forms}; ${hint}`,
  })
}

/** Its path in the API. */
export function pipelinePath(namespace: string, target: PipelineTarget): string {
  return `/namespaces/${encodeURIComponent(namespace)}/${pathWithin(target)}`
}

/** Its path beneath its namespace. */
export function pathWithin({ kind, name }: PipelineTarget): string {
  return `${kind}s/${encodeURIComponent(name)}`
}
