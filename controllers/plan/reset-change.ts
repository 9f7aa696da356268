/** What a changed `spec.reset` means: whether it was carried out before, and else what is read again or skipped. Pure. */
import { identityKey } from '../../crds/resource.ts'
import { asHeadgateError } from '../../engine/error.ts'
import { sinkGroup } from '../../engine/pipelines/group-name.ts'
import { type StreamReading, streamReadings } from '../../engine/pipelines/stream-readings.ts'
import type { GroupOffset } from '../../engine/streams/groups.ts'
import { NO_RECORDS, planMoves, type ShardMove, sumOf } from '../../engine/streams/position-move.ts'
import type { Streams } from '../../engine/streams/streams.ts'
import { type DeclaredReset, declaredReset } from '../resets/declared-reset.ts'
import { dueReset } from '../resets/position-handover.ts'
import { type ResetTarget, resetTargets } from '../resets/reset-targets.ts'
import type { Resource } from '../sets/resource-set.ts'
import type { ChangeOf, FieldVerdict } from './field-tables.ts'
import type { Observed } from './observed.ts'
import type { Loss } from './stream-cost.ts'
import { streamKey } from './stream-record.ts'

export function judgeReset({ from, to, around }: ChangeOf): FieldVerdict {
  if (declaredReset(to.spec) === undefined) return { kind: 'change', verb: 'update', risk: 'safe' }
  const due = dueReset(to, from, around.resetsOf(identityKey(to.identity)))
  if (due === undefined)
    return {
      kind: 'satisfied',
      note: 'this very reset was carried out before; another id does it once more',
    }
  const change = { kind: 'change', verb: 'update', risk: 'disruptive' } as const
  try {
    const moves = movesOf(to, due, around)
    if (moves === undefined) return change
    const note = goneText(moves)
    return { ...change, cost: costOf(moves), ...(note === undefined ? {} : { note }) }
  } catch (thrown) {
    const { code, message } = asHeadgateError(thrown)
    // It comes with this very plan, or not at all: what is declared with it tells.
    if (code === 'DependencyNotReady') return { ...change, cost: costOf([]) }
    return { kind: 'refused', reason: 'OutOfRange', instead: message.replace(/\.$/, '') }
  }
}

/** Undefined where nobody knows where its groups stand, as without a server. */
function movesOf(
  resource: Resource,
  due: DeclaredReset,
  around: Observed,
): readonly ShardMove[] | undefined {
  const { identity } = resource
  const targets = resetTargets({ identity, readings: readingsOf(resource) }, due, streamsIn(around))
  const moves: ShardMove[] = []
  for (const target of targets) {
    const offsets = around.offsetsOf(target.group)
    if (offsets === undefined) return undefined
    moves.push(...movesOfTarget(target, due, offsets, around))
  }
  return moves
}

function movesOfTarget(
  { stream, shards }: ResetTarget,
  { to }: DeclaredReset,
  offsets: readonly GroupOffset[],
  { sequenceAt }: Observed,
): readonly ShardMove[] {
  const { incarnation } = stream
  const committed = new Map(
    offsets
      .filter((offset) => offset.incarnation === incarnation)
      .map(({ shard, next }) => [shard, next]),
  )
  return planMoves({
    stream,
    shards,
    to,
    committed,
    sequenceAt: (shard, arrivalUs) => sequenceAt(incarnation, shard, arrivalUs),
  })
}

function goneText(moves: readonly ShardMove[]): string | undefined {
  const gone = moves.find((move) => move.gone !== undefined)
  if (gone === undefined) return undefined
  return `retention has deleted sequence ${gone.gone} of shard ${gone.shard}, so that it goes to the earliest, ${gone.to}`
}

/** As its config says it; what variables stand for is known when it is carried out. */
export function readingsOf({ identity, spec, references }: Resource): readonly StreamReading[] {
  const read = references.filter(({ to, access }) => access === 'read' && to.kind === 'Stream')
  if (identity.kind === 'Sink')
    return read.map(({ to }) => ({
      stream: to.name,
      group: sinkGroup(identity.name),
      shards: undefined,
    }))
  const uses = read.map(({ to, path }) => ({ stream: to.name, access: 'read' as const, path }))
  return streamReadings(spec, uses, `pipeline.${identity.name}`)
}

function streamsIn({ resources }: Observed): Pick<Streams, 'describe'> {
  return {
    describe: (names = []) =>
      names.flatMap((name) => {
        const stream = resources.get(streamKey(name))?.stream
        return stream === undefined ? [] : [stream]
      }),
  }
}

function costOf(moves: readonly ShardMove[]): Loss {
  const { records, bytes } = NO_RECORDS
  return {
    records,
    bytes,
    oldestUs: undefined,
    newestUs: undefined,
    readAgain: sumOf(moves.map(({ readAgain }) => readAgain)),
    skipped: sumOf(moves.map(({ skipped }) => skipped)),
  }
}
