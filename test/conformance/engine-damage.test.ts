import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Engine } from '../../engine/engine.ts'
import { decodeRecords } from '../../engine/log/batch.ts'
import { openDiskEngine } from '../../engine/log/disk-engine.ts'
import { SMALL_SIZES } from '../../engine/log/testing.ts'
import { SeededRandom } from '../../engine/ports/seeded-random.ts'
import { SimulatedClock } from '../../engine/ports/simulated-clock.ts'
import { SimulatedDisk } from '../../engine/ports/simulated-disk.ts'
import { batchOf, readShard, rejection, streamRecord } from './engine-under-test.ts'

const FRAME_BYTES = 4096
const JOURNAL = '/data/journal/0000.journal'
const SEGMENT = '/data/streams/00000001/0000-00000000000000000001.0.segment'
const CHECKPOINTS = [
  '/data/checkpoint/0.a',
  '/data/checkpoint/0.b',
  '/data/checkpoint/1.a',
  '/data/checkpoint/1.b',
]
const SUPERBLOCKS = ['/data/superblock.0', '/data/superblock.1']

interface Written {
  readonly disk: SimulatedDisk
  open(): Promise<Engine>
  /** Everything that lies there now. */
  bytes(): Record<string, string>
}

interface HowWritten {
  /** These lie in segments, with a checkpoint that names them. */
  readonly checkpointed?: readonly string[]
  /** These lie in the journal alone, one a frame; behind that of the creation where nothing is checkpointed. */
  readonly journalled?: readonly string[]
  /** The superblock says that all of it is durable. */
  readonly marked?: boolean
}

/** Ends by SIGKILL, so that the journal is needed. */
async function written({ checkpointed, journalled = [], marked }: HowWritten): Promise<Written> {
  const disk = new SimulatedDisk(new SeededRandom(1))
  const open = (clock = new SimulatedClock()) =>
    openDiskEngine({
      directory: '/data',
      clock,
      random: new SeededRandom(1),
      disk,
      sizes: { ...SMALL_SIZES, segmentBytes: 65_536 },
    })
  const write = async (engine: Engine, texts: readonly string[]): Promise<void> => {
    const incarnation = engine.streams.describe(['a'])[0]?.incarnation ?? 0
    for (const text of texts) {
      await engine.log.write({
        appends: [{ stream: 'a', incarnation, shard: 0, batch: batchOf(text) }],
      })
    }
  }
  const clock = new SimulatedClock()
  let engine = await open(clock)
  await engine.streams.create(streamRecord('a'))
  if (checkpointed !== undefined) {
    await write(engine, checkpointed)
    await engine[Symbol.asyncDispose]()
    engine = await open(clock)
  }
  await write(engine, journalled)
  if (marked === true) await clock.advance(1_000)
  disk.kill()
  const bytes = () =>
    Object.fromEntries(
      disk.paths.map((path) => [path, Buffer.from(disk.bytesOf(path) ?? []).toString('base64')]),
    )
  return { disk, open: () => open(), bytes }
}

async function seen(engine: Engine): Promise<string[]> {
  if (engine.streams.describe(['a']).length === 0) return []
  const records = await readShard(engine, 'a', 0)
  return records.map(({ sequence, data }) => `${sequence} ${String(data)}`)
}

/** What a reader gets that goes on behind whatever it is told is lost, and what it was told. */
async function salvaged(engine: Engine): Promise<{ found: string[]; lost: string[] }> {
  const [description] = engine.streams.describe()
  const found: string[] = []
  const lost: string[] = []
  const { name = '', incarnation = 0, shardStates = [] } = description ?? {}
  const { first = 1, next = 1 } = shardStates[0] ?? {}
  for (let sequence = first; sequence < next; ) {
    await using reader = engine.log.open({ stream: name, incarnation, shard: 0, sequence })
    try {
      const read = await reader.next(1, 0)
      if (read === undefined) break
      for (const record of decodeRecords(read.bytes, read.from)) {
        found.push(`${record.sequence} ${String(record.data)}`)
      }
      sequence = read.next
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      lost.push(message)
      sequence++
    }
  }
  return { found, lost }
}

async function expectReadOnly(engine: Engine): Promise<void> {
  expect(engine.condition()).toContain('LogCorrupt')
  expect(await rejection(engine.streams.create(streamRecord('b')))).toBe('LogReadOnly')
}

