import { beforeEach, describe, expect, test } from 'vitest'
import { SeededRandom } from '../ports/seeded-random.ts'
import { SimulatedClock } from '../ports/simulated-clock.ts'
import type { StreamRecord } from '../streams/streams.ts'
import { Admission, RELAXED_SEQUENCES_AHEAD } from './admission.ts'
import { encodeBatch } from './batch.ts'
import type { Change } from './change.ts'
import { BATCH_RECORDS_MAX } from './log.ts'

const STREAM: StreamRecord = {
  name: 'a',
  id: 'a',
  uid: 'a',
  owner: undefined,
  digest: '',
  type: undefined,
  shards: 2,
  durability: 'relaxed',
  retention: { ageMs: undefined, bytes: undefined },
  compaction: 'none',
  deletionPolicy: 'Retain',
  protected: false,
  retainForMs: undefined,
  sealed: undefined,
}

describe('admission', () => {
  let admission: Admission
  let clock: SimulatedClock
  let incarnation: number

  beforeEach(() => {
    clock = new SimulatedClock()
    admission = new Admission({ clock, random: new SeededRandom(1), generationBase: 0 })
    incarnation = admission.judgeCreate(STREAM).result
  })

  const append = (count: number, shard = 0) => ({
    stream: 'a',
    incarnation,
    shard,
    batch: encodeBatch(Array.from({ length: count }, () => ({ data: Buffer.alloc(0) }))),
  })
  const judge = (count: number) => admission.judgeWrite({ appends: [append(count)] }).changes
  const reserves = (changes: readonly Change[]) =>
    changes.filter((change) => change.kind === 'reserve').map(({ next }) => next)

  test('reserves sequences of a relaxed shard once, up to the last of them', () => {
    expect(reserves(judge(1))).toEqual([2 + RELAXED_SEQUENCES_AHEAD])
    expect(reserves(judge(RELAXED_SEQUENCES_AHEAD - 1))).toEqual([])
    expect(reserves(judge(1))).toEqual([])
    expect(reserves(judge(1))).toEqual([3 + 2 * RELAXED_SEQUENCES_AHEAD])
  })

  test('reserves ahead of the largest batch', () => {
    const [reserved] = reserves(judge(BATCH_RECORDS_MAX))
    expect(reserved).toBe(1 + BATCH_RECORDS_MAX + RELAXED_SEQUENCES_AHEAD)
  })

  test('gives back what it gave out when any part of a set is refused', () => {
    const refused = { appends: [append(3), append(1, 1), append(1, 2)] }
    const thrown = expect.objectContaining({ code: 'ShardOutOfRange' })
    expect(() => admission.judgeWrite(refused)).toThrow(thrown)
    const { changes, result } = admission.judgeWrite({ appends: [append(1), append(1, 1)] })
    expect(result.appends.map(({ sequences }) => sequences[0])).toEqual([1, 1])
    expect(reserves(changes).length).toBe(2)
  })

  test('numbers appends of one set to one shard on from each other', () => {
    const { result } = admission.judgeWrite({ appends: [append(2), append(1), append(1, 1)] })
    expect(result.appends.map(({ sequences }) => [...sequences])).toEqual([[1, 2], [3], [1]])
  })

  test('stamps each append of a shard no earlier than the one before', () => {
    const arrivals: number[] = []
    for (const jumpUs of [0, 1000, -5000, 2000]) {
      clock.jumpWall(jumpUs)
      for (const change of judge(1)) {
        if (change.kind === 'append') arrivals.push(change.arrivalUs)
      }
    }
    expect(arrivals).toEqual([...arrivals].sort((left, right) => left - right))
    expect(arrivals[2]).toBe(arrivals[1])
  })
})
