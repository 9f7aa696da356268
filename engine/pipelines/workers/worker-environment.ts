/** What a chain in a worker may reach: time, chance, lines of the log, and the names of its pipeline. */
import type { Logger } from '../../ports/logger.ts'
import { realClock } from '../../ports/real-clock.ts'
import { realRandom } from '../../ports/real-random.ts'
import type { PipelineEnvironment } from '../pipeline.ts'
import type { ChainSource } from './worker-protocol.ts'

export function workerEnvironment(source: ChainSource, logger: Logger): PipelineEnvironment {
  const { namespace, name, group, endpointPrefix, directory, env } = source
  return {
    namespace,
    name,
    group,
    endpointPrefix,
    directory,
    logger,
    clock: realClock,
    random: realRandom,
    env: (variable) => env.get(variable),
    engine: outOfReach('the engine'),
    endpoints: outOfReach('endpoints'),
    stdin: outOfReach('standard input'),
    stdout: outOfReach('standard output'),
    streams: outOfReach('streams'),
    secrets: outOfReach('secrets'),
  }
}

/** A component that is said to be portable and is not shows itself at once. */
function outOfReach<T extends object>(what: string): T {
  const refuse = (): never => {
    throw new Error(`a worker reaches no ${what}`)
  }
  return new Proxy({} as T, { get: refuse, has: refuse })
}
