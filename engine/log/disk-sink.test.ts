import { expect, test } from 'vitest'
import type { Checkpointer } from './checkpoint/checkpointer.ts'
import type { DiskShard } from './disk-shard.ts'
import { DiskSink, UNFLUSHED_BYTES_MAX } from './disk-sink.ts'
import type { FrameBuilder, Journal } from './journal/journal.ts'
import type { LogView } from './log-view.ts'
import type { TailCache } from './tail-cache.ts'

/** A sink whose journal has room, over a tail of which no segment has so many bytes. */
function sinkOver(unflushedBytes: number, isEmpty = false): DiskSink {
  const frame = { isEmpty } as FrameBuilder
  return new DiskSink({
    view: {} as LogView<DiskShard>,
    journal: { begin: () => frame, fits: () => true } as unknown as Journal,
    tail: { unflushedBytes } as TailCache,
    checkpointer: {} as Checkpointer,
    forget: () => {},
  })
}

test('commits hold back once memory alone has its most bytes, and not before', () => {
  const has = (sink: DiskSink): boolean => sink.hasRoom(sink.begin())
  expect(has(sinkOver(UNFLUSHED_BYTES_MAX))).toBe(true)
  expect(has(sinkOver(UNFLUSHED_BYTES_MAX + 1))).toBe(false)
  expect(has(sinkOver(UNFLUSHED_BYTES_MAX + 1, true))).toBe(true)
})
