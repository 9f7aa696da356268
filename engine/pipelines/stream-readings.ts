/** Which streams a pipeline reads, and as which group: what there is to move when somebody says where it reads on. */
import type { StreamUse } from './pipeline.ts'

export interface StreamReading {
  /** As the config calls it. */
  readonly stream: string
  /** As the config calls it, or the pipeline's own. */
  readonly group: string
  /** All that the group gives it where absent. */
  readonly shards: readonly number[] | undefined
}

/** `uses` are those of the config; each group of a stream once, with the shards of all its readers. */
export function streamReadings(
  config: unknown,
  uses: readonly Pick<StreamUse, 'stream' | 'access' | 'path'>[],
  ownGroup: string,
): readonly StreamReading[] {
  const readings = new Map<string, StreamReading>()
  for (const { stream, access, path } of uses) {
    if (access !== 'read') continue
    const reading = { stream, ...membershipIn(config, path, ownGroup) }
    const key = JSON.stringify([stream, reading.group])
    const known = readings.get(key)
    readings.set(key, known === undefined ? reading : joined(known, reading))
  }
  return [...readings.values()]
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function membershipIn(
  config: unknown,
  path: StreamUse['path'],
  ownGroup: string,
): Pick<StreamReading, 'group' | 'shards'> {
  const last = path.at(-1) === 'name' ? path.slice(0, -1) : path
  const own = last.reduce<unknown>(
    (value, step) =>
      isRecord(value) || Array.isArray(value)
        ? (value as Readonly<Record<string | number, unknown>>)[step]
        : undefined,
    config,
  )
  if (!isRecord(own)) return { group: ownGroup, shards: undefined }
  const { group, shards } = own
  return {
    group: typeof group === 'string' && group !== '' ? group : ownGroup,
    shards: Array.isArray(shards) ? shards.filter((one) => Number.isInteger(one)) : undefined,
  }
}

/** Who reads all shards reads those that another one names, too. */
function joined(one: StreamReading, other: StreamReading): StreamReading {
  if (one.shards === undefined || other.shards === undefined) return { ...one, shards: undefined }
  return { ...one, shards: [...new Set([...one.shards, ...other.shards])].sort((a, b) => a - b) }
}
