/** Says why there is nothing to work with: what is declared but never ran, what was meant, or that it is not there. */
import { type Identity, identityKey, identityText, type Kind } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'
import { nearest } from '../../engine/suggest.ts'
import { heldOf } from './held.ts'
import type { Running } from './running.ts'

export function notThere(identity: Identity, running: Running): HeadgateError {
  const { kind, namespace, name } = identity
  const { entries } = running.catalog
  const isDeclared =
    entries.get(identityKey(identity)) !== undefined || heldOf(identity, running).length > 0
  if (isDeclared) {
    const text = `${identityText(identity)} is declared, but has never run.`
    const where = namespace === 'default' ? '' : ` -n ${namespace}`
    return new HeadgateError('Conflict', text, {
      hint: `Why: headgate describe ${kind.toLowerCase()} ${name}${where}`,
    })
  }
  return new HeadgateError('NotFound', `There is no ${identityText(identity)}.`, {
    hint: hintOf(identity, running),
  })
}

/** One of the other kind with that name, or one with that id or a name that is near. */
function hintOf({ kind, namespace, name }: Identity, { catalog }: Running): string {
  const other: Kind = kind === 'Pipeline' ? 'Sink' : 'Pipeline'
  if (catalog.entries.get(identityKey({ kind: other, namespace, name })) !== undefined) {
    const written = other === 'Sink' ? `sink/${name}` : name
    return `There is a ${other} of that name: write ${written}`
  }
  const entries = [...catalog.entries.all().values()].filter(
    ({ identity }) => identity.kind === kind && identity.namespace === namespace,
  )
  const named = entries.find(({ id }) => id === name)?.identity.name
  const near = nearest(
    name,
    entries.map(({ identity }) => identity.name),
  )
  const meant = named ?? near
  if (meant !== undefined) return `Did you mean ${meant}?`
  return `Those that there are: headgate get ${kind.toLowerCase()}s -A`
}
