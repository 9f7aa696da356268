/** TypeScript of the streams of one namespace of a set, and of the functions that its pipelines run. */
import { resolveEventType, type TypeDeclaration } from '../../engine/events/event-type.ts'
import { type ProcessorStreams, typescriptOf } from '../../engine/events/typescript.ts'
import { processorStreams } from './processor-streams.ts'
import type { ResourceSet } from './resource-set.ts'

/** Of a set without errors. */
export function declaredTypescript(set: ResourceSet, namespace: string): string {
  const declarations = new Map<string, TypeDeclaration>()
  const streams = new Map<string, string | undefined>()
  const processors: ProcessorStreams[] = []
  for (const member of set.members.values()) {
    const { kind, name } = member.identity
    if (member.state !== 'valid' || member.identity.namespace !== namespace) continue
    const { spec } = member.resource
    if (kind === 'StreamType') declarations.set(name, spec as unknown as TypeDeclaration)
    if (kind === 'Pipeline') processors.push(...processorStreams(name, spec))
    if (kind === 'Stream') {
      streams.set(name, typeof spec['type'] === 'string' ? spec['type'] : undefined)
    }
  }
  const sorted = [...declarations.keys()].toSorted()
  const types = sorted.flatMap((name) => {
    const resolved = resolveEventType(name, declarations)
    return resolved.ok ? [resolved.type] : []
  })
  return typescriptOf(
    types,
    new Map([...streams].toSorted(([one], [other]) => (one < other ? -1 : 1))),
    processors.toSorted((one, other) => (one.pipeline < other.pipeline ? -1 : 1)),
  )
}
