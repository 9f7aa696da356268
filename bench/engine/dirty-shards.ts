/** The same load spread over 1,024 shards, each of them written again and again, against all of it in one. */
import { median, thousands } from '../figures.ts'
import { appendRound, IN_FLIGHT } from './durable-appends.ts'
import type { BenchLength } from './length.ts'
import { judged, type Row } from './row.ts'

const SHARDS = 1024
/** Long enough for checkpoints to be due. */
const ROUND_FACTOR = 2

export async function benchDirtyShards({ roundMs, rounds }: BenchLength): Promise<readonly Row[]> {
  const many: number[] = []
  const one: number[] = []
  for (let count = 0; count < rounds; count++) {
    one.push((await appendRound(roundMs * ROUND_FACTOR, 1, 1)).recordsPerSecond)
    many.push((await appendRound(roundMs * ROUND_FACTOR, 1, SHARDS)).recordsPerSecond)
  }
  return [
    judged(
      {
        what: `${thousands(SHARDS)} dirty shards, ${IN_FLIGHT} in flight`,
        figure: `${thousands(median(many))} rec/s`,
        beside: `one shard ${thousands(median(one))} rec/s`,
      },
      median(many) / median(one),
      { least: 0.7 },
    ),
  ]
}
