/** What a `spec.reset` says wrongly about what is read: there is nothing to move, or it is not said which. */
import { fieldsOf } from '../../crds/spec-reading.ts'
import { whereOf } from '../../engine/log/where-text.ts'
import { nearest } from '../../engine/suggest.ts'
import type { ProblemList } from './problem-list.ts'
import type { Declaration } from './read-document.ts'

export function checkReset(declaration: Declaration, list: Pick<ProblemList, 'add'>): void {
  const { identity, spec, specPath, problems } = declaration
  if (spec['reset'] === undefined || problems.some(({ severity }) => severity === 'error')) return
  const { to } = fieldsOf(spec['reset'])
  const path = [...specPath, 'reset']
  if (whereOf(String(to)) === undefined)
    list.add({
      layer: 'reference',
      code: 'FieldInvalid',
      path: [...path, 'to'],
      at: 'value',
      message: `expected a time that there is, got ${JSON.stringify(to)}`,
      expected: 'a time that there is',
      found: String(to),
    })
  if (identity.kind === 'Pipeline') checkStreams(declaration, path, list)
}

function checkStreams(
  { spec, inspection }: Declaration,
  path: readonly string[],
  list: Pick<ProblemList, 'add'>,
): void {
  const uses = inspection?.streams.filter(({ access }) => access === 'read') ?? []
  const names = [...new Set(uses.map(({ stream }) => stream))]
  const { to, stream, shards } = fieldsOf(spec['reset'])
  const place = { layer: 'reference', at: 'value' } as const
  if (names.length === 0)
    list.add({
      ...place,
      code: 'FieldInvalid',
      path,
      at: 'key',
      message: 'there is nothing to reset: this Pipeline reads no stream',
      hint: 'remove it; an input such as kafka_franz keeps its position with its broker, and is moved there',
    })
  else if (typeof stream === 'string' && !names.includes(stream) && !names.some(hangsOnVariable)) {
    const meant = nearest(stream, names)
    list.add({
      ...place,
      code: 'ReferenceUnresolved',
      path: [...path, 'stream'],
      message: `expected a stream that this Pipeline reads, got ${stream}`,
      expected: names.join(' or '),
      found: stream,
      hint: meant === undefined ? `it reads ${names.join(', ')}` : `did you mean ${meant}?`,
    })
  } else if (stream === undefined && names.length > 1 && (shards !== undefined || isSequence(to)))
    list.add({
      ...place,
      code: 'FieldInvalid',
      path: [...path, shards === undefined ? 'to' : 'shards'],
      message: `expected the name of a stream beside ${shards === undefined ? 'a sequence' : 'shards'}: this Pipeline reads ${names.join(' and ')}`,
      hint: `add stream: ${names[0]}`,
    })
}

function hangsOnVariable(name: string): boolean {
  return name.includes('${')
}

function isSequence(to: unknown): boolean {
  return whereOf(String(to))?.kind === 'sequence'
}
