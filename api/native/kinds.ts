/** What the native API serves, by the names of its paths: discovery, tables and the OpenAPI document derive from it. */
import type { KindDefinition, PrinterColumn } from '../../crds/kind.ts'
import { kinds } from '../../crds/kinds.ts'

export const SERVED_KINDS: readonly KindDefinition[] = Object.values(kinds)

export const SOURCES = 'sources'
export const RETAINED_STREAMS = 'retainedstreams'
export const CONSUMER_GROUPS = 'consumergroups'
export const STREAM_USAGES = 'streamusages'

export interface ServedResource {
  readonly kind: string
  /** Empty for what has no name of its own in paths. */
  readonly plural: string
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly namespaced: boolean
  readonly verbs: readonly string[]
  readonly columns: readonly PrinterColumn[]
  readonly subresources: readonly ServedSubresource[]
}

export interface ServedSubresource {
  readonly name: string
  readonly kind: string
  /** Ours where absent. */
  readonly group?: string
  readonly version?: string
  readonly verbs: readonly string[]
}

const KIND_VERBS = [
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'create',
  'update',
  'watch',
] as const
const READY: PrinterColumn = {
  name: 'Ready',
  type: 'string',
  jsonPath: '.status.conditions[?(@.type=="Ready")].status',
}
const STATUS: PrinterColumn = {
  name: 'Status',
  type: 'string',
  jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
}
const AGE: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }

const SOURCE: ServedResource = {
  kind: 'Source',
  plural: SOURCES,
  singular: 'source',
  shortNames: [],
  categories: [],
  namespaced: false,
  verbs: ['get', 'list'],
  columns: [
    READY,
    STATUS,
    { name: 'Type', type: 'string', jsonPath: '.spec.type' },
    { name: 'Declared', type: 'integer', jsonPath: '.status.declared' },
    { name: 'Problems', type: 'integer', jsonPath: '.status.problemCount' },
    { name: 'Location', type: 'string', jsonPath: '.spec.location', priority: 1 },
  ],
  subresources: [
    { name: 'plan', kind: 'Plan', verbs: ['create', 'get'] },
    { name: 'approvals', kind: 'Approval', verbs: ['create'] },
  ],
}

const RETAINED_STREAM: ServedResource = {
  kind: 'RetainedStream',
  plural: RETAINED_STREAMS,
  singular: 'retainedstream',
  shortNames: [],
  categories: [],
  namespaced: true,
  verbs: ['get', 'list', 'delete'],
  columns: [
    { name: 'Owner', type: 'string', jsonPath: '.status.owner' },
    { name: 'Records', type: 'integer', jsonPath: '.status.records' },
    { name: 'Sealed', type: 'date', jsonPath: '.status.sealed' },
    { name: 'Expires', type: 'string', jsonPath: '.status.expires', priority: 1 },
    AGE,
  ],
  subresources: [],
}

const CONSUMER_GROUP: ServedResource = {
  kind: 'ConsumerGroup',
  plural: CONSUMER_GROUPS,
  singular: 'consumergroup',
  shortNames: [],
  categories: [],
  namespaced: true,
  verbs: ['get', 'list'],
  columns: [
    { name: 'Streams', type: 'string', jsonPath: '.status.streams' },
    { name: 'Lag', type: 'integer', jsonPath: '.status.lag.records' },
    { name: 'Generation', type: 'integer', jsonPath: '.status.generation', priority: 1 },
  ],
  subresources: [
    { name: 'reset', kind: 'ConsumerGroupReset', verbs: ['create'] },
    { name: 'members', kind: 'ConsumerGroupMember', verbs: ['create', 'delete'] },
  ],
}

const STREAM_USAGE: ServedResource = {
  kind: 'StreamUsage',
  plural: STREAM_USAGES,
  singular: 'streamusage',
  shortNames: [],
  categories: [],
  namespaced: true,
  verbs: ['get', 'list'],
  columns: [
    { name: 'Shards', type: 'integer', jsonPath: '.status.shards' },
    { name: 'Records', type: 'integer', jsonPath: '.status.records' },
    { name: 'Bytes', type: 'integer', jsonPath: '.status.bytes' },
    AGE,
  ],
  subresources: [],
}

/** Of our group, in the order of their names in discovery. */
export const SERVED: readonly ServedResource[] = [
  ...SERVED_KINDS.map(servedKind),
  SOURCE,
  RETAINED_STREAM,
  CONSUMER_GROUP,
  STREAM_USAGE,
]

export function servedOf(plural: string): ServedResource {
  const served = SERVED.find((one) => one.plural === plural)
  if (served === undefined) throw new Error(`expected a resource that is served, got ${plural}`)
  return served
}

function servedKind(definition: KindDefinition): ServedResource {
  const { kind, plural, singular, shortNames, categories, printerColumns, scale } = definition
  const subresources: ServedSubresource[] = [{ name: 'status', kind, verbs: ['get'] }]
  if (scale !== undefined)
    subresources.push({
      name: 'scale',
      kind: 'Scale',
      group: 'autoscaling',
      version: 'v1',
      verbs: ['get', 'patch', 'update'],
    })
  if (kind === 'Stream')
    subresources.push({ name: 'records', kind: 'RecordList', verbs: ['create', 'get'] })
  if (kind === 'Pipeline' || kind === 'Sink')
    subresources.push(
      { name: 'reset', kind: `${kind}Reset`, verbs: ['create'] },
      { name: 'flow', kind: `${kind}Flow`, verbs: ['get'] },
    )
  return {
    kind,
    plural,
    singular,
    shortNames,
    categories,
    namespaced: true,
    verbs: KIND_VERBS,
    columns: printerColumns,
    subresources,
  }
}
