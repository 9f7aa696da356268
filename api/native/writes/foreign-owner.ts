/**
 * What a folder or another source declares is not written here: the refusal names the source, and the file to edit. To
 * `kubectl scale` a conflict is a reason to try again for ever, so that a scale is forbidden.
 */
import { API_SOURCE } from '../../../controllers/resource-writes.ts'
import type { KindDefinition } from '../../../crds/kind.ts'
import type { ResourceObject } from '../../../crds/resource.ts'
import type { NativeContext } from '../context.ts'
import { StatusError } from '../status.ts'

export function refuseForeign(
  { controlPlane }: NativeContext,
  { kind, plural }: KindDefinition,
  namespace: string,
  name: string,
  isScale: boolean = false,
): void {
  const owner = ownerOf(controlPlane.resources.get(kind, namespace, name))
  if (owner === undefined || owner.source === API_SOURCE) return
  const message = `${kind} ${namespace}/${name} is owned by the source ${owner.source}: edit ${owner.place} instead`
  const causes = [{ reason: 'Conflict', message: `owned by the source ${owner.source}` }]
  const [code, reason] = isScale ? ([403, 'Forbidden'] as const) : ([409, 'Conflict'] as const)
  throw new StatusError(code, reason, message, {
    name,
    group: 'headgate.dev',
    kind: plural,
    causes,
  })
}

interface Owner {
  readonly source: string
  readonly place: string
}

/** The status of every resource tells the source and the place of its declaration. */
function ownerOf(object: ResourceObject | undefined): Owner | undefined {
  const { owner, origin } = (object?.status ?? {}) as Readonly<Record<string, unknown>>
  if (typeof owner !== 'string' || owner === '') return undefined
  return { source: owner, place: typeof origin === 'string' ? origin : 'its file' }
}
