/**
 * Looks for broken promises of the engine for as long as asked: `npm run soak -- --minutes 60 --seed 1`. A failure
 * names its seed; `HEADGATE_SEED=n npx vitest run test/crash/random-crash.test.ts` shows it again.
 *
 * Then the laws of the control plane, over ten thousand sets each; a failure prints the sets, and the seed of fast-check.
 */
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const MINUTES_DEFAULT = '10'
const LAW_RUNS = 10_000
const LAWS = [
  'controllers/plan/type-evolution',
  'controllers/exclusive',
  'controllers/failure',
  'controllers/ownership',
].map((subject) => `${subject}-laws.test.ts`)

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: MINUTES_DEFAULT },
    // Another one each time, so that no run repeats another.
    seed: { type: 'string', default: String(process.pid * 1_000_000) },
  },
})
const minutes = Number(values.minutes)
const seed = Number(values.seed)
if (!(minutes > 0) || !Number.isSafeInteger(seed)) {
  console.error(`expected --minutes above 0 and a whole --seed, got ${JSON.stringify(values)}`)
  process.exitCode = 2
} else {
  console.log(`soaking for ${minutes} minutes from seed ${seed}`)
  const crashes = run(['test/crash'], {
    HEADGATE_SOAK_MINUTES: String(minutes),
    HEADGATE_SEED: String(seed),
  })
  console.log(`trying the laws of the control plane ${LAW_RUNS} times`)
  process.exitCode = crashes || run(LAWS, { HEADGATE_LAW_RUNS: String(LAW_RUNS) })
}

function run(tests: readonly string[], env: Readonly<Record<string, string>>): number {
  const { status } = spawnSync('vitest', ['run', ...tests], {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  return status ?? 1
}
