/** What mappings may reach of the world: time, chance and names, all handed in. */
import type { Clock } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'
import type { MappingFiles } from './mapping-files.ts'

export interface BloblangEnvironment {
  readonly clock: Clock
  readonly random: Random
  readonly hostname: string
  /** The zone that times print in unless a mapping says otherwise; UTC when left out. */
  readonly zone?: string
  /** How many steps a message's run may take, where that is less than STEPS_MAX. */
  readonly stepsMax?: number
  /** Reads what `import` and `from` name; without it they are refused. */
  readonly files?: MappingFiles
  /** An environment variable, or undefined when it is unset or not granted. */
  env(name: string): string | undefined
}
