/** Answers what the API and the CLI ask of the control plane, from memory wherever that is possible. */
import {
  type Identity,
  identityKey,
  identityText,
  type Kind,
  type ResourceObject,
} from '../crds/resource.ts'
import { HeadgateError } from '../engine/error.ts'
import type { StreamDescription } from '../engine/streams/streams.ts'
import type { BackOff } from './apply/back-off.ts'
import { purgeStream } from './apply/purge-stream.ts'
import { resumeKey } from './apply/resume.ts'
import type { SourceLoop } from './apply/source-loop.ts'
import type { Catalog } from './catalog/catalog.ts'
import type {
  Approval,
  ControlPlane,
  PlanAnswer,
  Resources,
  RetainedStreams,
  SourceFile,
  Sources,
} from './control-plane.ts'
import type { ControlPlaneOptions } from './control-plane-options.ts'
import { alreadySettled } from './plan/settle.ts'
import { streamName } from './plan/stream-record.ts'
import type { Reconcilers } from './reconcilers/create-reconcilers.ts'
import type { TransitionTimes } from './status/conditions.ts'
import { byName, type Held, isOf, resourceObject } from './status/resource-objects.ts'
import { retainedObject } from './status/retained-object.ts'
import { isApprovable, sourceObject } from './status/source-object.ts'

export interface Running {
  readonly options: ControlPlaneOptions
  readonly catalog: Catalog
  readonly reconcilers: Reconcilers
  readonly backOff: BackOff
  readonly loops: ReadonlyMap<string, SourceLoop>
  readonly times: TransitionTimes
}

export function facadeOf(running: Running): ControlPlane {
  return {
    resources: resourcesOf(running),
    sources: sourcesOf(running),
    retained: retainedOf(running),
  }
}

function resourcesOf(running: Running): Resources {
  const { catalog } = running
  return {
    list(kind, namespace) {
      const held = heldOf(running, kind)
      const identities = new Map<string, Identity>()
      for (const [key, { identity }] of catalog.entries.all())
        if (isOf(kind, namespace, identity)) identities.set(key, identity)
      for (const [key, list] of held)
        for (const { action } of list)
          if (isOf(kind, namespace, action.identity) && !isRetained(action.identity, running))
            identities.set(key, action.identity)
      return [...identities.values()]
        .map((identity) => objectOf(identity, held.get(identityKey(identity)) ?? [], running))
        .sort(byName)
    },
    get(kind, namespace, name) {
      const identity: Identity = { kind, namespace, name }
      const key = identityKey(identity)
      const held = heldOf(running, kind).get(key) ?? []
      if (!catalog.entries.all().has(key) && (held.length === 0 || isRetained(identity, running)))
        return undefined
      return objectOf(identity, held, running)
    },
    revision: () => String(catalog.entries.revision()),
  }
}

/** What the sources' last plans hold back, by identityKey. */
function heldOf({ loops }: Running, kind: Kind): ReadonlyMap<string, readonly Held[]> {
  const held = new Map<string, Held[]>()
  for (const [source, loop] of loops)
    for (const action of loop.state().plan?.actions ?? []) {
      if (action.verb !== 'blocked' || action.identity.kind !== kind) continue
      if (action.blockedBy === 'Settling') continue
      const key = identityKey(action.identity)
      held.set(key, [...(held.get(key) ?? []), { source, action }])
    }
  return held
}

function objectOf(identity: Identity, held: readonly Held[], running: Running): ResourceObject {
  const { catalog, reconcilers, backOff, loops, times } = running
  const key = identityKey(identity)
  const entry = catalog.entries.get(key)
  const resource = entry?.accepted ?? entry?.pending
  const member = entry && loops.get(entry.owner)?.state().set?.members.get(key)
  return resourceObject({
    identity,
    entry,
    observation:
      resource === undefined ? undefined : reconcilers.byKind.get(identity.kind)?.observe(resource),
    held,
    failure: backOff.failure(key) ?? backOff.failure(resumeKey(key)),
    isOrphaned: entry !== undefined && !loops.has(entry.owner),
    origin: member?.origin ?? entry?.origin ?? held[0]?.action.cause,
    times,
  })
}

