/** What a mapping that a person runs may reach: the real clock, chance, and the person's own variables. */
import { hostname } from 'node:os'
import type { BloblangEnvironment } from '../engine/bloblang/bloblang.ts'
import { realClock } from '../engine/ports/real-clock.ts'
import { realRandom } from '../engine/ports/real-random.ts'

export function processEnvironment(): BloblangEnvironment {
  return {
    clock: realClock,
    random: realRandom,
    hostname: hostname(),
    env: (name) => process.env[name],
  }
}
