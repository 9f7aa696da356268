/** TypeScript of the streams of one namespace of a set. */
import { resolveEventType, type TypeDeclaration } from '../../engine/events/event-type.ts'
import { typescriptOf } from '../../engine/events/typescript.ts'
import type { ResourceSet } from './resource-set.ts'

/** Of a set without errors. */
export function declaredTypescript(set: ResourceSet, namespace: string): string {
  const declarations = new Map<string, TypeDeclaration>()
  const streams = new Map<string, string | undefined>()
  for (const member of set.members.values()) {
    const { kind, name } = member.identity
    if (member.state !== 'valid' || member.identity.namespace !== namespace) continue
    const { spec } = member.resource
    if (kind === 'StreamType') declarations.set(name, spec as unknown as TypeDeclaration)
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
  )
}
