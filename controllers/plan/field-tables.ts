/**
 * One table per kind: which verb and which risk a changed field means, and what to write instead where it cannot change.
 *
 * The first row whose path holds the changed field counts; the last row of each table holds everything.
 */
import { type Identity, identityText, type Kind } from '../../crds/resource.ts'
import type { StreamDescription } from '../../engine/streams/streams.ts'
import type { Resource } from '../sets/resource-set.ts'
import type { Observed } from './observed.ts'
import type { Risk } from './plan.ts'
import { judgeReset } from './reset-change.ts'
import { costOfRetention, isShorter, type Loss } from './stream-cost.ts'
import { shardsDeclared, streamRecord } from './stream-record.ts'
import { TYPE_CHANGES, typeChanges } from './type-evolution.ts'

export interface FieldRule {
  readonly path: string
  /** What a change of it does, in one sentence for people. */
  readonly does: string
  readonly judge: (change: ChangeOf) => FieldVerdict
}

export interface ChangeOf {
  readonly from: Resource
  readonly to: Resource
  readonly stream: StreamDescription | undefined
  /** For a StreamType: a stream that holds records of it. */
  readonly heldBy: Identity | undefined
  readonly wallUs: number
  readonly around: Observed
}

export type FieldVerdict =
  | {
      readonly kind: 'change'
      readonly verb: 'update' | 'replace'
      readonly risk: Risk
      readonly cost?: Loss
      /** What people should know of it besides. */
      readonly note?: string
    }
  | { readonly kind: 'satisfied'; readonly note: string }
  | {
      readonly kind: 'refused'
      readonly reason: 'Immutable' | 'Protected' | 'OutOfRange'
      readonly instead: string
    }

const SAFE: FieldVerdict = { kind: 'change', verb: 'update', risk: 'safe' }
const DISRUPTIVE: FieldVerdict = { kind: 'change', verb: 'update', risk: 'disruptive' }
const REPLACE: FieldVerdict = { kind: 'change', verb: 'replace', risk: 'disruptive' }

const safe = (path: string, does: string = NOTHING): FieldRule => ({
  path,
  does,
  judge: () => SAFE,
})
const disruptive = (path: string, does: string): FieldRule => ({
  path,
  does,
  judge: () => DISRUPTIVE,
})
const replaces = (path: string, does: string): FieldRule => ({ path, does, judge: () => REPLACE })

const NOTHING = 'Updates the resource in place; nothing stops.'
const SHAPE =
  'Updates the type in place when old events still fit; refused while a stream holds records that would not.'
const RESTART = 'drains and stops what runs, and starts anew at the committed position.'

const RESET =
  'Moves where it reads on, once for each reset: it drains, its positions move, and it starts there; `plan` counts what is read again or skipped. Removing it moves nothing.'

export const FIELD_TABLES: Readonly<Record<Kind, readonly FieldRule[]>> = {
  StreamType: [
    { path: 'spec.baseType', does: SHAPE, judge: judgeShape },
    { path: 'spec.jsonSchema', does: SHAPE, judge: judgeShape },
    { path: 'spec.properties', does: SHAPE, judge: judgeShape },
    safe('spec.description'),
    safe('spec.displayName'),
    disruptive('spec', 'Changes how events that are there are read, at once.'),
    safe(''),
  ],
  AccessPolicy: [safe('', 'Counts from the next decision on.')],
  Stream: [
    {
      path: 'spec.type',
      does: 'Refused: a stream keeps its type. Declare a stream of another name.',
      judge: judgeStreamType,
    },
    {
      path: 'spec.shards',
      does: 'More shards are added, and some keys move to the new ones; fewer are satisfied by those that exist, with a warning.',
      judge: judgeShards,
    },
    {
      path: 'spec.retention',
      does: 'Longer keeps more from now on; shorter deletes records, which `plan` counts, and is refused while `protected` is true.',
      judge: judgeRetention,
    },
    {
      path: 'spec.compaction',
      does: 'To `key` deletes what is superseded, and is refused while `protected` is true; to `none` keeps everything again.',
      judge: judgeCompaction,
    },
    {
      path: 'spec.durability',
      does: 'Counts from the next append on.',
      judge: judgeDurability,
    },
    safe(''),
  ],
  Pipeline: [
    safe('metadata'),
    safe('spec.id'),
    safe('spec.tests'),
    { path: 'spec.reset', does: RESET, judge: judgeReset },
    disruptive('spec.paused', 'Stops it at its position, or lets it go on from there.'),
    replaces(
      'spec.error_handling',
      `Delivers or rejects from now on what fails at a processor: ${RESTART}`,
    ),
    replaces('', `Replaces the pipeline: ${RESTART}`),
  ],
  Sink: [
    safe('metadata'),
    safe('spec.id'),
    { path: 'spec.reset', does: RESET, judge: judgeReset },
    disruptive('spec.active', 'Stops it at its position, or lets it go on from there.'),
    replaces('', `Replaces the sink: ${RESTART}`),
  ],
}

export function ruleOf(kind: Kind, path: string): FieldRule {
  const rule = FIELD_TABLES[kind].find((candidate) => holds(candidate.path, path))
  return rule ?? disruptive('', NOTHING)
}

/** What a change of a field does, for people; a path of the resource, `spec.retention.age`. */
export function effectOf(kind: Kind, path: string): string {
  if (path === 'spec.id') return 'Refused: an id is set once. Declare a resource of another name.'
  if (path === 'metadata.name' || path === 'metadata.namespace') {
    return 'Declares another resource; what is no longer declared is removed.'
  }
  return ruleOf(kind, path).does
}

function holds(path: string, field: string): boolean {
  if (path === '' || path === field) return true
  return field.startsWith(`${path}.`) || field.startsWith(`${path}[`)
}

function judgeShape({ from, to, heldBy }: ChangeOf): FieldVerdict {
  const changes = typeChanges(from.spec, to.spec)
  const broken = changes.find(({ kind }) => !TYPE_CHANGES[kind].keepsEvents)
  if (broken === undefined || heldBy === undefined)
    return changes.some(({ kind }) => TYPE_CHANGES[kind].readsOtherwise) ? DISRUPTIVE : SAFE
  return {
    kind: 'refused',
    reason: 'Immutable',
    instead: `${broken.says}, and ${identityText(heldBy)} holds records of this type; ${TYPE_CHANGES[broken.kind].instead}`,
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
