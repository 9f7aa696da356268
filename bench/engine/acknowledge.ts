/**
 * How long an append of 1 KiB waits for its acknowledgement at 16 in flight: against one raw 4 KiB write + fdatasync,
 * and while compression, name lookups and checkpoints go on beside it against itself in peace.
 */
import { availableParallelism } from 'node:os'
import { median, quantile, round } from '../figures.ts'
import { appender, createStream, freshEngine, RECORD_BYTES } from './bench-engine.ts'
import { runClosedLoop } from './closed-loop.ts'
import type { BenchLength } from './length.ts'
import { startNoise } from './noise.ts'
import { RawFile } from './raw-file.ts'
import { judged, type Row } from './row.ts'

const IN_FLIGHT = 16
const RAW_BYTES_PER_SYNC = 4096
/** As many as the platform's thread pool has by default: whoever waits behind them waits long. */
const POOL_THREADS = 4
/** A busy round is longer than a quiet one, so that the load itself makes checkpoints due. */
const BUSY_FACTOR = 4
/** On a disk that is so slow, a checkpoint may not come. */
const MEASURE_MS_MAX = 6_000

export async function benchAcknowledge(length: BenchLength): Promise<readonly Row[]> {
  await using raw = await RawFile.open()
  const lanes = [...new Set([Math.max(availableParallelism() - 1, 1), POOL_THREADS])]
  const rawP50: number[] = []
  const quiet: Sample[] = []
  const busy = lanes.map((): Sample[] => [])
  const rawBusyP99 = lanes.map((): number[] => [])
  for (let count = 0; count < length.rounds; count++) {
    rawP50.push(quantile((await raw.loop(RAW_BYTES_PER_SYNC, length.roundMs)).latenciesMs, 0.5))
    quiet.push(await measure(length.quietBytes))
    for (const [index, laneCount] of lanes.entries()) {
      await using _noise = startNoise(laneCount)
      busy[index]?.push(await measure(length.quietBytes * BUSY_FACTOR))
      const { latenciesMs } = await raw.loop(RAW_BYTES_PER_SYNC, length.roundMs / 2)
      rawBusyP99[index]?.push(quantile(latenciesMs, 0.99))
    }
  }
  const p50 = median(quiet.map((sample) => sample.p50))
  const p99 = median(quiet.map((sample) => sample.p99))
  return [
    judged(
      {
        what: `acknowledge p50, ${IN_FLIGHT} in flight`,
        figure: `${round(p50, 3)} ms`,
        beside: `raw 4 KiB ${round(median(rawP50), 3)} ms`,
        note: `p99 ${round(p99, 3)} ms`,
      },
      p50 / median(rawP50),
      { most: 1.8 },
    ),
    ...lanes.map((laneCount, index) => {
      const samples = busy[index] ?? []
      const busyP99 = median(samples.map((sample) => sample.p99))
      const behind = median(samples.map((sample) => sample.checkpointBytes))
      return judged(
        {
          what: `acknowledge p99 beside ${laneCount} zstd, DNS and checkpoints`,
          figure: `${round(busyP99, 3)} ms`,
          beside: `in peace ${round(p99, 3)} ms`,
          note: [
            behind > 0
              ? `${round(behind / 1e6, 0)} MB checkpointed meanwhile`
              : 'no checkpoint seen',
            `p50 ${round(median(samples.map((sample) => sample.p50)), 3)} ms`,
            `raw 4 KiB p99 beside the same ${round(median(rawBusyP99[index] ?? []), 3)} ms`,
          ].join(', '),
        },
        busyP99 / p99,
        { most: 2 },
      )
    }),
  ]
}

interface Sample {
  readonly p50: number
  readonly p99: number
  /** Written outside of the journal meanwhile. */
  readonly checkpointBytes: number
}

async function measure(bytes: number): Promise<Sample> {
  await using fresh = await freshEngine()
  const { engine, disk } = fresh
  const stream = await createStream(engine, 'bench', 4)
  const { latenciesMs } = await runClosedLoop({
    append: appender(engine, stream, 1),
    inFlight: IN_FLIGHT,
    recordsPerAppend: 1,
    until: { appends: bytes / RECORD_BYTES, ms: MEASURE_MS_MAX },
    warmAppends: 1_000,
    onStart: () => disk.reset(),
    keepLatencies: true,
  })
  return {
    p50: quantile(latenciesMs, 0.5),
    p99: quantile(latenciesMs, 0.99),
    checkpointBytes: disk.rest.writtenBytes,
  }
}
