/**
 * Durable 1 KiB appends at 128 in flight, one record and sixteen an append, against a raw loop that syncs as many
 * bytes at a time as the engine was seen to. Records count with their data alone: headers and padding are the
 * engine's own cost.
 */
import { median, round, thousands } from '../figures.ts'
import { appender, createStream, freshEngine, RECORD_BYTES } from './bench-engine.ts'
import { runClosedLoop } from './closed-loop.ts'
import type { BenchLength } from './length.ts'
import { RawFile } from './raw-file.ts'
import { judged, type Row } from './row.ts'

export const IN_FLIGHT = 128
const SHARDS = 4
const ALIGN_BYTES = 4096

export async function benchDurableAppends(length: BenchLength): Promise<readonly Row[]> {
  return [await measure(length, 1), await measure(length, 16)]
}

async function measure({ roundMs, rounds }: BenchLength, recordsPerAppend: number): Promise<Row> {
  await using raw = await RawFile.open()
  const own: AppendSample[] = []
  const limits: number[] = []
  for (let count = 0; count < rounds; count++) {
    const sample = await appendRound(roundMs, recordsPerAppend)
    own.push(sample)
    const bytesPerSync = Math.ceil(sample.bytesPerSync / ALIGN_BYTES) * ALIGN_BYTES
    limits.push((await raw.loop(bytesPerSync, roundMs)).bytesPerSecond)
  }
  const recordsPerSecond = median(own.map((sample) => sample.recordsPerSecond))
  const limit = median(limits)
  const of = (pick: (sample: AppendSample) => number): number => median(own.map(pick))
  return judged(
    {
      what: `durable 1 KiB appends, ${IN_FLIGHT} in flight, ${recordsPerAppend} an append`,
      figure: `${thousands(recordsPerSecond)} rec/s, ${round((recordsPerSecond * RECORD_BYTES) / 1e6)} MB/s`,
      beside: `raw loop ${round(limit / 1e6)} MB/s`,
      note: [
        `${round(of((sample) => sample.bytesPerSync) / 1024)} KiB a sync`,
        `${thousands(of((sample) => sample.syncsPerSecond))} syncs/s`,
        `${round(
          of((sample) => sample.writesPerSync),
          2,
        )} writes a sync`,
        `${round(
          of((sample) => sample.cpuUs),
          2,
        )} µs CPU a record`,
      ].join(', '),
    },
    (recordsPerSecond * RECORD_BYTES) / limit,
    { least: 0.8 },
  )
}

export interface AppendSample {
  readonly recordsPerSecond: number
  readonly bytesPerSync: number
  readonly syncsPerSecond: number
  readonly writesPerSync: number
  readonly cpuUs: number
}

export async function appendRound(
  ms: number,
  recordsPerAppend: number,
  shards: number = SHARDS,
): Promise<AppendSample> {
  await using fresh = await freshEngine()
  const { engine, disk } = fresh
  const stream = await createStream(engine, 'bench', shards)
  let cpu = process.cpuUsage()
  const { recordsPerSecond } = await runClosedLoop({
    append: appender(engine, stream, recordsPerAppend),
    inFlight: IN_FLIGHT,
    recordsPerAppend,
    until: { ms },
    onStart: () => {
      disk.reset()
      cpu = process.cpuUsage()
    },
  })
  const { user, system } = process.cpuUsage(cpu)
  const { syncs, writes, writtenBytes } = disk.journal
  return {
    recordsPerSecond,
    bytesPerSync: writtenBytes / Math.max(syncs, 1),
    syncsPerSecond: syncs / (ms / 1000),
    writesPerSync: writes / Math.max(syncs, 1),
    cpuUs: (user + system) / (recordsPerSecond * (ms / 1000)),
  }
}
