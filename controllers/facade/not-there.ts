/** Says that a resource is not there, and which one was meant: one with that id, or with a name that is near. */
import { type Identity, identityText } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'
import { nearest } from '../../engine/suggest.ts'
import type { Running } from './running.ts'

export function notThere(
  { kind, namespace, name }: Identity,
  { catalog }: Pick<Running, 'catalog'>,
): HeadgateError {
  const entries = [...catalog.entries.all().values()].filter(
    ({ identity }) => identity.kind === kind && identity.namespace === namespace,
  )
  const named = entries.find(({ id }) => id === name)?.identity.name
  const near = nearest(
    name,
    entries.map(({ identity }) => identity.name),
  )
  const meant = named ?? near
  const where = `Those that there are: headgate get ${kind.toLowerCase()}s -A`
  return new HeadgateError('NotFound', `There is no ${identityText({ kind, namespace, name })}.`, {
    hint: meant === undefined ? where : `Did you mean ${meant}?`,
  })
}
