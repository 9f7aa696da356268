/** What every engine promises of records that are past their time. */
import { describe, expect, test } from 'vitest'
import { BATCH_HEADER_BYTES } from '../../engine/log/batch.ts'
import type { StreamRecord } from '../../engine/streams/streams.ts'
import { type OpenEngine, streamRecord, useEngine } from './engine-under-test.ts'

export function describeRetentionContract(open: OpenEngine): void {
  describe('retention', () => {
    const under = useEngine(open)
    const { settled, texts, write } = under

    const keep = (retention: StreamRecord['retention'], more: Partial<StreamRecord> = {}) =>
      under.engine.streams.alter(
        under.stream.incarnation,
        streamRecord('a', { shards: 3, retention, ...more }),
      )
    const hour = 3_600_000

    test('drops what is older than the age, and nothing younger', async () => {
      await keep({ ageMs: hour, bytes: undefined })
      await write('old')
      await under.clock.advance(hour / 2)
      await write('young')
      await under.clock.advance(hour / 2 + 20_000)
      await settled()
      expect(await texts()).toEqual(['young'])
    })

    test('keeps at least the size', async () => {
      const size = BATCH_HEADER_BYTES + 3
      await keep({ ageMs: undefined, bytes: 2 * size })
      for (const text of ['1', '2', '3', '4']) await write(text)
      await under.clock.advance(20_000)
      await settled()
      expect(await texts()).toEqual(['3', '4'])
    })

    test('expires nothing of a sealed stream', async () => {
      await write('x')
      await keep({ ageMs: hour, bytes: 1 }, { sealed: { sinceUs: 1, by: 'test' } })
      await under.clock.advance(2 * hour)
      await settled()
      expect(await texts()).toEqual(['x'])
    })

    test('expires nothing early when the clock jumps, forwards or backwards', async () => {
      await keep({ ageMs: 24 * hour, bytes: undefined })
      await write('x')
      under.clock.jumpWall(-48 * hour * 1000)
      await under.clock.advance(20_000)
      await settled()
      expect(await texts()).toEqual(['x'])
      under.clock.jumpWall(96 * hour * 1000)
      await under.clock.advance(20_000)
      await settled()
      expect(await texts()).toEqual(['x'])
    })
  })
}
