/** Records per second and CPU per record of generate → mapping → drop, beside the same pipeline without its mapping. */
import { openMemoryEngine } from '../engine/log/memory-engine.ts'
import { buildPipeline } from '../engine/pipelines/build-pipeline.ts'
import { testEnvironment } from '../engine/pipelines/testing.ts'
import { realClock } from '../engine/ports/real-clock.ts'
import { realRandom } from '../engine/ports/real-random.ts'
import { printRow, quantile, round, thousands } from './figures.ts'

const RUN_MS = 2_000
const ROUNDS = 3
const MAPPING = `root.id = this.id
root.name = this.user.name.uppercase()
root.total = this.items.map_each(item -> item.price * item.count).sum()`
const DOCUMENT = `root = {"id": 7, "user": {"name": "ada"}, "items": [{"price": 2, "count": 3}, {"price": 5, "count": 1}]}`

export async function benchPipelineThroughput(): Promise<void> {
  const mapped: Sample[] = []
  const plain: Sample[] = []
  for (let count = 0; count < ROUNDS; count++) {
    plain.push(await run([]))
    mapped.push(await run([{ mapping: MAPPING }]))
  }
  const rate = quantile(
    mapped.map(({ recordsPerSecond }) => recordsPerSecond),
    0.5,
  )
  const plainRate = quantile(
    plain.map(({ recordsPerSecond }) => recordsPerSecond),
    0.5,
  )
  printRow('generate → mapping → drop', {
    'records/s': thousands(rate),
    'CPU µs/record': round(
      quantile(
        mapped.map(({ cpuUs }) => cpuUs),
        0.5,
      ),
      2,
    ),
    'without mapping': thousands(plainRate),
    ratio: round(rate / plainRate, 2),
  })
}

interface Sample {
  readonly recordsPerSecond: number
  readonly cpuUs: number
}

async function run(processors: readonly unknown[]): Promise<Sample> {
  await using engine = openMemoryEngine({ clock: realClock, random: realRandom })
  const pipeline = await buildPipeline(
    {
      input: { generate: { interval: '', batch_size: 100, mapping: DOCUMENT } },
      pipeline: { processors },
      output: { drop: {} },
    },
    testEnvironment({ engine, clock: realClock, random: realRandom }),
  )
  const cpu = process.cpuUsage()
  const startedMs = performance.now()
  await pipeline.connect()
  await realClock.sleep(RUN_MS)
  const { outputSent } = pipeline.state().counters
  const seconds = (performance.now() - startedMs) / 1000
  const used = process.cpuUsage(cpu)
  await pipeline.stop(1_000)
  return { recordsPerSecond: outputSent / seconds, cpuUs: (used.user + used.system) / outputSent }
}