describe('the disk engine on a damaged journal', () => {
  test('is read-only, says where, and leaves every byte as it is', async () => {
    // Frames: creation, one, two, three.
    const second = 2 * FRAME_BYTES
    for (const position of [0, 70, FRAME_BYTES, second, second + 70, second + 130, second + 133]) {
      const { disk, open, bytes } = await written({ journalled: ['one', 'two', 'three'] })
      disk.rot(JOURNAL, position)
      const before = bytes()
      const engine = await open()
      expect(engine.condition()).toContain(JOURNAL)
      await expectReadOnly(engine)
      await engine[Symbol.asyncDispose]()
      expect(bytes()).toEqual(before)
    }
  })

  test('reads what lies before and behind the damage, and names what is lost', async () => {
    const { disk, open } = await written({ journalled: ['one', 'two', 'three', 'four'] })
    disk.rot(JOURNAL, 2 * FRAME_BYTES)
    const engine = await open()
    const { found, lost } = await salvaged(engine)
    expect(found).toEqual(['1 one', '3 three', '4 four'])
    expect(lost).toEqual([expect.stringContaining('sequences 2 to 2')])
    expect(engine.condition()).toContain(`${JOURNAL} from byte 8192 to 12288`)
    expect(engine.condition()).toContain('a shard 0 sequences 2 to 2')
    await engine[Symbol.asyncDispose]()
  })

  test('tells damage of the last record from a torn end, once a superblock vouched for it', async () => {
    for (const marked of [true, false]) {
      const { disk, open } = await written({ journalled: ['one', 'two'], marked })
      disk.rot(JOURNAL, 2 * FRAME_BYTES)
      const engine = await open()
      expect(await seen(engine)).toEqual(['1 one'])
      if (marked) await expectReadOnly(engine)
      else expect(engine.condition()).toBeUndefined()
      await engine[Symbol.asyncDispose]()
    }
  })

  test('is not asked for what a checkpoint holds', async () => {
    const { disk, open } = await written({ checkpointed: ['one'], journalled: ['two'] })
    const engine = await open()
    expect(await seen(engine)).toEqual(['1 one', '2 two'])
    await engine[Symbol.asyncDispose]()
    for (let position = 0; position < 65_536; position += 512) disk.rot(JOURNAL, position)
    const again = await open()
    expect(again.condition()).toBeUndefined()
    expect(await seen(again)).toEqual(['1 one', '2 two'])
    await again[Symbol.asyncDispose]()
  })

  test('that is missing as a whole is named', async () => {
    const { disk, open, bytes } = await written({
      checkpointed: ['one'],
      journalled: ['two', 'three'],
      marked: true,
    })
    for (const slot of ['0000', '0001']) await disk.files.remove(`/data/journal/${slot}.journal`)
    const before = bytes()
    const engine = await open()
    expect(await seen(engine)).toEqual(['1 one'])
    expect(engine.condition()).toContain('is missing')
    await expectReadOnly(engine)
    await engine[Symbol.asyncDispose]()
    expect(bytes()).toEqual(before)
  })
})

describe('the disk engine on damaged checkpoints and superblocks', () => {
  const whole = { checkpointed: ['one', 'two'], journalled: ['three'], marked: true }

  test.each([...CHECKPOINTS, ...SUPERBLOCKS])(
    'loses nothing where %s alone is bad',
    async (path) => {
      for (const position of [0, 20, 100]) {
        const { disk, open } = await written(whole)
        disk.rot(path, position)
        const engine = await open()
        expect(engine.condition()).toBeUndefined()
        expect(await seen(engine)).toEqual(['1 one', '2 two', '3 three'])
        await engine[Symbol.asyncDispose]()
      }
    },
  )

  test('finds the records again where both copies of every checkpoint are bad', async () => {
    const { disk, open, bytes } = await written(whole)
    for (const path of CHECKPOINTS) disk.rot(path, 20)
    const before = bytes()
    const engine = await open()
    await expectReadOnly(engine)
    expect(engine.condition()).toContain('both copies of checkpoint')
    const [stream] = engine.streams.describe()
    expect(stream).toMatchObject({ name: 'a.recovered-1', sealed: { by: '' }, protected: true })
    const { found } = await salvaged(engine)
    expect(found.slice(0, 2)).toEqual(['1 one', '2 two'])
    await engine[Symbol.asyncDispose]()
    expect(bytes()).toEqual(before)
  })

  test('goes by the newest checkpoint where both superblocks are bad, and is read-only', async () => {
    const { disk, open, bytes } = await written(whole)
    for (const path of SUPERBLOCKS) disk.rot(path, 20)
    const before = bytes()
    const engine = await open()
    await expectReadOnly(engine)
    expect(engine.condition()).toContain('both superblocks')
    expect(await seen(engine)).toEqual(['1 one', '2 two', '3 three'])
    await engine[Symbol.asyncDispose]()
    expect(bytes()).toEqual(before)
  })

  test('reads the journal where the superblock that says that it is needed is bad', async () => {
    const { disk, open } = await written({ checkpointed: ['one'], journalled: ['two'] })
    // The other one was written when the engine ended in order.
    const newest = SUPERBLOCKS.find((path) => text(disk, path).includes('"closed":false')) ?? ''
    disk.rot(newest, 20)
    const engine = await open()
    expect(await seen(engine)).toEqual(['1 one', '2 two'])
    await engine[Symbol.asyncDispose]()
  })

  test('is read-only where the checkpoint is ahead of the journal', async () => {
    const { disk, open, bytes } = await written({
      journalled: ['one', 'two', 'three'],
      marked: true,
    })
    // A copy of the journal from before, as a restore of some files would leave.
    const old = await written({ journalled: ['one'] })
    const journal = old.disk.bytesOf(JOURNAL) ?? new Uint8Array()
    const file = await disk.files.open(JOURNAL, 'update')
    await file.write(journal, 0)
    await file.close()
    const before = bytes()
    const engine = await open()
    await expectReadOnly(engine)
    expect(await seen(engine)).toEqual(['1 one'])
    await engine[Symbol.asyncDispose]()
    expect(bytes()).toEqual(before)
  })
})

