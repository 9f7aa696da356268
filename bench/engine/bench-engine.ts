/** The engine under measurement, on the real disk and through its ports only. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Engine } from '../../engine/engine.ts'
import { encodeBatch } from '../../engine/log/batch.ts'
import { openDiskEngine } from '../../engine/log/disk-engine.ts'
import type { Disk } from '../../engine/ports/disk.ts'
import { realClock } from '../../engine/ports/real-clock.ts'
import { realDisk } from '../../engine/ports/real-disk.ts'
import { realRandom } from '../../engine/ports/real-random.ts'
import { temporaryDirectory } from './temporary-directory.ts'
import { WatchedDisk } from './watched-disk.ts'

export const RECORD_BYTES = 1024
/** Of retention where a load goes on for long: what is older is dropped, as it would be in use. */
const KEPT_BYTES = 2 * 1024 * 1024 * 1024

export function openBenchEngine(directory: string, disk: Disk = realDisk): Promise<Engine> {
  return openDiskEngine({ directory, clock: realClock, random: realRandom, disk })
}

export interface BenchStream {
  readonly stream: string
  readonly incarnation: number
  readonly shards: number
}

export async function createStream(
  engine: Engine,
  stream: string,
  shards: number,
): Promise<BenchStream> {
  const { incarnation } = await engine.streams.create({
    name: stream,
    id: stream,
    uid: stream,
    owner: 'bench',
    digest: '',
    type: undefined,
    shards,
    durability: 'durable',
    retention: { ageMs: undefined, bytes: KEPT_BYTES },
    compaction: 'none',
    deletionPolicy: 'Delete',
    protected: false,
    retainForMs: undefined,
    sealed: undefined,
  })
  return { stream, incarnation, shards }
}

/** Appends batches of so many records, each to the next shard in turn. Encoding is part of what is measured. */
export function appender(
  engine: Engine,
  { stream, incarnation, shards }: BenchStream,
  recordsPerAppend: number,
): () => Promise<unknown> {
  const records = Array.from({ length: recordsPerAppend }, (_, index) => ({
    data: Buffer.alloc(RECORD_BYTES, 65 + (index % 26)),
  }))
  let turn = 0
  return () => {
    turn = (turn + 1) % shards
    const batch = encodeBatch(records)
    return engine.log.write({ appends: [{ stream, incarnation, shard: turn, batch }] })
  }
}

export interface FreshEngine extends AsyncDisposable {
  readonly engine: Engine
  readonly disk: WatchedDisk
  readonly directory: string
}

/** On an empty directory that goes with it. */
export async function freshEngine(): Promise<FreshEngine> {
  const directory = temporaryDirectory()
  const disk = new WatchedDisk()
  const engine = await openBenchEngine(directory.path, disk)
  return {
    engine,
    disk,
    directory: directory.path,
    [Symbol.asyncDispose]: async () => {
      await engine[Symbol.asyncDispose]()
      directory[Symbol.dispose]()
    },
  }
}

/** Until the engine has made no call for a while: what it does in the background is done. */
export async function settled(disk: WatchedDisk, quietMs: number, msMax: number): Promise<boolean> {
  const startedMs = performance.now()
  let lastMs = startedMs
  disk.onCall = () => {
    lastMs = performance.now()
  }
  while (performance.now() - lastMs < quietMs) {
    if (performance.now() - startedMs > msMax) break
    await sleep(20)
  }
  disk.onCall = undefined
  return performance.now() - lastMs >= quietMs
}
