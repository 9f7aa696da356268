/**
 * What somebody changed behind our back: where the engine's record of a stream says other than the declaration that was
 * accepted last. Only streams have a second writer; everything else runs as its declaration says, or not at all.
 */
import { formatDuration } from '../../crds/duration.ts'
import { identityKey } from '../../crds/resource.ts'
import { formatSize } from '../../crds/size.ts'
import type { StreamRecord } from '../../engine/streams/streams.ts'
import type { Resource } from '../sets/resource-set.ts'
import { type FlappingField, isLive, type Observed, type ObservedResource } from './observed.ts'
import type { FieldChange } from './plan.ts'
import { streamRecord } from './stream-record.ts'

/** Declarations do not change, so what they amount to is worked out once. */
const records = new WeakMap<Resource, StreamRecord>()

const FIELDS: readonly (readonly [path: string, of: (record: StreamRecord) => unknown])[] = [
  ['spec.retention.age', ({ retention }) => timeText(retention.ageMs)],
  ['spec.retention.bytes', ({ retention }) => sizeText(retention.bytes)],
  ['spec.compaction', ({ compaction }) => compaction],
  ['spec.durability', ({ durability }) => durability],
  ['spec.deletionPolicy', ({ deletionPolicy }) => deletionPolicy],
  ['spec.retainFor', ({ retainForMs }) => timeText(retainForMs)],
  ['spec.protected', (record) => record.protected],
]

/** From what is to what was declared; a resource that is to be applied again anyway has no drift. */
export function driftOf(observed: ObservedResource): readonly FieldChange[] {
  const { stream, accepted, uncertain } = observed
  if (stream === undefined || accepted === undefined || uncertain || !isLive(observed)) return []
  const declared = recordOf(accepted)
  if (isAsDeclared(stream, declared)) return []
  return FIELDS.map(([path, of]) => ({ path, from: of(stream), to: of(declared) })).filter(
    ({ from, to }) => from !== to,
  )
}

export interface ToldDrift {
  readonly reason: string
  /** It is reported, and left as it is. */
  readonly held: boolean
}

export function driftTold(
  drift: readonly FieldChange[],
  { identity }: ObservedResource,
  policy: 'revert' | 'report',
  flapping: Observed['flapping'],
): ToldDrift {
  const what = `drifted: ${drift.map(driftText).join(', ')}`
  if (policy === 'report')
    return { held: true, reason: `${what}. Its source reports drift, and reverts none.` }
  const back = (flapping.get(identityKey(identity)) ?? []).filter((field) =>
    drift.some(({ path }) => path === field.path),
  )
  if (back.length === 0) return { held: false, reason: what }
  return { held: true, reason: `${what}. ${back.map(flappingText).join(' ')}` }
}

function driftText({ path, from, to }: FieldChange): string {
  return `${path} is ${shown(from)} instead of ${shown(to)}`
}

function flappingText({ path, writer }: FlappingField): string {
  return `${writer ?? 'Somebody'} changes ${path} again and again, so it is not reverted any more: end that, then resume it.`
}

function recordOf(accepted: Resource): StreamRecord {
  const known = records.get(accepted)
  if (known !== undefined) return known
  const record = streamRecord(accepted, { uid: '', owner: '', existing: undefined })
  records.set(accepted, record)
  return record
}

/** Without a text or a list: it is asked of every stream at every plan. */
function isAsDeclared(is: StreamRecord, declared: StreamRecord): boolean {
  return (
    is.retention.ageMs === declared.retention.ageMs &&
    is.retention.bytes === declared.retention.bytes &&
    is.compaction === declared.compaction &&
    is.durability === declared.durability &&
    is.deletionPolicy === declared.deletionPolicy &&
    is.retainForMs === declared.retainForMs &&
    is.protected === declared.protected
  )
}

function timeText(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : formatDuration(ms)
}

function sizeText(bytes: number | undefined): string | undefined {
  return bytes === undefined ? undefined : formatSize(bytes)
}

function shown(value: unknown): string {
  return value === undefined ? 'not set' : String(value)
}
