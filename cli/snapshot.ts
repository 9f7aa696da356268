/**
 * What was live once, from a file: the objects that `headgate get all -A -o json` printed, or the documents of
 * `headgate export`. Objects say who owned them and what they held; documents are taken to be the planned source's own.
 */
import { readFileSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'
import { GRANTS_ALL, SCOPE_ALL } from '../controllers/config/implied-source.ts'
import type { Observed, ObservedResource } from '../controllers/plan/observed.ts'
import { NOTHING_DECIDED } from '../controllers/plan/observed.ts'
import { streamRecord } from '../controllers/plan/stream-record.ts'
import { FileCache } from '../controllers/sets/file-cache.ts'
import { readSet } from '../controllers/sets/read-set.ts'
import type { Resource } from '../controllers/sets/resource-set.ts'
import { API_VERSION, identityKey, type ResourceObject } from '../crds/resource.ts'
import { HeadgateError } from '../engine/error.ts'
import type { StreamDescription } from '../engine/streams/streams.ts'
import { declarable } from './declarable.ts'
import { engineInspector } from './inspector.ts'

export async function observeSnapshot(path: string, source: string): Promise<Observed> {
  const objects = readObjects(path).filter(({ apiVersion }) => apiVersion === API_VERSION)
  const set = await readSet({
    source,
    scope: SCOPE_ALL,
    grants: GRANTS_ALL,
    directory: process.cwd(),
    files: objects.map((object, index) => ({
      path: `${index}.json`,
      bytes: Buffer.from(JSON.stringify(declarable(object))),
    })),
    notes: [],
    unreadable: [],
    cache: new FileCache(engineInspector),
    known: () => true,
    held: () => false,
  })
  const byPath = new Map(objects.map((object, index) => [`${index}.json`, object]))
  const resources = new Map<string, ObservedResource>()
  for (const member of set.members.values()) {
    const object = byPath.get(member.origin.file)
    if (member.state === 'invalid' || object === undefined) {
      const [problem] = member.problems
      throw notOne(path, `${member.identity.kind} ${member.identity.name}: ${problem?.message}`)
    }
    resources.set(identityKey(member.identity), observed(member.resource, object, source))
  }
  return {
    resources,
    pruned: [],
    approvals: [],
    locationAccepted: undefined,
    settle: undefined,
    ...NOTHING_DECIDED,
  }
}

function readObjects(path: string): readonly ResourceObject[] {
  const documents = parseAllDocuments(readFileSync(path, 'utf8'))
  return documents.flatMap((document): readonly ResourceObject[] => {
    const [fault] = document.errors
    if (fault !== undefined) throw notOne(path, fault.message)
    const value = document.toJS() as { items?: unknown } | ResourceObject | null
    if (value === null || typeof value !== 'object') return []
    return 'items' in value && Array.isArray(value.items) ? value.items : [value as ResourceObject]
  })
}

interface Status {
  readonly owner?: string
  readonly records?: number
  readonly bytes?: number
  readonly shards?: number
}

function observed(resource: Resource, object: ResourceObject, source: string): ObservedResource {
  const status = (object.status ?? {}) as Status
  const owner = object.status === undefined ? source : status.owner
  const uid = object.metadata.uid ?? ''
  return {
    identity: resource.identity,
    uid,
    id: resource.id,
    owner,
    accepted: resource,
    stream:
      resource.identity.kind === 'Stream'
        ? streamOf(resource, uid, owner ?? '', status)
        : undefined,
    removal: undefined,
    uncertain: false,
    origin: undefined,
  }
}

function streamOf(
  resource: Resource,
  uid: string,
  owner: string,
  { records = 0, bytes = 0, shards = 1 }: Status,
): StreamDescription {
  return {
    ...streamRecord(resource, { uid, owner, existing: { shards } }),
    incarnation: 0,
    createdUs: 0,
    records,
    bytes,
    shardStates: [],
  }
}

function notOne(path: string, because: string): HeadgateError {
  return new HeadgateError('Usage', `${path}: expected what was live, but ${because}`, {
    hint: 'Write one with: headgate get all -A -o json > live.json',
  })
}
