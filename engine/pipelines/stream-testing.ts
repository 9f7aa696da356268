/** Streams for tests of pipelines that read and write them: made, filled, read back and judged. */
import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import type { Engine } from '../engine.ts'
import { decodeRecords, encodeBatch } from '../log/batch.ts'
import { openMemoryEngine } from '../log/memory-engine.ts'
import type { LogRecord } from '../log/record.ts'
import type { Clock } from '../ports/clock.ts'
import { realClock } from '../ports/real-clock.ts'
import { realRandom } from '../ports/real-random.ts'

export function memory(clock: Clock = realClock): Engine {
  return openMemoryEngine({ clock, random: realRandom })
}

export async function createStream(engine: Engine, name: string, shards: number): Promise<number> {
  const { incarnation } = await engine.streams.create({
    name: `default/${name}`,
    id: name,
    uid: realRandom.uuid(),
    owner: 'test',
    digest: '',
    type: undefined,
    shards,
    durability: 'durable',
    retention: { ageMs: undefined, bytes: undefined },
    compaction: 'none',
    deletionPolicy: 'Delete',
    protected: false,
    retainForMs: undefined,
    sealed: undefined,
  })
  return incarnation
}

export async function produce(
  engine: Engine,
  name: string,
  keys: readonly string[],
): Promise<void> {
  const [stream] = engine.streams.describe([`default/${name}`])
  const incarnation = stream?.incarnation ?? 0
  const records = keys.map((key, index) => ({
    key: Buffer.from(key),
    headers: [{ name: 'trace', value: Buffer.from(`t${index}`) }],
    data: Buffer.from(JSON.stringify({ n: index })),
  }))
  await engine.log.write({
    appends: [{ stream: `default/${name}`, incarnation, batch: encodeBatch(records) }],
  })
}

export async function readAll(engine: Engine, name: string): Promise<LogRecord[]> {
  const [stream] = engine.streams.describe([`default/${name}`])
  const records: LogRecord[] = []
  for (const { shard, first, next } of stream?.shardStates ?? []) {
    if (first === next) continue
    const { incarnation = 0 } = stream ?? {}
    const at = { stream: `default/${name}`, incarnation, shard, sequence: first }
    await using reader = engine.log.open(at)
    while (reader.position.sequence < next) {
      const result = await reader.next(1024 * 1024, 1_000)
      if (result !== undefined) records.push(...decodeRecords(result.bytes, result.from))
    }
  }
  return records
}

export function count(engine: Engine, name: string): number {
  return engine.streams.describe([`default/${name}`])[0]?.records ?? 0
}

/** Each source position once, and in rising order per source shard within each target shard. */
export function expectExactlyOnce(records: readonly LogRecord[], total: number): void {
  const places = records.map(({ headers }) => {
    const header = (name: string): string =>
      Buffer.from(headers.find((one) => one.name === name)?.value ?? []).toString()
    return `${header('shard')}/${header('sequence')}`
  })
  assert.equal(new Set(places).size, places.length)
  assert.equal(places.length, total)
}

/** A pipeline from `source` to `target` that says in headers where each record comes from. */
export const COPY: {
  input: { stream: { name: string } }
  pipeline: { processors: unknown[] }
  output: { stream: { name: string; key: string; headers: Record<string, string> } }
} = {
  input: { stream: { name: 'source' } },
  pipeline: { processors: [{ mapping: 'root.n = this.n\nroot.doubled = this.n * 2' }] },
  output: {
    stream: {
      name: 'target',
      key: '${! @headgate_key }',
      headers: { shard: '${! @headgate_shard }', sequence: '${! @headgate_sequence }' },
    },
  },
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate()
}

export function keys(total: number): string[] {
  return Array.from({ length: total }, (_, n) => `k${n % 17}`)
}
