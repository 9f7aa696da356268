/**
 * The appends of a minute without a pause, with the checkpoints and the retention that they cause, against the raw
 * loop of 1 MiB a sync before and after it.
 */
import { median, quantile, round, thousands } from '../figures.ts'
import { appender, createStream, freshEngine, RECORD_BYTES } from './bench-engine.ts'
import { runClosedLoop } from './closed-loop.ts'
import { IN_FLIGHT } from './durable-appends.ts'
import type { BenchLength } from './length.ts'
import { RawFile } from './raw-file.ts'
import { judged, type Row } from './row.ts'

const RAW_BYTES_PER_SYNC = 1024 * 1024
const SHARDS = 4

export async function benchSustainedAppends(length: BenchLength): Promise<readonly Row[]> {
  return [await measure(length, 1), await measure(length, 16)]
}

async function measure(
  { roundMs, rounds, sustainedMs }: BenchLength,
  recordsPerAppend: number,
): Promise<Row> {
  await using raw = await RawFile.open()
  const limits: number[] = []
  const takeLimits = async (): Promise<void> => {
    for (let count = 0; count < rounds; count++) {
      limits.push((await raw.loop(RAW_BYTES_PER_SYNC, roundMs)).bytesPerSecond)
    }
  }
  await takeLimits()
  await using fresh = await freshEngine()
  const { engine, disk } = fresh
  const stream = await createStream(engine, 'bench', SHARDS)
  const { recordsPerSecond, perSecond } = await runClosedLoop({
    append: appender(engine, stream, recordsPerAppend),
    inFlight: IN_FLIGHT,
    recordsPerAppend,
    until: { ms: sustainedMs },
    onStart: () => disk.reset(),
  })
  const { journal, rest } = disk
  await takeLimits()
  const limit = median(limits)
  return judged(
    {
      what: `sustained ${round(sustainedMs / 1000, 0)} s, ${IN_FLIGHT} in flight, ${recordsPerAppend} an append`,
      figure: `${thousands(recordsPerSecond)} rec/s, ${round((recordsPerSecond * RECORD_BYTES) / 1e6)} MB/s`,
      beside: `raw 1 MiB loop ${round(limit / 1e6)} MB/s`,
      note: [
        `${round(journal.writtenBytes / Math.max(journal.syncs, 1) / 1024)} KiB a sync`,
        `slowest second ${thousands(quantile(perSecond, 0))} rec/s`,
        `median second ${thousands(median(perSecond))} rec/s`,
        `${round(rest.writtenBytes / 1e6, 0)} MB written behind the journal`,
      ].join(', '),
    },
    (recordsPerSecond * RECORD_BYTES) / limit,
    { least: 0.6 },
  )
}
