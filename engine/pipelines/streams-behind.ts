/** How far a pipeline is behind in the streams that it reads: what its groups have not committed there. */
import type { MeasuredGroup, ShardLag } from '../streams/group-lag.ts'
import { engineGroup } from './group-name.ts'
import type { StreamReading } from './stream-readings.ts'

export interface StreamBehind {
  /** As the config calls it. */
  readonly stream: string
  readonly records: number
  /** Since the oldest record that is not committed arrived; undefined when it cannot be told. */
  readonly seconds: number | undefined
}

/** By what the engine calls the groups. */
export type GroupLags = ReadonlyMap<string, readonly ShardLag[]>

export function lagsByGroup(measured: readonly MeasuredGroup[]): GroupLags {
  return new Map(measured.map(({ group, shards }) => [group, shards]))
}

/** Each stream once, whichever groups read it; a stream that is not there yet is left out. */
export function streamsBehind(
  namespace: string,
  readings: readonly StreamReading[],
  lags: GroupLags,
): readonly StreamBehind[] {
  const behind = new Map<string, StreamBehind>()
  for (const { stream, group, shards } of readings) {
    const own = `${namespace}/${stream}`
    const read = (lags.get(engineGroup(namespace, group)) ?? []).filter(
      (lag) => lag.stream === own && (shards === undefined || shards.includes(lag.shard)),
    )
    if (read.length === 0) continue
    const known = behind.get(stream)
    behind.set(stream, {
      stream,
      records: read.reduce((sum, { records }) => sum + records, known?.records ?? 0),
      seconds: read.reduce((most, { seconds }) => longer(most, seconds), known?.seconds),
    })
  }
  return [...behind.values()]
}

function longer(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other)
}
