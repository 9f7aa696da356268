import { expect, test } from 'vitest'
import { encodeBatch } from '../log/batch.ts'
import { openMemoryEngine } from '../log/memory-engine.ts'
import { createStream } from '../pipelines/stream-testing.ts'
import { SeededRandom } from '../ports/seeded-random.ts'
import { SimulatedClock } from '../ports/simulated-clock.ts'
import { RATE_LOOK_MS, RATE_WINDOW_MS, type StreamRate, StreamRates } from './stream-rates.ts'

test('the rate of a stream is what was written in the last minute, kept or not', async () => {
  const clock = new SimulatedClock()
  await using engine = openMemoryEngine({ clock, random: new SeededRandom(1) })
  using rates = new StreamRates(engine.streams, clock)
  const incarnation = await createStream(engine, 's', 2)
  const rate = (): StreamRate | undefined => {
    const [stream] = engine.streams.describe(['default/s'])
    return stream === undefined ? undefined : rates.rateOf(stream)
  }
  const write = (records: number, shard: number): Promise<unknown> => {
    const batch = encodeBatch(Array.from({ length: records }, () => ({ data: Buffer.alloc(10) })))
    return engine.log.write({ appends: [{ stream: 'default/s', incarnation, shard, batch }] })
  }
  expect(rate()).toBeUndefined()
  await clock.advance(RATE_LOOK_MS)
  await write(300, 0)
  await write(300, 1)
  await clock.advance(20_000)
  const [stream] = engine.streams.describe(['default/s'])
  expect(rate()?.recordsPerSecond).toBe(20)
  expect(rate()?.bytesPerSecond).toBeCloseTo((stream?.bytes ?? 0) / 30)
  const trim = { stream: 'default/s', incarnation, shard: 0, first: 301 }
  await engine.log.write({ appends: [], trims: [trim] })
  expect(rate()?.recordsPerSecond).toBe(20)
  await clock.advance(RATE_WINDOW_MS + RATE_LOOK_MS)
  expect(rate()).toEqual({ recordsPerSecond: 0, bytesPerSecond: 0 })
})
