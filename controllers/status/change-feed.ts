/**
 * What changed, in order, for those who watch: every change of an object's metadata, spec or conditions gets a revision,
 * which is the object's resourceVersion, and is told once. Counters and places in files change without being told.
 *
 * Level, not edge: whoever changes something only says which resource it touched; what came of it is found by looking
 * again and comparing. Until somebody reads or watches nothing is remembered, and while nobody watches a touch is
 * noted only, so that a busy control plane pays for its watchers alone.
 */
import { type Identity, identityKey, type Kind, type ResourceObject } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'
import type { Condition } from './condition.ts'

/** A watcher that was away for longer begins again with a list. */
export const CHANGES_KEPT_MAX = 4096
/** Touches that nobody asked about are looked at when there are this many, so that they stay bounded. */
export const TOUCHES_MAX = 4096

export interface ResourceChange {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly revision: number
  readonly identity: Identity
  /** As it is after the change; as it was last, with the revision of its end, when it was deleted. */
  readonly object: ResourceObject
  /** As it was before; for selectors, which an object may begin or cease to match. */
  readonly before: ResourceObject | undefined
}

export type ChangeListener = (change: ResourceChange) => void

/** What the feed looks at. */
export interface ObservedResources {
  identities(): Iterable<Identity>
  /** As it is now, or undefined where there is none. Called for each touch once somebody watches. */
  read(identity: Identity): ResourceObject | undefined
  /** A number larger than all that were drawn before, restarts included. */
  drawRevision(): number
}

export interface WatchScope {
  readonly kind: Kind
  readonly namespace: string | undefined
}

interface Known {
  readonly object: ResourceObject
  readonly revision: number
}

export class ChangeFeed {
  readonly #observed: ObservedResources
  readonly #known = new Map<string, Known>()
  readonly #touched = new Map<string, Identity>()
  readonly #watchers = new Set<{ readonly scope: WatchScope; readonly listener: ChangeListener }>()
  #changes: ResourceChange[] = []
  /** Changes up to and with this revision are no longer kept. */
  #forgotten: number | undefined
  #revision = 0
  #isLooking = false

  constructor(observed: ObservedResources) {
    this.#observed = observed
  }

