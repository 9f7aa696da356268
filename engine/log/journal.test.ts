import { describe, expect, test } from 'vitest'
import { SeededRandom } from '../ports/seeded-random.ts'
import { SimulatedClock } from '../ports/simulated-clock.ts'
import { SimulatedDisk } from '../ports/simulated-disk.ts'
import { encodeBatch } from './batch.ts'
import { openDiskEngine } from './disk-engine.ts'
import { FRAME_ALIGN_BYTES } from './frame.ts'

const batch = encodeBatch([{ data: Buffer.from('x') }])

/** A file begins with a snapshot; then come the creation and two writes, of one aligned piece each. */
async function filesAfterTwoWrites(journalFileBytes: number) {
  const disk = new SimulatedDisk(new SeededRandom(1))
  const engine = await openDiskEngine({
    directory: '/data',
    clock: new SimulatedClock(),
    random: new SeededRandom(1),
    disk,
    journalFileBytes,
  })
  const { incarnation } = await engine.streams.create({
    name: 'a',
    id: 'a',
    uid: 'a',
    owner: undefined,
    digest: '',
    type: undefined,
    shards: 1,
    durability: 'durable',
    retention: { ageMs: undefined, bytes: undefined },
    deletionPolicy: 'Retain',
    protected: false,
    retainForMs: undefined,
    sealed: undefined,
  })
  const at = { stream: 'a', incarnation, shard: 0 }
  const write = () => engine.log.write({ appends: [{ ...at, batch }] })
  await write()
  await write()
  const files = () => disk.paths.filter((path) => path.endsWith('.journal')).length
  return {
    engine,
    at,
    write,
    files,
    trim: (first: number) => ({ appends: [], trims: [{ ...at, first }] }),
  }
}

describe('a journal file', () => {
  test('is followed by another once it has its bytes, and not before', async () => {
    const bytes = 3 * FRAME_ALIGN_BYTES
    const full = await filesAfterTwoWrites(bytes)
    expect(full.files()).toBe(2)
    const room = await filesAfterTwoWrites(bytes + 1)
    expect(room.files()).toBe(1)
    await room.write()
    expect(room.files()).toBe(2)
    await full.engine[Symbol.asyncDispose]()
    await room.engine[Symbol.asyncDispose]()
  })

  test('goes once no batch in it can be read, when the next one begins', async () => {
    const { engine, write, files, trim } = await filesAfterTwoWrites(3 * FRAME_ALIGN_BYTES)
    await engine.log.write(trim(2))
    expect(files()).toBe(2)
    await write()
    await write()
    // The first went, the second and third stay.
    expect(files()).toBe(2)
    await engine[Symbol.asyncDispose]()
  })
})
