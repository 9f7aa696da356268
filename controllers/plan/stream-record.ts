/**
 * Turns a declared Stream into the record that the engine keeps, defaults that depend on other fields included.
 *
 * The schema cannot say that an untyped stream forgets after a day, and a typed or compacted one never; that is said here.
 */
import { parseDurationMs } from '../../crds/duration.ts'
import { type Identity, identityKey } from '../../crds/resource.ts'
import { parseSizeBytes } from '../../crds/size.ts'
import type { StreamDescription, StreamRecord } from '../../engine/streams/streams.ts'
import type { Resource } from '../sets/resource-set.ts'

/**
 * What an untyped stream keeps unless it says otherwise. A typed one is a view of events and keeps them all; a
 * compacted one would lose the latest of a key that is quiet for a day.
 */
export const RETENTION_AGE_MS_UNTYPED: number = 24 * 3_600_000

export interface RecordContext {
  readonly uid: string
  readonly owner: string
  /** What the engine has, if anything: shards only grow. */
  readonly existing: Pick<StreamDescription, 'shards'> | undefined
}

export function streamRecord(resource: Resource, context: RecordContext): StreamRecord {
  const { spec } = resource
  const type = text(spec['type'])
  const compaction = spec['compaction'] === 'key' ? 'key' : 'none'
  return {
    name: streamName(resource.identity),
    id: resource.id,
    uid: context.uid,
    owner: context.owner,
    digest: resource.digest,
    type,
    shards: Math.max(shardsDeclared(resource), context.existing?.shards ?? 1),
    durability: spec['durability'] === 'relaxed' ? 'relaxed' : 'durable',
    retention: retention(spec['retention'], type, compaction),
    compaction,
    deletionPolicy: spec['deletionPolicy'] === 'Delete' ? 'Delete' : 'Retain',
    protected: spec['protected'] === true,
    retainForMs: duration(spec['retainFor']),
    sealed: undefined,
  }
}

/** The engine's name for a declared stream. */
export function streamName({ namespace, name }: Pick<Identity, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`
}

/** The identityKey of the Stream that the engine calls so. */
export function streamKey(streamNameOfEngine: string): string {
  return streamNameOfEngine.includes('/')
    ? `Stream/${streamNameOfEngine}`
    : identityKey(streamIdentity(streamNameOfEngine))
}

export function streamIdentity(streamNameOfEngine: string): Identity {
  const slash = streamNameOfEngine.indexOf('/')
  if (slash < 0) return { kind: 'Stream', namespace: 'default', name: streamNameOfEngine }
  return {
    kind: 'Stream',
    namespace: streamNameOfEngine.slice(0, slash),
    name: streamNameOfEngine.slice(slash + 1),
  }
}

export function shardsDeclared({ spec }: Resource): number {
  return typeof spec['shards'] === 'number' ? spec['shards'] : 1
}

function retention(
  declared: unknown,
  type: string | undefined,
  compaction: StreamRecord['compaction'],
): StreamRecord['retention'] {
  const { age, bytes } = (declared ?? {}) as { readonly age?: unknown; readonly bytes?: unknown }
  const forgets = type === undefined && compaction === 'none'
  const byDefault = forgets ? RETENTION_AGE_MS_UNTYPED : undefined
  return { ageMs: duration(age) ?? byDefault, bytes: size(bytes) }
}

function duration(value: unknown): number | undefined {
  return typeof value === 'string' ? parseDurationMs(value) : undefined
}

function size(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  return typeof value === 'string' ? parseSizeBytes(value) : undefined
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
