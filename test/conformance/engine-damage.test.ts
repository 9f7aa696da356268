import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Engine } from '../../engine/engine.ts'
import { openDiskEngine } from '../../engine/log/disk-engine.ts'
import { SeededRandom } from '../../engine/ports/seeded-random.ts'
import { SimulatedClock } from '../../engine/ports/simulated-clock.ts'
import { SimulatedDisk } from '../../engine/ports/simulated-disk.ts'
import { batchOf, readShard, streamRecord } from './engine-under-test.ts'

const FRAME_BYTES = 4096

interface Written {
  readonly disk: SimulatedDisk
  open(): Promise<Engine>
  /** Every journal file as it is now. */
  journal(): Record<string, string>
}

const path = (epoch: number): string => `/data/journal/0000000${epoch}.journal`

/**
 * Ends in order, with one record a frame: snapshot and creation come first, and a snapshot in each later file; the
 * last frame says that the engine was closed.
 */
async function written(texts: readonly string[], framesPerFile: number): Promise<Written> {
  const disk = new SimulatedDisk(new SeededRandom(1))
  const open = () =>
    openDiskEngine({
      directory: '/data',
      clock: new SimulatedClock(),
      random: new SeededRandom(1),
      disk,
      journalFileBytes: framesPerFile * FRAME_BYTES,
    })
  const engine = await open()
  const { incarnation } = await engine.streams.create(streamRecord('a'))
  for (const text of texts) {
    const at = { stream: 'a', incarnation, shard: 0 }
    await engine.log.write({ appends: [{ ...at, batch: batchOf(text) }] })
  }
  await engine[Symbol.asyncDispose]()
  const journal = () => {
    const files = disk.paths.filter((file) => file.endsWith('.journal'))
    return Object.fromEntries(
      files.map((file) => [file, Buffer.from(disk.bytesOf(file) ?? []).toString('base64')]),
    )
  }
  return { disk, open, journal }
}

async function seen(engine: Engine): Promise<string[]> {
  if (engine.streams.describe(['a']).length === 0) return []
  const records = await readShard(engine, 'a', 0)
  return records.map(({ sequence, data }) => `${sequence} ${String(data)}`)
}

/** The sequences that the condition says are lost. */
function namedLost(engine: Engine): number[] {
  const ranges = engine.condition()?.matchAll(/a shard 0 sequences (\d+) to (\d+)/g) ?? []
  return [...ranges].flatMap(([, from, to]) =>
    Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) => Number(from) + index),
  )
}

