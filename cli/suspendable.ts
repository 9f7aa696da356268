/** What may be suspended and resumed: a source by its name, or a resource by kind and name. */
import type { ArgumentDefinition, Invocation } from './command.ts'
import { textOption } from './command.ts'
import type { Gettable } from './kind-names.ts'

const SOURCES: Pick<Gettable, 'namespaced' | 'plural'> = { namespaced: false, plural: 'sources' }

export const SUSPENDABLE_ARGUMENTS: readonly ArgumentDefinition[] = [
  { name: 'TARGET', required: true, summary: 'A source; or a kind, with the name behind it.' },
  { name: 'NAME', required: false, summary: 'The name of the resource.' },
]

export interface Suspendable {
  readonly kind: Pick<Gettable, 'namespaced' | 'plural'>
  readonly path: string
  /** `Source local`, `stream/orders` */
  readonly text: string
  /** Undefined for a resource. */
  readonly source: string | undefined
}

export async function suspendableOf(invocation: Invocation): Promise<Suspendable> {
  const [{ declaredTargetOf, targetText }, { objectPath }, { sourcePath }] = await Promise.all([
    import('./target.ts'),
    import('./objects.ts'),
    import('./plan-client.ts'),
  ])
  const [first = '', name] = invocation.arguments
  const source = sourceOf(first, name)
  if (source !== undefined)
    return { kind: SOURCES, path: sourcePath(source), text: `Source ${source}`, source }
  const target = await declaredTargetOf(invocation.arguments)
  const namespace = textOption(invocation, 'namespace') ?? 'default'
  return {
    kind: target.kind,
    path: objectPath(target.kind, namespace, target.name),
    text: targetText(target),
    source: undefined,
  }
}

/** `local`, `source local` and `source/local` all mean the source. */
function sourceOf(first: string, name: string | undefined): string | undefined {
  const behind = /^sources?\/(.+)$/i.exec(first)?.[1]
  if (behind !== undefined) return behind
  if (/^sources?$/i.test(first) && name !== undefined) return name
  return first.includes('/') || name !== undefined ? undefined : first
}
