import { beforeEach, describe, expect, test } from 'vitest'
import {
  API_VERSION,
  type Identity,
  identityKey,
  type Kind,
  type ResourceObject,
} from '../../crds/resource.ts'
import { CHANGES_KEPT_MAX, ChangeFeed, type ResourceChange } from './change-feed.ts'

const objects = new Map<string, ResourceObject>()
let drawn = 0
let reads = 0
let feed: ChangeFeed

beforeEach(() => {
  objects.clear()
  drawn = 100
  reads = 0
  feed = new ChangeFeed({
    identities: () => [...objects.values()].map(identityOf),
    read: (identity) => {
      reads += 1
      return objects.get(identityKey(identity))
    },
    drawRevision: () => ++drawn,
  })
})

function identityOf({ kind, metadata }: ResourceObject): Identity {
  return { kind: kind as Kind, namespace: metadata.namespace ?? '', name: metadata.name }
}

function put(name: string, spec: object, more: Partial<ResourceObject['metadata']> = {}): Identity {
  const object: ResourceObject = {
    apiVersion: API_VERSION,
    kind: 'Stream',
    metadata: { name, namespace: 'default', uid: `uid-${name}`, resourceVersion: '7', ...more },
    spec,
    status: { records: Math.floor(drawn), conditions: [] },
  }
  const identity = identityOf(object)
  objects.set(identityKey(identity), object)
  feed.touched(identity)
  return identity
}

function remove(identity: Identity): void {
  objects.delete(identityKey(identity))
  feed.touched(identity)
}

const STREAMS = { kind: 'Stream', namespace: undefined } as const

function watched(from: number | undefined): ResourceChange[] {
  const changes: ResourceChange[] = []
  feed.watch(STREAMS, from, (change) => changes.push(change))
  return changes
}

const told = (changes: readonly ResourceChange[]): readonly string[] =>
  changes.map(({ type, object }) => `${type} ${object.metadata.name}`)

describe('the change feed', () => {
  test('begins with what is there, whose revision is that of its last write', () => {
    put('b', {})
    put('a', {})
    const changes = watched(undefined)
    expect(told(changes)).toEqual(['ADDED a', 'ADDED b'])
    expect(changes.map(({ object }) => object.metadata.resourceVersion)).toEqual(['7', '7'])
  })

  test('tells each change once, in order, with a revision that grows', async () => {
    const changes = watched(undefined)
    const identity = put('a', { shards: 1 })
    await Promise.resolve()
    put('a', { shards: 2 })
    await Promise.resolve()
    remove(identity)
    await Promise.resolve()
    expect(told(changes)).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a'])
    const revisions = changes.map(({ revision }) => revision)
    expect(revisions).toEqual([...revisions].sort((a, b) => a - b))
    expect(changes.map(({ object }) => Number(object.metadata.resourceVersion))).toEqual(revisions)
  })

  test('says nothing of counters, and looks once at what is touched within a turn', async () => {
    put('a', {})
    const changes = watched(undefined)
    const before = reads
    put('a', {})
    put('a', {})
    await Promise.resolve()
    expect([told(changes), reads - before]).toEqual([['ADDED a'], 1])
  })

  test('tells of a resource that went and came again as another one', () => {
    put('a', {})
    const from = feed.revision()
    put('a', {}, { uid: 'another' })
    expect(told(watched(from))).toEqual(['DELETED a', 'ADDED a'])
  })

  test('tells what happened since a list, and nothing twice', async () => {
    put('a', {})
    const from = feed.revision()
    put('b', {})
    const changes = watched(from)
    expect(told(changes)).toEqual(['ADDED b'])
    put('b', {})
    await Promise.resolve()
    expect(told(changes)).toEqual(['ADDED b'])
  })

  test('tells other kinds and namespaces to others', async () => {
    const changes: ResourceChange[] = []
    feed.watch({ kind: 'Stream', namespace: 'eu' }, undefined, (change) => changes.push(change))
    feed.watch({ kind: 'Sink', namespace: undefined }, undefined, (change) => changes.push(change))
    put('a', {})
    await Promise.resolve()
    expect(changes).toEqual([])
  })

  test('finds by a read what nobody said it touched', () => {
    const identity = put('a', { shards: 1 })
    const from = feed.revision()
    const object = {
      ...(objects.get(identityKey(identity)) as ResourceObject),
      spec: { shards: 2 },
    }
    const read = feed.versioned(identity, object)
    expect(Number(read.metadata.resourceVersion)).toBeGreaterThan(from)
    expect(told(watched(from))).toEqual(['MODIFIED a'])
  })

  test('looks at nothing while nobody watches or reads', () => {
    feed.revision()
    const before = reads
    put('a', {})
    expect(reads).toBe(before)
  })

  test('refuses a revision that is too old, and one that was never given', () => {
    const from = feed.revision()
    for (let index = 0; index <= CHANGES_KEPT_MAX; index += 1) {
      put('a', { shards: index })
      feed.lookAtTouched()
    }
    expect(() => watched(from)).toThrow(expect.objectContaining({ code: 'RevisionExpired' }))
    expect(() => watched(drawn + 1)).toThrow(expect.objectContaining({ code: 'RevisionUnknown' }))
    expect(() => watched(1)).toThrow(expect.objectContaining({ code: 'RevisionExpired' }))
    expect(told(watched(drawn))).toEqual([])
  })

  test('keeps exactly as many changes as it says', () => {
    const from = feed.revision()
    for (let index = 0; index < CHANGES_KEPT_MAX; index += 1) {
      put('a', { shards: index })
      feed.lookAtTouched()
    }
    expect(watched(from)).toHaveLength(CHANGES_KEPT_MAX)
  })
})