  /** Something about the resource may be different now. Cheap; called from anywhere, also for what is not there. */
  touched(identity: Identity): void {
    if (this.#forgotten === undefined) return
    this.#touched.set(identityKey(identity), identity)
    if (this.#touched.size >= TOUCHES_MAX) this.lookAtTouched()
    else if (this.#watchers.size > 0) this.#lookSoon()
  }

  /** The object with its resourceVersion, and told to watchers where it is not as it was known. */
  versioned(identity: Identity, object: ResourceObject): ResourceObject {
    this.#begin()
    const key = identityKey(identity)
    const { revision } = this.#compare(key, identity, object) ?? { revision: this.#revision }
    return withRevision(object, revision)
  }

  /** What a list answers as its resourceVersion: all that was told so far is in it. */
  revision(): number {
    this.#begin()
    this.lookAtTouched()
    return this.#revision
  }

  /**
   * Tells everything after `from`, then what changes from now on; undefined begins with what is there now, as if it
   * had just been added. RevisionExpired where what changed since is no longer known.
   */
  watch(scope: WatchScope, from: number | undefined, listener: ChangeListener): Disposable {
    const now = this.revision()
    if (from === undefined) this.#tellAll(scope, listener)
    else {
      this.#requireKept(from, now)
      for (const change of this.#changes)
        if (change.revision > from && isWithin(scope, change.identity)) listener(change)
    }
    const watcher = { scope, listener }
    this.#watchers.add(watcher)
    return { [Symbol.dispose]: () => void this.#watchers.delete(watcher) }
  }

  /** Finds out what became of all that was touched. */
  lookAtTouched(): void {
    if (this.#touched.size === 0) return
    const touched = [...this.#touched]
    this.#touched.clear()
    for (const [key, identity] of touched)
      this.#compare(key, identity, this.#observed.read(identity))
  }

  /** Whatever is touched within one turn is looked at once. */
  #lookSoon(): void {
    if (this.#isLooking) return
    this.#isLooking = true
    void Promise.resolve().then(() => {
      this.#isLooking = false
      this.lookAtTouched()
    })
  }

  /** What is there at first is no news. It keeps the revision of its last write, so that a restart changes none. */
  #begin(): void {
    if (this.#forgotten !== undefined) return
    this.#forgotten = 0
    for (const identity of this.#observed.identities()) {
      const object = this.#observed.read(identity)
      if (object === undefined) continue
      const { resourceVersion } = object.metadata
      const revision =
        resourceVersion === undefined ? this.#observed.drawRevision() : Number(resourceVersion)
      const known = withRevision(object, revision)
      this.#known.set(identityKey(identity), { object: known, revision })
    }
    this.#revision = this.#observed.drawRevision()
    this.#forgotten = this.#revision - 1
  }

  #compare(key: string, identity: Identity, object: ResourceObject | undefined): Known | undefined {
    const before = this.#known.get(key)
    if (object === undefined) {
      if (before !== undefined) this.#tell('DELETED', key, identity, before.object, before.object)
      return undefined
    }
    if (before === undefined) return this.#tell('ADDED', key, identity, object, undefined)
    if (before.object.metadata.uid !== object.metadata.uid && hasUid(before.object)) {
      this.#tell('DELETED', key, identity, before.object, before.object)
      return this.#tell('ADDED', key, identity, object, undefined)
    }
    if (isSame(before.object, object)) return before
    return this.#tell('MODIFIED', key, identity, object, before.object)
  }

  #tell(
    type: ResourceChange['type'],
    key: string,
    identity: Identity,
    object: ResourceObject,
    before: ResourceObject | undefined,
  ): Known {
    const revision = this.#observed.drawRevision()
    this.#revision = revision
    const known = { object: withRevision(object, revision), revision }
    if (type === 'DELETED') this.#known.delete(key)
    else this.#known.set(key, known)
    const change = { type, revision, identity, object: known.object, before }
    this.#keep(change)
    for (const { scope, listener } of this.#watchers)
      if (isWithin(scope, identity)) listener(change)
    return known
  }

  /** Half of them go at once, so that keeping one costs nothing. */
  #keep(change: ResourceChange): void {
    this.#changes.push(change)
    if (this.#changes.length <= CHANGES_KEPT_MAX) return
    const gone = this.#changes.splice(0, CHANGES_KEPT_MAX / 2)
    this.#forgotten = gone.at(-1)?.revision ?? this.#forgotten
  }

  #tellAll(scope: WatchScope, listener: ChangeListener): void {
    const known = [...this.#known.values()].filter(
      ({ object: { kind, metadata } }) =>
        kind === scope.kind &&
        (scope.namespace === undefined || metadata.namespace === scope.namespace),
    )
    for (const { object, revision } of known.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)))
      listener({ type: 'ADDED', revision, identity: identityOf(object), object, before: undefined })
  }

  #requireKept(from: number, now: number): void {
    if (from > now)
      throw new HeadgateError(
        'RevisionUnknown',
        `Too large resource version: ${from}, current: ${now}`,
        {
          retryAfterMs: 1_000,
        },
      )
    const forgotten = this.#forgotten ?? 0
    if (from >= forgotten) return
    throw new HeadgateError('RevisionExpired', `too old resource version: ${from} (${forgotten})`, {
      hint: 'List again, and watch from the resourceVersion of the list.',
    })
  }
}

function isWithin({ kind, namespace }: WatchScope, identity: Identity): boolean {
  return identity.kind === kind && (namespace === undefined || identity.namespace === namespace)
}

function withRevision(object: ResourceObject, revision: number): ResourceObject {
  const resourceVersion = String(revision)
  if (object.metadata.resourceVersion === resourceVersion) return object
  return { ...object, metadata: { ...object.metadata, resourceVersion } }
}

function identityOf({ kind, metadata }: ResourceObject): Identity {
  return { kind: kind as Kind, namespace: metadata.namespace ?? '', name: metadata.name }
}

function nameOf({ object: { metadata } }: Known): string {
  return `${metadata.namespace}/${metadata.name}`
}

/** What could not be created yet has none, and is the same one once it has. */
function hasUid({ metadata }: ResourceObject): boolean {
  return metadata.uid !== undefined
}

/** But for counters, and for where it is written. */
function isSame(a: ResourceObject, b: ResourceObject): boolean {
  const [left, right] = [a.metadata, b.metadata]
  return (
    left.uid === right.uid &&
    left.generation === right.generation &&
    isEqual(left.labels, right.labels) &&
    isEqual(left.annotations, right.annotations) &&
    isEqual(left.managedFields, right.managedFields) &&
    isEqual(a.spec, b.spec) &&
    isSameStatus(a.status as ToldStatus | undefined, b.status as ToldStatus | undefined)
  )
}

interface ToldStatus {
  readonly observedGeneration?: number
  readonly owner?: string
  readonly id?: string
  readonly conditions?: readonly Condition[]
}

const NO_CONDITIONS: readonly Condition[] = []

function isSameStatus(a: ToldStatus = {}, b: ToldStatus = {}): boolean {
  const [left, right] = [a.conditions ?? NO_CONDITIONS, b.conditions ?? NO_CONDITIONS]
  return (
    a.observedGeneration === b.observedGeneration &&
    a.owner === b.owner &&
    a.id === b.id &&
    (left === right ||
      (left.length === right.length &&
        left.every((one, index) => isSameCondition(one, right[index]))))
  )
}

function isSameCondition(a: Condition, b: Condition | undefined): boolean {
  return (
    a.type === b?.type &&
    a.status === b.status &&
    a.reason === b.reason &&
    a.message === b.message &&
    a.lastTransitionTime === b.lastTransitionTime
  )
}

/** Most often both are the very same. */
function isEqual(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}