describe('the disk engine on damaged data', () => {
  test('is read-only, says where, and leaves every byte as it is', async () => {
    // Frames: snapshot, creation, one, two, three.
    const third = 3 * FRAME_BYTES
    for (const position of [0, 70, FRAME_BYTES, third, third + 70, third + 130, third + 133]) {
      const { disk, open, journal } = await written(['one', 'two', 'three'], 100)
      disk.rot(path(1), position)
      const before = journal()
      const engine = await open()
      expect(engine.condition()).toContain(path(1))
      expect(engine.condition()).toContain('LogCorrupt')
      const write = engine.streams.create(streamRecord('b'))
      await expect(write).rejects.toMatchObject({ code: 'LogReadOnly' })
      await engine[Symbol.asyncDispose]()
      expect(journal()).toEqual(before)
    }
  })

  test('reads what lies before and behind it, and names what is lost', async () => {
    const { disk, open } = await written(['one', 'two', 'three', 'four'], 100)
    disk.rot(path(1), 3 * FRAME_BYTES)
    const engine = await open()
    expect(await seen(engine)).toEqual(['1 one', '3 three', '4 four'])
    expect(engine.condition()).toContain(`${path(1)} from byte 12288 to 16384`)
    expect(engine.condition()).toContain('a shard 0 sequences 2 to 2')
    await engine[Symbol.asyncDispose]()
  })

  test('in a closed file leaves the files behind it readable', async () => {
    // First: snapshot, creation, 1, 2; then: snapshot, 3, 4, 5; snapshot, 6, 7, end.
    const { disk, open, journal } = await written(['x', 'x', 'x', 'x', 'x', 'x', 'x'], 4)
    for (const position of [FRAME_BYTES, 2 * FRAME_BYTES]) disk.rot(path(2), position)
    const before = journal()
    expect(Object.keys(before)).toEqual([path(1), path(2), path(3)])
    const engine = await open()
    expect(await seen(engine)).toEqual(['1 x', '2 x', '5 x', '6 x', '7 x'])
    expect(engine.condition()).toContain(`${path(2)} from byte 4096 to 12288`)
    expect(engine.condition()).toContain('a shard 0 sequences 3 to 4')
    await engine[Symbol.asyncDispose]()
    expect(journal()).toEqual(before)
  })

  test('at the end of a closed file is known from the snapshot behind it', async () => {
    const { disk, open } = await written(['x', 'x', 'x', 'x'], 4)
    disk.rot(path(1), 3 * FRAME_BYTES)
    const engine = await open()
    expect(await seen(engine)).toEqual(['1 x', '3 x', '4 x'])
    expect(engine.condition()).toContain(`${path(1)} from byte 12288 to 16384`)
    expect(engine.condition()).toContain('a shard 0 sequences 2 to 2')
    await engine[Symbol.asyncDispose]()
  })

  test('of the last record is told from a torn end, once the engine ended in order', async () => {
    const { disk, open } = await written(['x', 'x'], 100)
    disk.rot(path(1), 3 * FRAME_BYTES)
    const engine = await open()
    expect(await seen(engine)).toEqual(['1 x'])
    expect(engine.condition()).toContain(`${path(1)} from byte 12288 to 16384`)
    await engine[Symbol.asyncDispose]()
  })

  test('of the creation of a stream costs none of its records', async () => {
    const { disk, open } = await written(['x', 'x', 'x', 'x'], 4)
    disk.rot(path(1), FRAME_BYTES)
    const engine = await open()
    expect(await seen(engine)).toEqual(['1 x', '2 x', '3 x', '4 x'])
    expect(engine.condition()).toContain(`${path(1)} from byte 4096 to 8192`)
    expect(engine.condition()).not.toContain('lost')
    await engine[Symbol.asyncDispose]()
  })

  test('that took a whole file leaves the others readable', async () => {
    const { disk, open } = await written(['x', 'x', 'x', 'x', 'x', 'x', 'x'], 4)
    await disk.files.remove(path(2))
    const engine = await open()
    expect(await seen(engine)).toEqual(['1 x', '2 x', '6 x', '7 x'])
    expect(engine.condition()).toContain(`${path(2)} is missing`)
    expect(engine.condition()).toContain('a shard 0 sequences 3 to 5')
    await engine[Symbol.asyncDispose]()
  })

  test('at the head of the newest file leaves the older files readable', async () => {
    // The header of its first frame, and then only what that frame holds.
    for (const [position, served] of [
      [0, ['1 x', '2 x', '3 x', '4 x', '5 x']],
      [70, ['1 x', '2 x', '3 x', '4 x', '5 x', '6 x', '7 x']],
    ] as const) {
      const { disk, open } = await written(['x', 'x', 'x', 'x', 'x', 'x', 'x'], 4)
      disk.rot(path(3), position)
      const engine = await open()
      expect(await seen(engine)).toEqual(served)
      expect(engine.condition()).toContain(`${path(3)} from byte 0`)
      await engine[Symbol.asyncDispose]()
    }
  })

  test('law: costs what lies in the damaged frame, says so, and changes nothing', async () => {
    const texts = Array.from({ length: 12 }, (_, index) => `text ${index}`)
    const expected = texts.map((text, index) => `${index + 1} ${text}`)
    await fc.assert(
      fc.asyncProperty(fc.nat(2 ** 20), fc.integer({ min: 1, max: 255 }), async (at, bits) => {
        const { disk, open, journal } = await written(texts, 4)
        const files = Object.keys(journal())
        const file = files[at % files.length] ?? ''
        const bytes = disk.bytesOf(file)?.length ?? 0
        const position = Math.floor(at / files.length) % bytes
        disk.rot(file, position, bits)
        const before = journal()
        const engine = await open()
        const found = await seen(engine)
        const lost = expected.filter((record) => !found.includes(record))
        expect(found).toEqual(expected.filter((record) => !lost.includes(record)))
        const atHead = position < FRAME_BYTES
        if (!atHead) expect(lost.length).toBeLessThanOrEqual(1)
        if (lost.length > 0) expect(engine.condition()).toContain(file)
        if (file !== files.at(-1)) {
          expect(namedLost(engine)).toEqual(lost.map((record) => Number.parseInt(record, 10)))
        }
        await engine[Symbol.asyncDispose]()
        if (engine.condition()?.includes('LogCorrupt')) expect(journal()).toEqual(before)
      }),
      { numRuns: 300 },
    )
  })
})
