/**
 * Moves records from a stream to another through a mapping, durable and exactly once, on an engine of its own on the
 * disk: `COUNT BYTES ITEMS`. Then the bare appends of the records that went in, on the same engine.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { encodeBatch } from '../../engine/log/batch.ts'
import { buildPipeline } from '../../engine/pipelines/build-pipeline.ts'
import { testEnvironment } from '../../engine/pipelines/testing.ts'
import { realClock } from '../../engine/ports/real-clock.ts'
import { realRandom } from '../../engine/ports/real-random.ts'
import { orderText } from '../bloblang/documents.ts'
import { type BenchStream, createStream, freshEngine } from '../engine/bench-engine.ts'
import { runClosedLoop } from '../engine/closed-loop.ts'
import { printSample } from './sample.ts'
import { MAPPING } from './work.ts'

const SHARDS = 4
const RECORDS_PER_APPEND = 100
const IN_FLIGHT = 16
const LOOK_MS = 5
const [count = 0, bytes = 0, items = 0] = process.argv.slice(2).map(Number)

await using fresh = await freshEngine()
const { engine } = fresh
const text = orderText(0, bytes, items, false)
const source = await createStream(engine, 'default/in', SHARDS)
await createStream(engine, 'default/out', SHARDS)
await append(source, Buffer.from(text))
const pipeline = await buildPipeline(
  {
    input: { stream: { name: 'in', start: 'earliest' } },
    pipeline: { threads: 1, processors: [{ mapping: MAPPING }] },
    output: { stream: { name: 'out' } },
  },
  testEnvironment({ engine, clock: realClock, random: realRandom }),
)
process.stdout.write('ready\n')
await printSample(async () => {
  await pipeline.connect()
  while (pipeline.state().counters.outputSent < count) await sleep(LOOK_MS)
  return count
})
await pipeline.stop(5_000)
const bare = await createStream(engine, 'default/bare', SHARDS)

await printSample(async () => {
  await append(bare, Buffer.from(text))
  return count
})

async function append({ stream, incarnation }: BenchStream, data: Buffer): Promise<void> {
  const records = Array.from({ length: RECORDS_PER_APPEND }, () => ({ data }))
  let turn = 0
  await runClosedLoop({
    append: () => {
      turn = (turn + 1) % SHARDS
      const batch = encodeBatch(records)
      return engine.log.write({ appends: [{ stream, incarnation, shard: turn, batch }] })
    },
    inFlight: IN_FLIGHT,
    recordsPerAppend: RECORDS_PER_APPEND,
    warmAppends: 0,
    until: { appends: count / RECORDS_PER_APPEND },
  })
}
