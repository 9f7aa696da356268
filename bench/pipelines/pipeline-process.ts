/** Runs the pipeline of its first argument, in JSON, until it ends or has sent as many messages as the second says. */
import { setTimeout as sleep } from 'node:timers/promises'
import { openMemoryEngine } from '../../engine/log/memory-engine.ts'
import { buildPipeline } from '../../engine/pipelines/build-pipeline.ts'
import { testEnvironment } from '../../engine/pipelines/testing.ts'
import { realClock } from '../../engine/ports/real-clock.ts'
import { realRandom } from '../../engine/ports/real-random.ts'
import { printSample } from './sample.ts'

const LOOK_MS = 5
const [config = '{}', count = '0'] = process.argv.slice(2)
const wanted = Number(count) || Number.POSITIVE_INFINITY

await using engine = openMemoryEngine({ clock: realClock, random: realRandom })
const environment = testEnvironment({ engine, clock: realClock, random: realRandom })
const pipeline = await buildPipeline(JSON.parse(config), environment)
process.stdout.write('ready\n')
await printSample(async () => {
  await pipeline.connect()
  for (;;) {
    const { phase, counters } = pipeline.state()
    if (phase !== 'running' || counters.outputSent >= wanted) return counters.outputSent
    await sleep(LOOK_MS)
  }
})
await pipeline.stop(1_000)
