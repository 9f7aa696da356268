/** A pipeline or sink as a person names it: `clean`, `pipeline/clean`, `sink/archive`. */
import { HeadgateError } from '../engine/error.ts'

/** Its path in the API. */
export function pipelinePath(namespace: string, word: string): string {
  return `/namespaces/${encodeURIComponent(namespace)}/${pathWithin(word)}`
}

/** Its path beneath its namespace. */
export function pathWithin(word: string): string {
  const [kind = '', ...rest] = word.split('/')
  const name = rest.length === 0 ? word : rest.join('/')
  const collection = rest.length === 0 ? 'pipelines' : collectionOf(kind, word)
  return `${collection}/${encodeURIComponent(name)}`
}

function collectionOf(kind: string, word: string): string {
  if (/^pipe(lines?)?$/i.test(kind)) return 'pipelines'
  if (/^(snk|sinks?)$/i.test(kind)) return 'sinks'
  throw new HeadgateError('Usage', `expected a pipeline or a sink, got "${word}"`, {
    hint: 'Write NAME for a pipeline, sink/NAME for a sink.',
  })
}
