/**
 * One table per kind: which verb and which risk a changed field means, and what to write instead where it cannot change.
 *
 * The first row whose path holds the changed field counts; the last row of each table holds everything.
 */
import { type Identity, identityText, type Kind } from '../../crds/resource.ts'
import type { StreamDescription } from '../../engine/streams/streams.ts'
import type { Resource } from '../sets/resource-set.ts'
import type { Cost, Risk } from './plan.ts'
import { costOfRetention, isShorter } from './stream-cost.ts'
import { shardsDeclared, streamRecord } from './stream-record.ts'
import { typeBreak } from './type-evolution.ts'

export interface FieldRule {
  readonly path: string
  readonly judge: (change: ChangeOf) => FieldVerdict
}

export interface ChangeOf {
  readonly from: Resource
  readonly to: Resource
  readonly stream: StreamDescription | undefined
  /** For a StreamType: a stream that holds records of it. */
  readonly heldBy: Identity | undefined
  readonly wallUs: number
}

export type FieldVerdict =
  | {
      readonly kind: 'change'
      readonly verb: 'update' | 'replace'
      readonly risk: Risk
      readonly cost?: Cost
    }
  | { readonly kind: 'satisfied'; readonly note: string }
  | {
      readonly kind: 'refused'
      readonly reason: 'Immutable' | 'Protected'
      readonly instead: string
    }

const SAFE: FieldVerdict = { kind: 'change', verb: 'update', risk: 'safe' }
const DISRUPTIVE: FieldVerdict = { kind: 'change', verb: 'update', risk: 'disruptive' }
const REPLACE: FieldVerdict = { kind: 'change', verb: 'replace', risk: 'disruptive' }

const safe = (path: string): FieldRule => ({ path, judge: () => SAFE })
const disruptive = (path: string): FieldRule => ({ path, judge: () => DISRUPTIVE })
const replaces = (path: string): FieldRule => ({ path, judge: () => REPLACE })

export const FIELD_TABLES: Readonly<Record<Kind, readonly FieldRule[]>> = {
  StreamType: [
    { path: 'spec.baseType', judge: judgeShape },
    { path: 'spec.jsonSchema', judge: judgeShape },
    { path: 'spec.properties', judge: judgeShape },
    safe('spec.description'),
    safe('spec.displayName'),
    disruptive('spec'),
    safe(''),
  ],
  AccessPolicy: [safe('')],
  Stream: [
    { path: 'spec.type', judge: judgeStreamType },
    { path: 'spec.shards', judge: judgeShards },
    { path: 'spec.retention', judge: judgeRetention },
    { path: 'spec.compaction', judge: judgeCompaction },
    { path: 'spec.durability', judge: judgeDurability },
    safe(''),
  ],
  Pipeline: [
    safe('metadata'),
    safe('spec.id'),
    safe('spec.tests'),
    disruptive('spec.paused'),
    replaces(''),
  ],
  Sink: [safe('metadata'), safe('spec.id'), disruptive('spec.active'), replaces('')],
}

export function ruleOf(kind: Kind, path: string): FieldRule {
  const rule = FIELD_TABLES[kind].find((candidate) => holds(candidate.path, path))
  return rule ?? disruptive('')
}

function holds(path: string, field: string): boolean {
  if (path === '' || path === field) return true
  return field.startsWith(`${path}.`) || field.startsWith(`${path}[`)
}

function judgeShape({ from, to, heldBy }: ChangeOf): FieldVerdict {
  const broken = typeBreak(from.spec, to.spec)
  if (broken === undefined) return SAFE
  if (heldBy === undefined) return DISRUPTIVE
  return {
    kind: 'refused',
    reason: 'Immutable',
    instead: `${broken}, and ${identityText(heldBy)} holds records of this type; declare a StreamType of another name for a new stream`,
  }
}

function judgeStreamType({ from, to }: ChangeOf): FieldVerdict {
  return {
    kind: 'refused',
    reason: 'Immutable',
    instead: `the type of a stream cannot change from ${shown(from.spec['type'])} to ${shown(to.spec['type'])}; declare a stream of another name`,
  }
}

function judgeShards({ to, stream }: ChangeOf): FieldVerdict {
  const declared = shardsDeclared(to)
  if (stream === undefined || declared >= stream.shards) return DISRUPTIVE
  return {
    kind: 'satisfied',
    note: `${declared} shards are satisfied by the ${stream.shards} that exist; shards only grow`,
  }
}

function judgeRetention({ to, stream, wallUs }: ChangeOf): FieldVerdict {
  if (stream === undefined) return SAFE
  const { retention } = streamRecord(to, { uid: '', owner: '', existing: stream })
  if (!isShorter(stream.retention, retention)) return SAFE
  if (stream.protected && to.spec['protected'] === true)
    return {
      kind: 'refused',
      reason: 'Protected',
      instead: 'a protected stream keeps its retention; set protected to false first',
    }
  const cost = costOfRetention(stream, retention, wallUs)
  return { kind: 'change', verb: 'update', risk: 'data-loss', cost }
}

/** How much is superseded only a compaction finds out, so that it has no cost in figures. */
function judgeCompaction(change: ChangeOf): FieldVerdict {
  const { to, stream } = change
  // Without it an untyped stream forgets by age again.
  if (to.spec['compaction'] !== 'key') return judgeRetention(change)
  if (stream === undefined || stream.compaction === 'key' || stream.records === 0) return SAFE
  if (stream.protected && to.spec['protected'] === true)
    return {
      kind: 'refused',
      reason: 'Protected',
      instead: 'a protected stream keeps what is superseded; set protected to false first',
    }
  return { kind: 'change', verb: 'update', risk: 'data-loss' }
}

function judgeDurability({ to }: ChangeOf): FieldVerdict {
  return to.spec['durability'] === 'relaxed' ? DISRUPTIVE : SAFE
}

function shown(value: unknown): string {
  return value === undefined ? 'none' : String(value)
}
