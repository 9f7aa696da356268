/**
 * Streams: creates, alters, seals and deletes them in the engine, and finds them for pipelines by their declared names.
 *
 * The engine's record carries owner and guards, so nothing here has to be remembered over a restart.
 */
import { identityKey } from '../../crds/resource.ts'
import type { Engine } from '../../engine/engine.ts'
import { HeadgateError } from '../../engine/error.ts'
import type { StreamDirectory, StreamTarget } from '../../engine/pipelines/pipeline.ts'
import type { Clock } from '../../engine/ports/clock.ts'
import type { QuotaReport } from '../../engine/streams/quotas.ts'
import type { StreamDescription, StreamRecord } from '../../engine/streams/streams.ts'
import { streamName, streamRecord } from '../plan/stream-record.ts'
import type { Resource } from '../sets/resource-set.ts'
import type { Condition } from '../status/condition.ts'
import { isNotSo, isSo } from '../status/conditions.ts'
import { quotaPressure, quotaStatus } from '../status/quota-status.ts'
import { KeyListeners } from './key-listeners.ts'
import type { ApplyRequest, Observation, Reconciler, RemoveRequest } from './reconciler.ts'
import type { StreamTypeReconciler } from './stream-type-reconciler.ts'

export interface StreamReconcilerOptions {
  readonly engine: Pick<Engine, 'streams' | 'condition'>
  readonly types: Pick<StreamTypeReconciler, 'checkOf'>
  readonly clock: Pick<Clock, 'wallUs'>
  readonly quotas?: QuotaReport | undefined
}

export class StreamReconciler implements Reconciler, StreamDirectory {
  readonly kind = 'Stream'
  readonly #options: StreamReconcilerOptions
  readonly #listeners = new KeyListeners()

  constructor(options: StreamReconcilerOptions) {
    this.#options = options
  }

  async apply({ resource, uid, owner, movedFrom }: ApplyRequest): Promise<void> {
    const { streams } = this.#options.engine
    const named = this.#describe(streamName(resource.identity))
    const former = movedFrom && this.#describe(streamName(movedFrom))
    const moves = named === undefined && former?.uid === uid
    const existing = moves ? former : named
    if (existing !== undefined && existing.uid !== uid)
      throw new HeadgateError(
        'Conflict',
        `The engine has another stream of that name, with uid ${existing.uid}; expected ${uid}.`,
      )
    const record = streamRecord(resource, { uid, owner, existing })
    if (existing === undefined) await streams.create(record)
    else if (moves) await streams.rename(existing.name, existing.incarnation, record)
    else if (JSON.stringify(recordOf(existing)) !== JSON.stringify(recordOf(record)))
      await streams.alter(existing.incarnation, record)
    this.#listeners.tell(identityKey(resource.identity))
    if (movedFrom !== undefined) this.#listeners.tell(identityKey(movedFrom))
  }

  async remove({ resource, owner, retain }: RemoveRequest): Promise<void> {
    const { engine, clock } = this.#options
    const existing = this.#describe(streamName(resource.identity))
    if (existing === undefined) return
    if (existing.protected)
      throw new HeadgateError('ProtectedResource', `Stream ${existing.name} is protected.`, {
        hint: 'Set protected to false first.',
      })
    if (!retain) await engine.streams.delete(existing.name, existing.incarnation)
    else if (existing.sealed === undefined) {
      const sealed = { sinceUs: clock.wallUs(), by: owner }
      await engine.streams.alter(existing.incarnation, { ...recordOf(existing), sealed })
    }
    this.#listeners.tell(identityKey(resource.identity))
  }

  observe({ identity }: Resource): Observation {
    const stream = this.#describe(streamName(identity))
    if (stream === undefined)
      return {
        conditions: [isNotSo('Ready', 'NotApplied', 'The engine does not have it yet.')],
        status: {},
      }
    const quota = this.#options.quotas?.use(identity.namespace)
    const pressure = quota === undefined ? undefined : quotaPressure(quota)
    const ready = readyOf(this.#options.engine.condition(), pressure)
    return {
      conditions: pressure === undefined ? [ready] : [ready, pressure],
      status: {
        ...streamStatus(stream),
        ...(quota === undefined ? {} : { quota: quotaStatus(quota) }),
      },
    }
  }

  watch(listener: (key: string) => void): Disposable {
    return this.#listeners.add(listener)
  }

  /** A sealed stream is found too: reads of it work, and appends are refused by the engine. */
  resolve(namespace: string, name: string): StreamTarget | undefined {
    const stream = this.#describe(streamName({ namespace, name }))
    if (stream === undefined) return undefined
    const check =
      stream.type === undefined
        ? undefined
        : this.#options.types.checkOf({ namespace, name: stream.type })
    const needsKey = stream.compaction === 'key'
    return { stream: stream.name, incarnation: stream.incarnation, check, needsKey }
  }

  #describe(name: string): StreamDescription | undefined {
    return this.#options.engine.streams.describe([name])[0]
  }
}

/** A stream that refuses for the rate of its namespace still takes appends. */
function readyOf(trouble: string | undefined, pressure: Condition | undefined): Condition {
  if (trouble !== undefined) return isNotSo('Ready', 'EngineReadOnly', trouble)
  if (pressure?.reason === 'QuotaExceeded')
    return isNotSo('Ready', 'QuotaExceeded', pressure.message)
  return isSo('Ready', 'Available', 'It takes appends and reads.')
}

/** What a stream shows of itself, whether declared or retained. */
export function streamStatus(stream: StreamDescription): Readonly<Record<string, unknown>> {
  return {
    shards: stream.shards,
    records: stream.records,
    bytes: stream.bytes,
    incarnation: stream.incarnation,
    durability: stream.durability,
    retention: { ageMs: stream.retention.ageMs, bytes: stream.retention.bytes },
    compaction: stream.compaction,
    shardStates: stream.shardStates.map(({ shard, first, next, records, bytes }) => ({
      shard,
      first,
      next,
      records,
      bytes,
    })),
  }
}

/** A description holds more than its record; only the record goes back. */
export function recordOf(stream: StreamRecord): StreamRecord {
  return {
    name: stream.name,
    id: stream.id,
    uid: stream.uid,
    owner: stream.owner,
    digest: stream.digest,
    type: stream.type,
    shards: stream.shards,
    durability: stream.durability,
    retention: { ageMs: stream.retention.ageMs, bytes: stream.retention.bytes },
    compaction: stream.compaction,
    deletionPolicy: stream.deletionPolicy,
    protected: stream.protected,
    retainForMs: stream.retainForMs,
    sealed: stream.sealed,
  }
}
