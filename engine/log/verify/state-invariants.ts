/** What must hold once the journal is applied to the checkpoint: the state that a start would find. */
import type { Damage } from '../damage.ts'
import type { DiskShard } from '../disk-shard.ts'
import type { LogView } from '../log-view.ts'
import { expected, type Invariant } from './invariant.ts'

export interface StateFacts {
  readonly journal: string
  readonly checkpoint: string
  readonly view: LogView<DiskShard>
  readonly damage: Damage
}

export const STATE_INVARIANTS: readonly Invariant<StateFacts>[] = [
  {
    name: 'journal-durable',
    sentence:
      'Every frame behind the checkpoint that was durable is whole, and continues the one before.',
    *faults({ journal, damage }) {
      for (const { path, from, to, missing } of damage.places) {
        if (!path.startsWith(journal)) continue
        if (missing) yield expected('a journal file that frames lie in', 'none', path)
        else yield expected('frames that were durable', `other bytes up to ${to}`, path, from)
      }
    },
  },
  {
    name: 'journal-sequences',
    sentence: 'The batches in the journal go on where the segments of their shard end.',
    *faults({ journal, damage, view }) {
      for (const { stream, shard, from, to } of damage.lost) {
        const metas = view.streams.get(stream)?.shards[shard]?.log.metas ?? []
        // One that is missing is named where the segments are looked at.
        if (metas.some(({ base, next }) => from >= base && to < next)) continue
        yield expected(`sequences ${from} to ${to} of shard ${shard} of ${stream}`, 'none', journal)
      }
    },
  },
  {
    name: 'journal-streams',
    sentence: 'Each batch in the journal is of a shard that its stream is known to have.',
    *faults({ journal, damage }) {
      for (const note of damage.notes) {
        if (note.startsWith('the ')) {
          yield { path: journal, message: `lost: ${note}` }
        }
      }
    },
  },
  {
    name: 'shard-range',
    sentence: 'Each shard begins no later than it ends, and no earlier than its oldest segment.',
    *faults({ view, checkpoint }) {
      for (const { record, shards } of view.streams.values()) {
        for (const { log } of shards) {
          const { first, next, shard } = log
          const base = log.metas[0]?.base ?? first
          if (first > next || base > first)
            yield expected(
              `a range of shard ${shard} of ${record.name}`,
              `${first} to below ${next}, segments from ${base}`,
              checkpoint,
            )
        }
      }
    },
  },
  {
    name: 'offset-range',
    sentence: 'The offset of each group is of a shard that there is, and no later than its end.',
    *faults({ view, checkpoint }) {
      for (const [group, { offsets }] of view.groups) {
        for (const { stream, incarnation, shard, next } of offsets.values()) {
          const found = view.shard(incarnation, shard)
          const end = Math.max(found?.log.next ?? 0, found?.reserved ?? 0)
          if (next >= 1 && next <= end) continue
          yield expected(
            `an offset of group ${group} from 1 to ${end} in shard ${shard} of ${stream}`,
            `${next}`,
            checkpoint,
          )
        }
      }
    },
  },
]
