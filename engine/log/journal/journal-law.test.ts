/** The law of the journal: whatever is written, released, synced and crashed, what is found is a prefix with all that was synced. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  append,
  expected,
  openTestJournal,
  recover,
  SIZES,
  START,
  trim,
  write,
} from '../../../test/harness/journal-harness.ts'
import { SeededRandom } from '../../ports/seeded-random.ts'
import { SimulatedDisk } from '../../ports/simulated-disk.ts'
import type { Journal, JournalPoint } from './journal.ts'

type Step =
  | { readonly kind: 'write'; readonly sizes: readonly number[] }
  | { readonly kind: 'sync' }
  | { readonly kind: 'release' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      // Some are cut in parts.
      sizes: fc.array(fc.integer({ min: 0, max: 12_000 }), { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 4, arbitrary: fc.constant({ kind: 'sync' as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'release' as const }) },
)

/** What was written, by the sequence of its frame, and what a checkpoint would say. */
interface Known {
  from: JournalPoint
  readonly sets: Map<number, readonly unknown[]>
}

async function take(journal: Journal, { kind, ...rest }: Step, known: Known): Promise<void> {
  if (kind === 'sync') {
    await journal.sync()
  } else if (kind === 'release') {
    await journal.sync()
    known.from = journal.point
    journal.release(known.from)
  } else if ('sizes' in rest) {
    const { sequence } = journal.point
    const changes = [
      ...rest.sizes.map((size, index) => append(sequence * 10 + index, Buffer.alloc(size, index))),
      trim(sequence),
    ]
    known.sets.set(sequence, expected(changes))
    // Nobody else would release while this one waits.
    if (journal.usedBytes * 2 > journal.capacityBytes)
      await take(journal, { kind: 'release' }, known)
    await write(journal, changes)
  }
}

test('what is found after a crash is what was synced, and perhaps some of what came next', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer(),
      fc.array(fc.array(step, { maxLength: 60 }), { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 0, max: 150 }),
      async (seed, lives, crashAfter) => {
        const disk = new SimulatedDisk(new SeededRandom(seed))
        const known: Known = { from: START, sets: new Map() }
        let start = START
        for (const [life, steps] of lives.entries()) {
          const journal = await openTestJournal(disk, start, { ...SIZES, filesMax: 4 })
          disk.cutPowerAt(disk.calls + crashAfter)
          try {
            for (const step of steps) await take(journal, step, known)
          } catch {}
          const { syncedSequence } = journal
          // A file may be in the making: whoever lost the power does nothing to the disk of the next life.
          disk.cutPowerAt(disk.calls)
          await journal[Symbol.asyncDispose]()
          disk.crash()
          const { end, sets, sequences, damage } = await recover(disk, known.from, syncedSequence)
          expect(damage).toEqual([])
          expect(end.sequence).toBeGreaterThan(syncedSequence)
          const wanted = [...known.sets.keys()].filter(
            (sequence) => sequence >= known.from.sequence && sequence < end.sequence,
          )
          expect(sequences).toEqual(wanted)
          expect(sets).toEqual(wanted.map((sequence) => known.sets.get(sequence)))
          // What was not found never happened, and the next opening begins behind a checkpoint.
          for (const sequence of known.sets.keys()) {
            if (sequence >= end.sequence) known.sets.delete(sequence)
          }
          const { sequence, previousCrc, epochLast } = end
          start = { epoch: epochLast + 1, position: 0, sequence, previousCrc, salt: life + 2 }
          known.from = start
        }
      },
    ),
    { numRuns: 150 },
  )
})
