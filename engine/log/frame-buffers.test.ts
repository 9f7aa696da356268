import { describe, expect, test } from 'vitest'
import { SeededRandom } from '../ports/seeded-random.ts'
import { SimulatedClock } from '../ports/simulated-clock.ts'
import { SimulatedDisk } from '../ports/simulated-disk.ts'
import { decodeRecords, encodeBatch } from './batch.ts'
import { openDiskEngine } from './disk-engine.ts'
import {
  FRAME_BUFFER_BYTES_MAX,
  FRAME_BUFFER_BYTES_MIN,
  FRAME_BUFFERS_BYTES_MAX,
  FrameBuffers,
} from './frame-buffers.ts'
import { SMALL_SIZES } from './testing.ts'

describe('buffers of frames', () => {
  test('are used again where they are large enough', () => {
    const buffers = new FrameBuffers()
    const first = buffers.take(FRAME_BUFFER_BYTES_MIN)
    buffers.give(first.subarray(0, 100))
    expect(buffers.take(50_000).length).toBe(50_000)
    expect(buffers.take(100).buffer).toBe(first.buffer)
    expect(buffers.take(100).buffer).not.toBe(first.buffer)
  })

  test('hold back their most bytes, and none that is too large or too small', () => {
    const buffers = new FrameBuffers()
    buffers.give(Buffer.allocUnsafeSlow(FRAME_BUFFER_BYTES_MAX + 1))
    buffers.give(Buffer.allocUnsafeSlow(FRAME_BUFFER_BYTES_MIN - 1))
    expect(buffers.bytes).toBe(0)
    for (let bytes = 0; bytes <= FRAME_BUFFERS_BYTES_MAX; bytes += FRAME_BUFFER_BYTES_MAX) {
      buffers.give(Buffer.allocUnsafeSlow(FRAME_BUFFER_BYTES_MAX))
    }
    expect(buffers.bytes).toBe(FRAME_BUFFERS_BYTES_MAX)
  })
})

test('what a reader was given stays as it is, whatever is written afterwards', async () => {
  const clock = new SimulatedClock()
  const disk = new SimulatedDisk(new SeededRandom(1))
  const random = new SeededRandom(2)
  await using engine = await openDiskEngine({
    directory: '/data',
    clock,
    random,
    disk,
    sizes: { ...SMALL_SIZES, segmentBytes: 1_000_000 },
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
    compaction: 'none',
    retention: { ageMs: undefined, bytes: undefined },
    deletionPolicy: 'Retain',
    protected: false,
    retainForMs: undefined,
    sealed: undefined,
  })
  const at = { stream: 'a', incarnation, shard: 0 }
  const write = (text: string) =>
    engine.log.write({ appends: [{ ...at, batch: encodeBatch([{ data: Buffer.from(text) }]) }] })
  const kept: { text: string; bytes: Uint8Array; from: number }[] = []
  await using reader = engine.log.open({ ...at, sequence: 1 })
  for (let index = 0; index < 300; index++) {
    const text = `${index} ${'x'.repeat(11_000)}`
    await write(text)
    // Every third record is looked at while it is in memory; the others leave their memory to later frames.
    const read = await reader.next(1, 0)
    if (index % 3 === 0 && read !== undefined) kept.push({ text, ...read })
  }
  for (const { text, bytes, from } of kept) {
    expect(String(decodeRecords(bytes, from)[0]?.data)).toBe(text)
  }
})
