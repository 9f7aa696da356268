/** What shards cost that nobody writes to: memory while they are open, and time to open them. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { median, round } from '../figures.ts'
import { appender, createStream, openBenchEngine } from './bench-engine.ts'
import type { BenchLength } from './length.ts'
import type { Row } from './row.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const SHARDS = 4096
/** Several, so that what the engine itself takes does not show. */
const STREAMS = 4
const SHARD_BYTES_MOST = 2048
const OPEN_MS_MOST = 1_000

export async function benchIdleShards({ rounds }: BenchLength): Promise<readonly Row[]> {
  return [
    await memoryRow('an idle shard, never written', 0),
    await memoryRow('an idle shard, one record in it, opened anew', SHARDS),
    await openingRow(rounds),
  ]
}

async function memoryRow(what: string, appendsPerStream: number): Promise<Row> {
  using directory = temporaryDirectory()
  await fill(directory.path, appendsPerStream)
  using empty = temporaryDirectory()
  const without = await heldBytes(empty.path)
  const withShards = await heldBytes(directory.path)
  const bytes = (withShards - without) / (STREAMS * SHARDS)
  return {
    what: `memory of ${what}`,
    target: '≤ 2 KiB',
    figure: `${round(bytes, 0)} B`,
    beside: '-',
    ratio: undefined,
    met: bytes <= SHARD_BYTES_MOST,
    note: `heap and buffers of ${STREAMS} streams of ${SHARDS} shards, less those of an empty engine`,
  }
}

async function fill(directory: string, appendsPerStream: number): Promise<void> {
  await using engine = await openBenchEngine(directory)
  for (let index = 0; index < STREAMS; index++) {
    const append = appender(engine, await createStream(engine, `bench-${index}`, SHARDS), 1)
    await Promise.all(Array.from({ length: appendsPerStream }, append))
  }
}

/** Of an engine on the directory, open and at rest. */
async function heldBytes(directory: string): Promise<number> {
  const before = usedBytes()
  await using _engine = await openBenchEngine(directory)
  return usedBytes() - before
}

async function openingRow(rounds: number): Promise<Row> {
  using directory = temporaryDirectory()
  {
    await using engine = await openBenchEngine(directory.path)
    await createStream(engine, 'bench', SHARDS)
  }
  using empty = temporaryDirectory()
  await (await openBenchEngine(empty.path))[Symbol.asyncDispose]()
  const full: number[] = []
  const bare: number[] = []
  for (let count = 0; count < rounds; count++) {
    bare.push(await openMs(empty.path))
    full.push(await openMs(directory.path))
  }
  return {
    what: `opening ${SHARDS} empty shards`,
    target: '< 1 s',
    figure: `${round(median(full))} ms`,
    beside: `no shards ${round(median(bare))} ms`,
    ratio: median(full) / median(bare),
    met: median(full) < OPEN_MS_MOST,
    note: 'after an orderly close',
  }
}

async function openMs(directory: string): Promise<number> {
  const startedMs = performance.now()
  const engine = await openBenchEngine(directory)
  const ms = performance.now() - startedMs
  await engine[Symbol.asyncDispose]()
  return ms
}

function usedBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let count = 0; count < 3; count++) collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
