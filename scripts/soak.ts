/**
 * Looks for broken promises of the engine for as long as asked: `npm run soak -- --minutes 60 --seed 1`. A failure
 * names its seed; `HEADGATE_SEED=n npx vitest run test/crash/random-crash.test.ts` shows it again.
 */
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const MINUTES_DEFAULT = '10'

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
  const { status } = spawnSync('vitest', ['run', 'test/crash'], {
    stdio: 'inherit',
    env: {
      ...process.env,
      HEADGATE_SOAK_MINUTES: String(minutes),
      HEADGATE_SEED: String(seed),
    },
  })
  process.exitCode = status ?? 1
}
