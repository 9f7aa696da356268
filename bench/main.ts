/** `npm run bench -- NAME`: each benchmark prints its figures beside a raw limit or a peer, taken in the same run. */
import { benchFirst } from './first.ts'

const BENCHMARKS: Readonly<Record<string, () => Promise<void>>> = { first: benchFirst }

const name = process.argv[2] ?? ''
const run = BENCHMARKS[name]
if (run === undefined) {
  console.error(`expected one of: ${Object.keys(BENCHMARKS).join(', ')}; got "${name}"`)
  process.exitCode = 2
} else {
  await run()
}
