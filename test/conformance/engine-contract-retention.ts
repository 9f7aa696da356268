/** What every engine promises of records that are past their time. */
import { describe, expect, test } from 'vitest'
import { BATCH_HEADER_BYTES } from '../../engine/log/batch.ts'
import { JUMP_BELIEVED_AFTER_MS } from '../../engine/log/retention-time.ts'
import { RETENTION_SWEEP_MS } from '../../engine/log/sweeper.ts'
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

    /** As many sweeps as come in the time, each of them through. */
    const pass = async (ms: number) => {
      await under.clock.advance(ms)
      await settled()
    }

    test('expires nothing early when the clock jumps, forwards or backwards', async () => {
      await keep({ ageMs: 24 * hour, bytes: undefined })
      await write('x')
      under.clock.jumpWall(-48 * hour * 1000)
      await pass(20_000)
      expect(await texts()).toEqual(['x'])
      under.clock.jumpWall(96 * hour * 1000)
      await pass(20_000)
      expect(await texts()).toEqual(['x'])
    })

    test('believes a jump forward once it held still, and expires by it', async () => {
      await keep({ ageMs: 24 * hour, bytes: undefined })
      await write('x')
      under.clock.jumpWall(25 * hour * 1000)
      await pass(RETENTION_SWEEP_MS + JUMP_BELIEVED_AFTER_MS - 1)
      expect(await texts()).toEqual(['x'])
      await pass(RETENTION_SWEEP_MS)
      expect(await texts()).toEqual([])
    })

    test('forgives a jump forward that is taken back', async () => {
      await keep({ ageMs: 24 * hour, bytes: undefined })
      await write('x')
      under.clock.jumpWall(1000 * hour * 1000)
      await pass(JUMP_BELIEVED_AFTER_MS / 2)
      under.clock.jumpWall(-1000 * hour * 1000)
      await pass(2 * JUMP_BELIEVED_AFTER_MS)
      expect(await texts()).toEqual(['x'])
      await pass(24 * hour)
      expect(await texts()).toEqual([])
    })

    test('expires by arrival what came before the clock was set back, not sooner', async () => {
      await keep({ ageMs: hour, bytes: undefined })
      await write('before')
      under.clock.jumpWall(-2 * hour * 1000)
      await write('after')
      await pass(2 * hour)
      expect(await texts()).toEqual(['before', 'after'])
      await pass(hour + RETENTION_SWEEP_MS)
      expect(await texts()).toEqual([])
    })

    test('keeps to the size whatever the clock does', async () => {
      const size = BATCH_HEADER_BYTES + 3
      await keep({ ageMs: 24 * hour, bytes: size })
      for (const jump of [0, 1000 * hour, -2000 * hour]) {
        under.clock.jumpWall(jump * 1000)
        for (const text of ['1', '2']) await write(text)
        await pass(RETENTION_SWEEP_MS)
        expect(await texts()).toEqual(['2'])
      }
    })
  })
}
