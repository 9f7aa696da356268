import { afterEach, describe, expect, test } from 'vitest'
import type { Engine } from '../../engine/engine.ts'
import { encodeBatch } from '../../engine/log/batch.ts'
import { openDiskEngine } from '../../engine/log/disk-engine.ts'
import { SPACE_LOOK_MS } from '../../engine/log/space-gate.ts'
import { SMALL_SIZES } from '../../engine/log/testing.ts'
import type { Disk } from '../../engine/ports/disk.ts'
import { SeededRandom } from '../../engine/ports/seeded-random.ts'
import { SimulatedClock } from '../../engine/ports/simulated-clock.ts'
import { SimulatedDisk } from '../../engine/ports/simulated-disk.ts'
import { NamespaceQuotas } from '../../engine/streams/quotas.ts'
import { batchOf, readShard, rejection, streamRecord } from './engine-under-test.ts'

const engines: Engine[] = []
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine[Symbol.asyncDispose]()
})

const LIMIT = 4_096

async function openWorld(reserveBytes = 0) {
  const clock = new SimulatedClock()
  const simulated = new SimulatedDisk(new SeededRandom(1))
  const space = { freeBytes: 1_000, totalBytes: 10_000 }
  const disk: Disk = {
    files: simulated.files,
    directories: { ...simulated.directories, space: async () => space },
  }
  const open = async () => {
    const quotas = new NamespaceQuotas(new Map([['team', { bytes: LIMIT }]]), clock)
    const random = new SeededRandom(2)
    const sizes = { ...SMALL_SIZES, reserveBytes }
    const options = { directory: '/data', clock, random, disk, sizes, gate: quotas }
    const engine = await openDiskEngine(options)
    engines.push(engine)
    return { engine, quotas }
  }
  return { ...(await open()), open, clock, simulated, space }
}

/** What the streams of the namespace hold, by their own account. */
const stored = (engine: Engine): number =>
  engine.streams
    .describe()
    .filter(({ name }) => name.startsWith('team/'))
    .reduce((sum, { bytes }) => sum + bytes, 0)

const keyed = (count: number): Uint8Array =>
  encodeBatch(
    Array.from({ length: count }, (_, index) => ({
      key: Buffer.from(`${index}`),
      data: Buffer.from('x'),
    })),
  )

describe('the disk engine behind a quota', () => {
  test('counts what is stored to the byte, whatever happens to it', async () => {
    const { engine, quotas, open, simulated } = await openWorld()
    const used = (of = quotas): number | undefined => of.use('team')?.usedBytes
    const a = await engine.streams.create(streamRecord('team/a', { shards: 4 }))
    const b = await engine.streams.create(streamRecord('team/b'))
    await engine.streams.create(streamRecord('other/c'))
    const to = ({ name, incarnation }: typeof a, batch: Uint8Array) => ({
      stream: name,
      incarnation,
      batch,
    })
    await engine.log.write({ appends: [to(a, keyed(20)), to(b, batchOf('one'))] })
    await engine.log.write({ appends: [to(b, batchOf('two'))] })
    expect(used()).toBe(stored(engine))
    const wrong = { ...to(b, batchOf('three')), shard: 9 }
    expect(await rejection(engine.log.write({ appends: [to(a, keyed(2)), wrong] }))).toBe(
      'ShardOutOfRange',
    )
    expect(used()).toBe(stored(engine))
    await engine.log.write({
      appends: [],
      trims: [{ stream: b.name, incarnation: b.incarnation, shard: 0, first: 2 }],
    })
    expect(used()).toBe(stored(engine))
    simulated.failCall(simulated.calls, 'ENOSPC')
    expect(await rejection(engine.log.write({ appends: [to(b, batchOf('none'))] }))).toBe(
      'DiskFull',
    )
    expect(used()).toBe(stored(engine))
    await engine.streams.delete(a.name, a.incarnation)
    expect(used()).toBe(stored(engine))
    expect(stored(engine)).toBeGreaterThan(0)
    simulated.crash()
    engines.pop()
    const again = await open()
    expect(used(again.quotas)).toBe(stored(again.engine))
    expect(used(again.quotas)).toBe(used())
  })

  test('refuses the write that would pass it, changes nothing, and goes on once there is room', async () => {
    const { engine, quotas } = await openWorld()
    const { name, incarnation } = await engine.streams.create(streamRecord('team/a'))
    const at = { stream: name, incarnation, shard: 0 }
    const write = (length: number) =>
      engine.log.write({
        appends: [{ ...at, batch: batchOf('x'.repeat(length)) }],
        offsets: [{ group: 'g', generation: 0, ...at, next: 1 }],
        idempotencyKey: `k${length}`,
      })
    await write(3_000)
    expect(await rejection(write(2_000))).toBe('QuotaExceeded')
    expect(await readShard(engine, name, 0)).toHaveLength(1)
    const offsets = [{ group: 'g', generation: 0, ...at, next: 2 }]
    await engine.log.write({ appends: [], offsets, trims: [{ ...at, first: 2 }] })
    expect(quotas.use('team')?.usedBytes).toBe(0)
    // The refusal is not remembered under the key.
    const { appends } = await write(2_000)
    expect(appends[0]?.sequences[0]).toBe(2)
  })
})

describe('the disk engine on a disk that is nearly full', () => {
  test('refuses appends and new streams, and lets everything else go on', async () => {
    const { engine, clock, space } = await openWorld(500)
    const { name, incarnation } = await engine.streams.create(streamRecord('team/a'))
    const at = { stream: name, incarnation, shard: 0 }
    const write = (text: string) => engine.log.write({ appends: [{ ...at, batch: batchOf(text) }] })
    await write('one')
    await write('two')
    space.freeBytes = 499
    await clock.advance(SPACE_LOOK_MS)
    await write('sets off a look')
    expect(await rejection(write('four'))).toBe('DiskFull')
    expect(await rejection(engine.streams.create(streamRecord('team/b')))).toBe('DiskFull')
    expect(engine.condition()).toContain('under the reserve')
    const offsets = [{ group: 'g', generation: 0, ...at, next: 2 }]
    await engine.log.write({ appends: [], offsets, trims: [{ ...at, first: 3 }] })
    await engine.groups.reset('g', [])
    await engine.streams.alter(
      incarnation,
      streamRecord('team/a', { retention: { ageMs: 1, bytes: undefined } }),
    )
    expect((await readShard(engine, name, 0)).map(({ sequence }) => sequence)).toEqual([3])
    space.freeBytes = 551
    await clock.advance(5_000)
    await write('four')
    expect(engine.condition()).toBeUndefined()
    space.freeBytes = 0
    await clock.advance(SPACE_LOOK_MS)
    await write('sets off a look')
    await engine.streams.delete(name, incarnation)
  })
})
