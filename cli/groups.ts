/** What the commands on consumer groups share: the objects that the server answers, and how they are written out. */
import type { ObjectMeta } from '../crds/resource.ts'
import { ageText } from './amounts.ts'

export interface GroupObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ObjectMeta
  readonly status: GroupStatus
}

export interface GroupStatus {
  readonly generation: number
  readonly idleSince?: string
  readonly members: readonly GroupMember[]
  readonly streams: readonly string[]
  readonly lag: Lag & { readonly seconds: number }
  readonly shards: readonly GroupShard[]
}

export interface GroupMember {
  readonly name: string
  readonly stream: string
  readonly shards: readonly number[]
  readonly leaving: readonly number[]
  readonly heartbeatAgeMs: number
}

export interface GroupShard {
  readonly stream: string
  readonly shard: number
  readonly holder: string | null
  readonly offset: number | null
  readonly end: number
  readonly lag: Lag
}

export interface Lag {
  readonly records: number
  readonly bytes: number
  /** Null when it cannot be told. */
  readonly seconds: number | null
}

/** Undefined for those of every namespace. */
export function groupsPath(namespace: string | undefined): string {
  if (namespace === undefined) return '/consumergroups'
  return `/namespaces/${encodeURIComponent(namespace)}/consumergroups`
}

export function groupPath(namespace: string, name: string): string {
  return `${groupsPath(namespace)}/${encodeURIComponent(name)}`
}

/** The age of the first record that is not read; nothing where that cannot be told. */
export function behindText(seconds: number | null): string {
  return seconds === null ? '' : ageText(seconds * 1000)
}

/** `0-3, 7` */
export function shardsText(shards: readonly number[]): string {
  const ranges: [first: number, last: number][] = []
  for (const shard of shards) {
    const range = ranges.at(-1)
    if (range !== undefined && range[1] === shard - 1) range[1] = shard
    else ranges.push([shard, shard])
  }
  return ranges
    .map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`))
    .join(', ')
}
