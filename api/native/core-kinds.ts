/** What is served of Kubernetes' own groups, so that its clients find what they take for granted: namespaces and events. */
import type { PrinterColumn } from '../../crds/kind.ts'
import type { ServedResource } from './kinds.ts'

export interface ServedGroup {
  /** Empty for the group of namespaces. */
  readonly group: string
  readonly version: string
  readonly resources: readonly ServedResource[]
}

export const NAMESPACE: ServedResource = {
  kind: 'Namespace',
  plural: 'namespaces',
  singular: 'namespace',
  shortNames: ['ns'],
  categories: [],
  namespaced: false,
  verbs: ['get', 'list'],
  columns: [{ name: 'Status', type: 'string', jsonPath: '.status.phase' }],
  subresources: [],
}

const EVENT_COLUMNS: readonly PrinterColumn[] = [
  { name: 'Last Seen', type: 'date', jsonPath: '.lastTimestamp' },
  { name: 'Type', type: 'string', jsonPath: '.type' },
  { name: 'Reason', type: 'string', jsonPath: '.reason' },
  { name: 'Object', type: 'string', jsonPath: '.involvedObject.name' },
  { name: 'Message', type: 'string', jsonPath: '.message' },
]

export const EVENT: ServedResource = {
  kind: 'Event',
  plural: 'events',
  singular: 'event',
  shortNames: ['ev'],
  categories: [],
  namespaced: true,
  verbs: ['get', 'list', 'watch'],
  columns: EVENT_COLUMNS,
  subresources: [],
}

export const CORE_GROUPS: readonly ServedGroup[] = [
  { group: '', version: 'v1', resources: [NAMESPACE, EVENT] },
  { group: 'events.k8s.io', version: 'v1', resources: [EVENT] },
]
