/** Functions that read the surroundings of the process: time, names, variables. */
import type { FunctionDefinition } from '../definition.ts'
import { makeInteger } from '../values/number.ts'
import { formatTimestamp } from '../values/timestamp.ts'
import { Timestamp } from '../values/value.ts'

export const environmentFunctions: readonly FunctionDefinition[] = [
  {
    name: 'env',
    category: 'environment',
    status: 'stable',
    description:
      'An environment variable, or null when it is not set. Read once, unless `no_cache` is true.',
    parameters: [
      { name: 'name', type: 'string', description: 'The name of the variable.' },
      { name: 'no_cache', type: 'bool', description: 'Read it every time.', default: false },
    ],
    examples: [{ mapping: 'root.home = env("NOT_SET_ANYWHERE")', output: '{"home":null}' }],
    build: (site) => {
      const name = site.string('name')
      const fresh = site.bool('no_cache')
      const known = new Map<string, string | null>()
      return (frame) => {
        const wanted = name(frame)
        const cached = known.get(wanted)
        if (cached !== undefined && !fresh(frame)) return cached
        const value = frame.run.environment.env(wanted) ?? null
        if (known.size < NAMES_KEPT_MAX) known.set(wanted, value)
        return value
      }
    },
  },
  {
    name: 'hostname',
    category: 'environment',
    status: 'stable',
    description: 'The name of the host.',
    parameters: [],
    examples: [{ mapping: 'root.known = hostname().length() > 0', output: '{"known":true}' }],
    build: (site) => () => site.environment.hostname,
  },
  {
    name: 'now',
    category: 'environment',
    status: 'stable',
    description: 'The time as RFC 3339 text.',
    parameters: [],
    examples: [{ mapping: 'root.at = now().ts_unix() > 0', output: '{"at":true}' }],
    build: (site) => () =>
      formatTimestamp(
        new Timestamp(
          BigInt(site.environment.clock.wallUs()) * 1_000n,
          site.environment.zone ?? 'UTC',
        ),
      ),
  },
  ...(
    [
      ['timestamp_unix', 'seconds', 1_000_000_000n],
      ['timestamp_unix_milli', 'milliseconds', 1_000_000n],
      ['timestamp_unix_micro', 'microseconds', 1_000n],
      ['timestamp_unix_nano', 'nanoseconds', 1n],
    ] as const
  ).map(
    ([name, unit, divisor]): FunctionDefinition => ({
      name,
      category: 'environment',
      status: 'stable',
      description: `The time in ${unit} since 1970.`,
      parameters: [],
      examples: [{ mapping: `root.later = ${name}() > 1000`, output: '{"later":true}' }],
      build: (site) => () =>
        makeInteger((BigInt(site.environment.clock.wallUs()) * 1_000n) / divisor),
    }),
  ),
]

/** A mapping that reads variables by a name from its input must not keep them all. */
const NAMES_KEPT_MAX = 100
