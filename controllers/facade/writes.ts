/**
 * Single objects that are written through an API: judged, durable, then given to their loop. Writes are made between two
 * looks, so that no look is about a set that is gone already.
 */
import {
  API_VERSION,
  type Identity,
  identityKey,
  identityText,
  type ResourceObject,
} from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'
import { intendApply } from '../apply/intents.ts'
import type { SourceLoop } from '../apply/source-loop.ts'
import { masked } from '../plan/mask.ts'
import type { Action } from '../plan/plan.ts'
import { alreadySettled } from '../plan/settle.ts'
import { fieldsOfProblems } from '../posted/fields-of-problems.ts'
import { ProblemsError } from '../problems-error.ts'
import {
  API_SOURCE,
  type Preconditions,
  type RemoveObjectRequest,
  type ResourceWrites,
  type WriteRequest,
  type WrittenObject,
} from '../resource-writes.ts'
import type { Resource, ResourceSet } from '../sets/resource-set.ts'
import { refusalOfWrite } from './refusal-of-write.ts'
import { readResource, resourcesOf } from './resources.ts'
import type { Running } from './running.ts'

export function writesOf(running: Running): ResourceWrites {
  return {
    written: (identity) => running.posted.objects.all().get(identityKey(identity))?.written,
    put: (request) => apiLoop(running).between(() => put(request, running)),
    async remove(request) {
      const loop = apiLoop(running)
      const last = await loop.between(() => remove(request, running))
      if (!request.dryRun) await loop.lookNow()
      return last
    },
  }
}

async function put(request: WriteRequest, running: Running): Promise<ResourceObject> {
  const { identity, written, dryRun } = request
  const { api } = running.postedSources
  requirePreconditions(request, running)
  const set = await api.readWith({ identity, written })
  const before = requirePreconditions(request, running)
  const { resource, action } = judged(set, request, running)
  if (dryRun) return asItWouldBe(before, resource)
  if (before !== undefined && isWritten(request, running)) return before
  api.write({ identity, written })
  intend(resource, action, running)
  apiLoop(running).lookAgain()
  return shown(identity, running)
}

/** Throws what refuses it. */
function judged(
  set: ResourceSet,
  { identity, written }: WriteRequest,
  running: Running,
): { readonly resource: Resource; readonly action: Action | undefined } {
  const key = identityKey(identity)
  const member = set.members.get(key)
  if (member?.state !== 'valid') {
    const file = running.postedSources.api.pathOf(identity)
    const problems = (member ?? set).problems.filter((problem) => problem.file === file)
    const fields = fieldsOfProblems(written.object, problems)
    throw new ProblemsError(identityText(identity), problems, fields)
  }
  const plan = apiLoop(running).planFor(set, settledNow(set, running))
  const action = plan.actions.find((one) => identityKey(one.identity) === key)
  const refusal = refusalOfWrite(action, running.catalog.entries.get(key))
  if (refusal !== undefined) throw refusal
  if (running.catalog.entries.get(key)?.removal !== undefined)
    throw new HeadgateError('ObjectChanged', `${identityText(identity)} is being deleted.`, {
      hint: 'Write it again in a moment.',
    })
  return { resource: member.resource, action }
}

/** Says what the caller saw last, or throws. Answers the object as it is. */
function requirePreconditions(
  request: WriteRequest | (RemoveObjectRequest & { readonly expects?: undefined }),
  running: Running,
): ResourceObject | undefined {
  const { identity, expects } = request
  const object = readResource(identity, running)
  // What is only declared, by another source, is no object yet.
  const exists = object?.metadata.uid !== undefined
  if (expects === 'absent' && exists)
    throw new HeadgateError('AlreadyExists', `${identityText(identity)} exists already.`)
  if (expects === 'present' && !exists)
    throw new HeadgateError('NotFound', `There is no ${identityText(identity)}.`)
  const seen = exists
    ? resourcesOf(running).get(identity.kind, identity.namespace, identity.name)
    : undefined
  requireSame(identity, request, seen)
  return seen
}

function requireSame(
  identity: Identity,
  { resourceVersion, uid }: Preconditions,
  object: ResourceObject | undefined,
): void {
  const { metadata } = object ?? {}
  if (uid !== undefined && uid !== metadata?.uid)
    throw new HeadgateError(
      'ObjectChanged',
      `${identityText(identity)}: expected the uid ${uid}, got ${metadata?.uid ?? 'none'}`,
    )
  if (resourceVersion !== undefined && resourceVersion !== metadata?.resourceVersion)
    throw new HeadgateError(
      'ObjectChanged',
      `${identityText(identity)} was changed: expected the resourceVersion ${resourceVersion}, got ${metadata?.resourceVersion ?? 'none'}`,
      { hint: 'Read it again, and repeat the change on what is there now.' },
    )
}

