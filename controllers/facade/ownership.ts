/** Who owns a resource, decided by people: judged at once, remembered, and carried out by the plan that it is about. */
import { API_VERSION, type Identity, identityKey, identityText } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'
import { observeResources } from '../apply/observe.ts'
import type { Ownership, OwnershipAnswer } from '../ownership.ts'
import type { ObservedResource, OwnershipDecision } from '../plan/observed.ts'
import { API_SOURCE } from '../resource-writes.ts'
import type { Resource } from '../sets/resource-set.ts'
import { placeText } from '../status/place-text.ts'
import type { Running } from './running.ts'

export function ownershipOf(running: Running): Ownership {
  return {
    async adopt(identity, source) {
      requireSource(source, running)
      const { owner } = found(identity, running)
      if (owner === source) return stay(identity, 'adopt', source, running)
      if (owner !== undefined && running.loops.has(owner))
        throw new HeadgateError(
          'Conflict',
          `${identityText(identity)} is owned by source ${owner}, which is configured.`,
          { hint: `Transfer it instead: headgate transfer ${words(identity)} --to ${source}` },
        )
      return take(identity, { verb: 'adopt', to: source }, owner, running)
    },
    async transfer(identity, to) {
      requireSource(to, running)
      const { owner } = found(identity, running)
      if (owner === to) return stay(identity, 'transfer', to, running)
      if (owner === undefined || !running.loops.has(owner))
        throw new HeadgateError(
          'Conflict',
          `${identityText(identity)} is owned by ${owner === undefined ? 'no source' : `source ${owner}, which is not configured any more`}.`,
          { hint: `Adopt it instead: headgate adopt ${words(identity)} --source ${to}` },
        )
      return take(identity, { verb: 'transfer', to }, owner, running)
    },
    release: (identity) => release(identity, running),
  }
}

/** As commands take it. */
function words({ kind, namespace, name }: Identity): string {
  return `${kind.toLowerCase()} ${name}${namespace === 'default' ? '' : ` -n ${namespace}`}`
}

async function take(
  identity: Identity,
  decision: Extract<OwnershipDecision, { to: string }>,
  from: string | undefined,
  running: Running,
): Promise<OwnershipAnswer> {
  const { verb, to } = decision
  const key = identityKey(identity)
  const { accepted } = found(identity, running)
  running.catalog.ownership.put(key, decision)
  if (from === API_SOURCE) await forget(identity, running)
  if (to === API_SOURCE) await declare(identity, accepted, running)
  await running.loops.get(to)?.lookNow()
  if (from !== undefined) running.loops.get(from)?.planAgain()
  const done = found(identity, running).owner === to
  const what = identityText(identity)
  const message = done
    ? `Source ${to} owns ${what} now.`
    : waitsFor(identity, to, running, `Source ${to} takes ${what} once it declares it`)
  return { verb, identity, from, to, done, message }
}

async function release(identity: Identity, running: Running): Promise<OwnershipAnswer> {
  const { owner } = found(identity, running)
  const what = identityText(identity)
  const loop = owner === undefined ? undefined : running.loops.get(owner)
  if (owner === undefined || loop === undefined)
    throw new HeadgateError(
      'Conflict',
      owner === undefined
        ? `${what} is owned by no source.`
        : `${what} is owned by source ${owner}, which is not configured any more: nothing of it goes.`,
      { hint: 'A source that declares it may adopt it.' },
    )
  running.catalog.ownership.put(identityKey(identity), { verb: 'release' })
  if (owner === API_SOURCE) await forget(identity, running)
  await loop.lookNow()
  const done = found(identity, running).owner === undefined
  const origin = running.catalog.entries.get(identityKey(identity))?.origin
  const place = origin === undefined ? 'its declaration' : placeText(origin)
  const message = done
    ? `${what} is owned by no source now, and stays as it is.`
    : `Remove ${place}: ${what} then stays as it is, without an owner.`
  return { verb: 'release', identity, from: owner, to: undefined, done, message }
}

function waitsFor(identity: Identity, to: string, running: Running, message: string): string {
  const plan = running.loops.get(to)?.state().plan
  const key = identityKey(identity)
  const held = plan?.actions.find(
    (action) => action.verb === 'blocked' && identityKey(action.identity) === key,
  )
  return held === undefined ? `${message}.` : `${message} so that it can be: ${held.reason}`
}

/** As it was accepted: nobody writes it down for a source that has no files. */
async function declare(
  identity: Identity,
  accepted: Resource | undefined,
  { postedSources, loops }: Running,
): Promise<void> {
  if (accepted === undefined) return
  const { name, namespace, kind } = identity
  const { labels, annotations, spec } = accepted
  const metadata = {
    name,
    namespace,
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  }
  const object = { apiVersion: API_VERSION, kind, metadata, spec }
  await loops
    .get(API_SOURCE)
    ?.between(async () =>
      postedSources.api.write({ identity, written: { object, managedFields: [] } }),
    )
}

async function forget(identity: Identity, { postedSources, loops }: Running): Promise<void> {
  await loops
    .get(API_SOURCE)
    ?.between(async () => postedSources.api.write({ identity, written: undefined }))
}

/** What was decided before and waits is decided otherwise now. */
async function stay(
  identity: Identity,
  verb: 'adopt' | 'transfer',
  to: string,
  running: Running,
): Promise<OwnershipAnswer> {
  const { catalog, loops, posted } = running
  const key = identityKey(identity)
  const waits = catalog.ownership.all().has(key)
  catalog.ownership.remove(key)
  if (to === API_SOURCE && !posted.objects.all().has(key))
    await declare(identity, found(identity, running).accepted, running)
  if (waits) await loops.get(to)?.lookNow()
  const message = `Source ${to} owns ${identityText(identity)} already${waits ? ', and keeps it' : ''}.`
  return { verb, identity, from: to, to, done: true, message }
}

function found(identity: Identity, { catalog, options }: Running): ObservedResource {
  const resource = observeResources(catalog, options.engine.streams).get(identityKey(identity))
  if (resource !== undefined) return resource
  throw new HeadgateError('NotFound', `There is no ${identityText(identity)}.`)
}

function requireSource(source: string, { loops }: Running): void {
  if (loops.has(source)) return
  throw new HeadgateError('NotFound', `There is no source ${source}.`, {
    hint: `There are: ${[...loops.keys()].join(', ')}.`,
  })
}
