/** Streams, records, offsets and trims at random on a simulated disk, for tests of what looks at a data directory. */
import { setImmediate } from 'node:timers/promises'
import type { Engine } from '../../engine.ts'
import { SeededRandom } from '../../ports/seeded-random.ts'
import { SimulatedClock } from '../../ports/simulated-clock.ts'
import { SimulatedDisk } from '../../ports/simulated-disk.ts'
import type { StreamRecord } from '../../streams/streams.ts'
import { decodeRecords, encodeBatch } from '../batch.ts'
import { type DiskEngine, type EngineSizes, openDiskEngine } from '../disk-engine.ts'
import { SMALL_SIZES } from '../testing.ts'

export const DIRECTORY = '/data'
/** More than anything under way takes to fail. */
const TURNS = 20

export interface Workplace {
  readonly disk: SimulatedDisk
  /** Of the engine that was opened last: what a crash ended has no timers any more. */
  clock: SimulatedClock
  readonly random: SeededRandom
  /** What was acknowledged, by stream and shard: sequence → text. */
  readonly acknowledged: Map<string, Map<number, string>>
}

export function newWorkplace(seed: number): Workplace {
  const random = new SeededRandom(seed)
  return {
    disk: new SimulatedDisk(new SeededRandom(seed + 1)),
    clock: new SimulatedClock(),
    random,
    acknowledged: new Map(),
  }
}

export function openWorkplace(
  place: Workplace,
  changes: { readonly acceptLoss?: boolean; readonly sizes?: Partial<EngineSizes> } = {},
): Promise<DiskEngine> {
  const { sizes, ...rest } = changes
  const { disk, random } = place
  place.clock = new SimulatedClock(place.clock.wallUs())
  const options = { directory: DIRECTORY, clock: place.clock, random, disk, ...rest }
  return openDiskEngine({ ...options, sizes: { ...SMALL_SIZES, ...sizes } })
}

export function recordOf(name: string, changes: Partial<StreamRecord> = {}): StreamRecord {
  return {
    name,
    id: name.slice(name.indexOf('/') + 1),
    uid: `uid-${name}`,
    owner: 'test',
    digest: '',
    type: undefined,
    shards: 2,
    durability: 'durable',
    retention: { ageMs: undefined, bytes: undefined },
    compaction: 'none',
    deletionPolicy: 'Retain',
    protected: false,
    retainForMs: undefined,
    sealed: undefined,
    ...changes,
  }
}

/**
 * The process ends, and with `crash` the power goes too. What the engine still had under way fails first: it would
 * otherwise go on after its own end.
 */
export async function end({ disk }: Workplace, how: 'kill' | 'crash'): Promise<void> {
  disk.cutPowerAt(disk.calls)
  for (let turns = 0; turns < TURNS; turns++) await setImmediate()
  if (how === 'kill') disk.kill()
  else disk.crash()
}

/** So many sets, several at once; fails as the engine does. */
export async function work(place: Workplace, engine: Engine, sets: number): Promise<void> {
  const { random } = place
  for (const name of ['default/a', 'default/b']) {
    if (engine.streams.describe([name]).length > 0) continue
    const durability = name === 'default/b' ? 'relaxed' : 'durable'
    await engine.streams.create(recordOf(name, { durability }))
  }
  for (let set = 0; set < sets; set++) {
    await place.clock.advance(Math.floor(random.next() * 100))
    const count = 1 + Math.floor(random.next() * 3)
    await Promise.all(Array.from({ length: count }, () => append(place, engine)))
    if (random.next() < 0.2) await commitOffset(place, engine)
    if (random.next() < 0.1) await trim(place, engine)
  }
}

async function append(place: Workplace, engine: Engine): Promise<void> {
  const { random, acknowledged } = place
  const name = random.next() < 0.7 ? 'default/a' : 'default/b'
  const [stream] = engine.streams.describe([name])
  if (stream === undefined) return
  const count = 1 + Math.floor(random.next() * 4)
  const id = Math.floor(random.next() * 1e9)
  const fill = 'x'.repeat(Math.floor(random.next() * 900))
  const texts = Array.from({ length: count }, (_, index) => `${id}-${index}-${fill}`)
  const shard = Math.floor(random.next() * 2)
  const batch = encodeBatch(texts.map((text) => ({ data: Buffer.from(text) })))
  const { incarnation } = stream
  const { appends } = await engine.log.write({
    appends: [{ stream: name, incarnation, shard, batch }],
  })
  const key = `${name}/${shard}`
  const of = acknowledged.get(key) ?? new Map<number, string>()
  acknowledged.set(key, of)
  texts.forEach((text, index) => void of.set(appends[0]?.sequences[index] ?? 0, text))
}

async function commitOffset({ random }: Workplace, engine: Engine): Promise<void> {
  const [stream] = engine.streams.describe(['default/a'])
  const shard = Math.floor(random.next() * 2)
  const next = stream?.shardStates[shard]?.next ?? 1
  const offset = { group: 'default/g', generation: 0, stream: 'default/a', shard, next }
  const offsets = [{ ...offset, incarnation: stream?.incarnation ?? 0 }]
  await engine.log.write({ appends: [], offsets })
}

async function trim({ random, acknowledged }: Workplace, engine: Engine): Promise<void> {
  const [stream] = engine.streams.describe(['default/a'])
  const shard = Math.floor(random.next() * 2)
  const { first = 1, next = 1 } = stream?.shardStates[shard] ?? {}
  const to = first + Math.floor(random.next() * (next - first) * 0.3)
  const of = acknowledged.get(`default/a/${shard}`)
  for (const sequence of of?.keys() ?? []) if (sequence < to) of?.delete(sequence)
  const trims = [{ stream: 'default/a', incarnation: stream?.incarnation ?? 0, shard, first: to }]
  await engine.log.write({ appends: [], trims })
}

/** Everything that a shard holds: sequence → text. Goes on behind what cannot be read when `skips` says where. */
export async function readAll(
  engine: Engine,
  stream: string,
  shard: number,
): Promise<Map<number, string>> {
  const [found] = engine.streams.describe([stream])
  const incarnation = found?.incarnation ?? 0
  const at = await engine.log.resolve({ stream, incarnation, shard }, { kind: 'earliest' })
  await using reader = engine.log.open(at)
  const texts = new Map<number, string>()
  for (;;) {
    const read = await reader.next(1_000_000, 0)
    if (read === undefined) return texts
    for (const { sequence, data } of decodeRecords(read.bytes, read.from)) {
      texts.set(sequence, Buffer.from(data).toString())
    }
  }
}