describe('the disk engine on damaged segments', () => {
  const whole = { checkpointed: ['one', 'two', 'three'] }

  test('reads around the bytes that rot, says which records are lost, and takes writes', async () => {
    const { disk, open } = await written(whole)
    const length = (disk.bytesOf(SEGMENT) ?? []).length
    const texts = ['1 one', '2 two', '3 three']
    for (let position = FRAME_BYTES; position < Math.min(length, FRAME_BYTES + 300); position++) {
      const rotten = disk.clone(new SeededRandom(1))
      rotten.rot(SEGMENT, position)
      const engine = await openDiskEngine({
        directory: '/data',
        clock: new SimulatedClock(),
        random: new SeededRandom(1),
        disk: rotten,
        sizes: { ...SMALL_SIZES, segmentBytes: 65_536 },
      })
      const { found, lost } = await salvaged(engine)
      for (const record of found) expect(texts).toContain(record)
      expect(found.length + (lost.length > 0 ? 1 : 0)).toBeGreaterThanOrEqual(3)
      for (const message of lost) expect(message).toContain('damage in')
      await engine[Symbol.asyncDispose]()
    }
    expect((await open()).condition()).toBeUndefined()
  })

  test('that are missing are named, with what went with them', async () => {
    const { disk, open, bytes } = await written(whole)
    await disk.files.remove(SEGMENT)
    const before = bytes()
    const engine = await open()
    await expectReadOnly(engine)
    expect(engine.condition()).toContain(`${SEGMENT} is missing`)
    expect(engine.condition()).toContain('a shard 0 sequences 1 to 3')
    await engine[Symbol.asyncDispose]()
    expect(bytes()).toEqual(before)
  })
})

test('law: any byte that rots costs what it held, and no more, and what is served was written', async () => {
  const texts = Array.from({ length: 10 }, (_, index) => `text ${index}`)
  const expected = texts.map((text, index) => `${index + 1} ${text}`)
  const whole = await written({
    checkpointed: texts.slice(0, 5),
    journalled: texts.slice(5),
    marked: true,
  })
  const paths = whole.disk.paths.filter((path) => !path.endsWith('lock.db'))
  await fc.assert(
    fc.asyncProperty(fc.nat(2 ** 24), fc.integer({ min: 1, max: 255 }), async (at, bits) => {
      const disk = whole.disk.clone(new SeededRandom(1))
      const path = paths[at % paths.length] ?? ''
      const length = (disk.bytesOf(path) ?? []).length
      // Most bytes are zeros that nothing reads: the first ones are worth more.
      const position = Math.floor(at / paths.length) % Math.min(length, 7 * FRAME_BYTES)
      disk.rot(path, position, bits)
      const before = disk.bytesOf(path)
      const engine = await openDiskEngine({
        directory: '/data',
        clock: new SimulatedClock(),
        random: new SeededRandom(1),
        disk,
        sizes: { ...SMALL_SIZES, segmentBytes: 65_536 },
      }).catch((error: unknown) => {
        // The marker can say no more what it said.
        expect(path).toContain('format.json')
        expect(error).toMatchObject({ code: 'DataDirectoryUnusable' })
        return undefined
      })
      if (engine === undefined) return
      const { found } = await salvaged(engine)
      for (const record of found) expect(expected).toContain(record)
      expect(new Set(found).size).toBe(found.length)
      expect(found.length).toBeGreaterThanOrEqual(9)
      const readOnly = engine.condition() !== undefined
      await engine[Symbol.asyncDispose]()
      if (readOnly) expect(disk.bytesOf(path)).toEqual(before)
    }),
    { numRuns: 300 },
  )
})

function text(disk: SimulatedDisk, path: string): string {
  return Buffer.from(disk.bytesOf(path) ?? []).toString('latin1')
}
