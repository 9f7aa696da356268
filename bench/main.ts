/** `npm run bench -- NAME`: each benchmark prints its figures beside a raw limit or a peer, taken in the same run. */
import { benchBloblang } from './bloblang.ts'
import { benchConverge } from './converge.ts'
import { benchEngine } from './engine.ts'
import { benchFirst } from './first.ts'
import { benchPipelines } from './pipelines.ts'
import { benchWorkers } from './workers.ts'

const BENCHMARKS: Readonly<Record<string, (options: readonly string[]) => Promise<void>>> = {
  first: benchFirst,
  engine: benchEngine,
  converge: benchConverge,
  bloblang: benchBloblang,
  pipelines: benchPipelines,
  workers: benchWorkers,
}

const [name = '', ...options] = process.argv.slice(2)
const run = BENCHMARKS[name]
if (run === undefined) {
  console.error(`expected one of: ${Object.keys(BENCHMARKS).join(', ')}; got "${name}"`)
  process.exitCode = 2
} else {
  await run(options)
}