/** The very same, managed fields included. */
function isWritten({ identity, written }: WriteRequest, { posted }: Running): boolean {
  const before = posted.objects.all().get(identityKey(identity))?.written
  return before !== undefined && textOf(before) === textOf(written)
}

function textOf({ object, managedFields }: WrittenObject): string {
  return JSON.stringify([object, managedFields])
}

/** It gets its uid and generation; what changes nothing of the spec is a new version of the same generation. */
function intend(resource: Resource, action: Action | undefined, running: Running): void {
  const { catalog, options } = running
  const { identity } = resource
  const entry = catalog.entries.get(identityKey(identity))
  const before = entry?.pending ?? entry?.accepted
  if (entry === undefined || before?.digest !== resource.digest) {
    const cause = running.postedSources.api.originOf(identity)
    const { verb = 'create', uid = entry?.uid } = action ?? {}
    catalog.atomically(() =>
      intendApply(API_SOURCE, { verb, identity, uid, cause }, resource, {
        catalog,
        clock: options.clock,
        random: options.random,
      }),
    )
  } else {
    const { pending, accepted } = entry
    catalog.entries.put({
      ...entry,
      accepted: pending === undefined ? resource : accepted,
      pending: pending === undefined ? undefined : resource,
    })
  }
}

function asItWouldBe(before: ResourceObject | undefined, resource: Resource): ResourceObject {
  const { identity, labels, annotations, spec } = resource
  const { kind, name, namespace } = identity
  const shownSpec = masked(spec, undefined)
  const isNewSpec = JSON.stringify(before?.spec) !== JSON.stringify(shownSpec)
  const generation = (before?.metadata.generation ?? 0) + (isNewSpec ? 1 : 0)
  const metadata = { ...before?.metadata, name, namespace, generation, labels, annotations }
  return { apiVersion: API_VERSION, ...before, kind, metadata, spec: shownSpec }
}

async function remove(request: RemoveObjectRequest, running: Running): Promise<ResourceObject> {
  const { identity } = request
  const { catalog, posted } = running
  const { api } = running.postedSources
  const key = identityKey(identity)
  requireOwn(identity, running)
  requirePreconditions(request, running)
  const set = await api.readWith({ identity, written: undefined })
  const last = requirePreconditions(request, running) ?? readResource(identity, running)
  if (last === undefined)
    throw new HeadgateError('NotFound', `There is no ${identityText(identity)}.`)
  markRemoval(identity, set, request.dryRun, running)
  if (!request.dryRun && posted.objects.all().has(key)) api.write({ identity, written: undefined })
  catalog.prunes.forget(API_SOURCE, identity)
  return last
}

function requireOwn(identity: Identity, { catalog, posted }: Running): void {
  const key = identityKey(identity)
  const entry = catalog.entries.get(key)
  const owner = entry?.owner ?? (posted.objects.all().has(key) ? API_SOURCE : undefined)
  if (owner === undefined)
    throw new HeadgateError('NotFound', `There is no ${identityText(identity)}.`)
  const refusal = refusalOfWrite(undefined, entry)
  if (owner !== API_SOURCE && refusal !== undefined) throw refusal
}

/** The mark comes first: it is what makes the absence explicit. All of it is undone when the planner says no. */
function markRemoval(
  identity: Identity,
  set: ResourceSet,
  dryRun: boolean,
  running: Running,
): void {
  const { catalog } = running
  const key = identityKey(identity)
  const entry = catalog.entries.get(key)
  if (entry === undefined) return
  try {
    catalog.atomically(() => {
      const marked = catalog.entries.put({ ...entry, removal: 'delete' })
      const plan = apiLoop(running).planFor(set, settledNow(set, running))
      const action = plan.actions.find((one) => identityKey(one.identity) === key)
      const refusal = refusalOfWrite(action, entry)
      if (refusal !== undefined) throw refusal
      if (dryRun) throw new DryRun()
      if (action?.verb === 'retain') catalog.entries.put({ ...marked, removal: 'retain' })
    })
  } catch (error) {
    if (!(error instanceof DryRun)) throw error
  }
}

/** Takes back what was written to see what would come of it. */
class DryRun extends Error {}

function shown({ kind, namespace, name }: Identity, running: Running): ResourceObject {
  const object = resourcesOf(running).get(kind, namespace, name)
  if (object !== undefined) return object
  throw new HeadgateError('Internal', `${kind} ${namespace}/${name} was written and is not there.`)
}

/** A write is explicit: nothing that follows from it waits for a second look. */
function settledNow(set: ResourceSet, running: Running): ReturnType<typeof alreadySettled> {
  return alreadySettled(set, apiLoop(running).policy().pruneSettleMs)
}

function apiLoop({ loops }: Running): SourceLoop {
  const loop = loops.get(API_SOURCE)
  if (loop !== undefined) return loop
  throw new HeadgateError('Internal', 'The source of single objects is not there.')
}