function sourcesOf(running: Running): Sources {
  const { loops, times, options } = running
  const loopOf = (name: string): SourceLoop => {
    const loop = loops.get(name)
    if (loop !== undefined) return loop
    const known = [...loops.keys()].join(', ')
    throw new HeadgateError('NotFound', `There is no source ${name}.`, {
      hint: known === '' ? 'No source is configured.' : `Configured are: ${known}.`,
    })
  }
  return {
    list: () =>
      [...loops.values()].map((loop) => sourceObject(loop.declaration, loop.state(), times)),
    get(name) {
      const loop = loops.get(name)
      return loop && sourceObject(loop.declaration, loop.state(), times)
    },
    async plan(source: string, files: readonly SourceFile[]): Promise<PlanAnswer> {
      const loop = loopOf(source)
      const set = await options.builders.readFiles(loop.declaration, files)
      const settle = alreadySettled(set, loop.policy().pruneSettleMs)
      return { plan: loop.planFor(set, settle), problems: set.problems }
    },
    approve: async (source, digest) => approvePlanned(loopOf(source), digest, running),
    async firstConvergence() {
      await Promise.all([...loops.values()].map((loop) => loop.firstLook()))
    },
  }
}

function approvePlanned(loop: SourceLoop, digest: string | undefined, running: Running): Approval {
  const { catalog, options } = running
  const { name } = loop.declaration
  const plan = loop.state().plan
  const waiting = plan?.actions.filter(isApprovable) ?? []
  const current = waiting.length === 0 ? undefined : plan?.destructiveDigest
  if (current === undefined)
    throw new HeadgateError('DigestMismatch', `Nothing of source ${name} waits for approval.`)
  if (digest !== undefined && digest !== current)
    throw new HeadgateError(
      'DigestMismatch',
      `What is blocked now has the digest ${current}, not ${digest}.`,
      {
        hint: `Look at it with \`headgate get sources ${name} -o yaml\`, then approve what is there now.`,
      },
    )
  catalog.approvals.give(name, { digest: current, givenUs: options.clock.wallUs() })
  loop.planAgain()
  const actions = waiting.map(
    ({ wanted, identity }) => `${wanted ?? 'delete'} ${identityText(identity)}`,
  )
  return { source: name, digest: current, actions }
}

function retainedOf(running: Running): RetainedStreams {
  const { options, loops, times } = running
  const { streams } = options.engine
  return {
    list: (namespace) =>
      streams
        .describe()
        .filter(({ sealed, name }) => sealed !== undefined && isIn(namespace, name))
        .map((stream) => retainedObject(stream, times))
        .sort(byName),
    get(namespace, name) {
      const stream = sealedStream(namespace, name, running)
      return stream && retainedObject(stream, times)
    },
    async purge(namespace, name) {
      const stream = sealedStream(namespace, name, running)
      if (stream === undefined)
        throw new HeadgateError('NotFound', `There is no retained stream ${namespace}/${name}.`, {
          hint: 'List them with `headgate get retained`.',
        })
      await purgeStream(stream, streams)
      for (const loop of loops.values()) loop.planAgain()
    },
  }
}

function isIn(namespace: string | undefined, streamNameOfEngine: string): boolean {
  return namespace === undefined || streamNameOfEngine.startsWith(`${namespace}/`)
}

function sealedStream(
  namespace: string,
  name: string,
  { options }: Running,
): StreamDescription | undefined {
  const [stream] = options.engine.streams.describe([streamName({ namespace, name })])
  return stream?.sealed === undefined ? undefined : stream
}

/** A retained stream that someone declares and may not have is shown among the retained ones only. */
function isRetained({ kind, namespace, name }: Identity, running: Running): boolean {
  return kind === 'Stream' && sealedStream(namespace, name, running) !== undefined
}
