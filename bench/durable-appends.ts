/**
 * Durable appends per second at 128 in flight, beside a raw loop on the same disk in the same run: write + asynchronous
 * fdatasync of a preallocated file, with the bytes per sync that 128 such records make.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeBatch } from '../engine/log/batch.ts'
import { openDiskEngine } from '../engine/log/disk-engine.ts'
import { realClock } from '../engine/ports/real-clock.ts'
import { realDisk } from '../engine/ports/real-disk.ts'
import { realRandom } from '../engine/ports/real-random.ts'
import { printRow, quantile, round, thousands } from './figures.ts'

const IN_FLIGHT = 128
const RECORD_BYTES = 1024
const RUN_MS = 2_000
const ROUNDS = 3
const RAW_FILE_BYTES = 64 * 1024 * 1024

export async function benchDurableAppends(): Promise<void> {
  const engine: number[] = []
  const raw: number[] = []
  for (let count = 0; count < ROUNDS; count++) {
    raw.push(await rawRecordsPerSecond())
    engine.push(await engineRecordsPerSecond())
  }
  const [own, limit] = [quantile(engine, 0.5), quantile(raw, 0.5)]
  printRow(`durable appends, ${RECORD_BYTES} B, ${IN_FLIGHT} in flight`, {
    'records/s': thousands(own),
    'raw loop': thousands(limit),
    ratio: round(own / limit, 2),
  })
}

async function engineRecordsPerSecond(): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'headgate-bench-'))
  const engine = await openDiskEngine({
    directory,
    clock: realClock,
    random: realRandom,
    disk: realDisk,
  })
  const { incarnation } = await engine.streams.create({
    name: 'bench',
    id: 'bench',
    uid: 'bench',
    owner: 'bench',
    digest: '',
    type: undefined,
    shards: 4,
    durability: 'durable',
    retention: { ageMs: undefined, bytes: undefined },
    deletionPolicy: 'Delete',
    protected: false,
    retainForMs: undefined,
    sealed: undefined,
  })
  const data = Buffer.alloc(RECORD_BYTES, 'x')
  const startedMs = performance.now()
  let records = 0
  const producer = async (shard: number): Promise<void> => {
    while (performance.now() - startedMs < RUN_MS) {
      await engine.log.write({
        appends: [{ stream: 'bench', incarnation, shard, batch: encodeBatch([{ data }]) }],
      })
      records += 1
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, (_, index) => producer(index % 4)))
  const seconds = (performance.now() - startedMs) / 1000
  await engine[Symbol.asyncDispose]()
  rmSync(directory, { recursive: true })
  return records / seconds
}

async function rawRecordsPerSecond(): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'headgate-bench-'))
  const file = await open(join(directory, 'raw'), 'w+')
  await file.write(Buffer.alloc(RAW_FILE_BYTES))
  await file.datasync()
  const group = Buffer.alloc(IN_FLIGHT * RECORD_BYTES, 'x')
  const startedMs = performance.now()
  let groups = 0
  for (let at = 0; performance.now() - startedMs < RUN_MS; groups += 1) {
    await file.write(group, 0, group.length, at)
    await file.datasync()
    at = at + group.length >= RAW_FILE_BYTES ? 0 : at + group.length
  }
  const seconds = (performance.now() - startedMs) / 1000
  await file.close()
  rmSync(directory, { recursive: true })
  return (groups * IN_FLIGHT) / seconds
}
