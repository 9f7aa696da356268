/**
 * Fills a frame as its changes are judged: each batch is copied once, to where it is written and read from, and is
 * stamped there. The header comes last, when it is known where the frame goes.
 */
import { crc32 } from 'node:zlib'
import { stampHeader } from '../batch-header.ts'
import type { AppendChange, ControlChange } from '../change.ts'
import { FRAME_BUFFER_BYTES_MIN, type FrameBuffers } from '../frame-buffers.ts'
import { alignFrame, FRAME_HEADER_BYTES, type FrameLayout } from './frame.ts'
import type { FrameBuilder } from './journal.ts'

/** A frame that takes no more; its header is still to be written. */
export interface ClosedFrame {
  /** Padded to the alignment. */
  readonly bytes: Buffer
  /** Without the padding. */
  readonly byteLength: number
  readonly layout: FrameLayout
}

export class GrowingFrame implements FrameBuilder {
  readonly sequence: number
  readonly #buffers: FrameBuffers
  #buffer: Buffer
  /** Where the next batch goes. */
  #end = FRAME_HEADER_BYTES
  #batchCount = 0
  /** Batches since the last other entry. */
  #run = 0
  #json = ''
  #jsonBytes = 0

  constructor(sequence: number, expectedBytes: number, buffers: FrameBuffers) {
    this.sequence = sequence
    this.#buffers = buffers
    this.#buffer = buffers.take(Math.max(expectedBytes, FRAME_BUFFER_BYTES_MIN))
  }

  get byteLength(): number {
    const separators = this.#jsonBytes > 0 && this.#run > 0 ? 3 : 2
    const runBytes = this.#run > 0 ? String(this.#run).length : 0
    return this.#end + this.#jsonBytes + runBytes + separators
  }

  get isEmpty(): boolean {
    return this.#batchCount === 0 && this.#jsonBytes === 0
  }

  append(change: AppendChange): number {
    const { batch } = change
    const at = this.#end
    const end = at + batch.length
    if (end > this.#buffer.length) this.#grow(end)
    this.#buffer.set(batch, at)
    const { shard, incarnation, baseSequence, arrivalUs } = change
    const stamp = { shard, incarnation, baseSequence, arrivalUs, frame: this.sequence }
    stampHeader(this.#buffer, stamp, at)
    this.#end = end
    this.#batchCount++
    this.#run++
    return at
  }

  control(change: ControlChange): void {
    if (this.#run > 0) this.#entry(String(this.#run))
    this.#run = 0
    this.#entry(JSON.stringify(change))
  }

  /** Puts the entries behind the batches; what was for the header is still anything. */
  close(): ClosedFrame {
    if (this.#run > 0) this.#entry(String(this.#run))
    this.#run = 0
    const entriesStart = this.#end
    const byteLength = entriesStart + this.#jsonBytes + 2
    const padded = alignFrame(byteLength)
    if (padded > this.#buffer.length) this.#grow(padded)
    this.#buffer.write(`[${this.#json}]`, entriesStart)
    this.#buffer.fill(0, byteLength, padded)
    const layout = {
      batchesBytes: entriesStart - FRAME_HEADER_BYTES,
      batchCount: this.#batchCount,
      entriesBytes: byteLength - entriesStart,
      entriesCrc: crc32(this.#buffer.subarray(entriesStart, byteLength)),
      flags: 0,
    }
    return { bytes: this.#fitted(padded), byteLength, layout }
  }

  #entry(json: string): void {
    const separator = this.#jsonBytes > 0 ? ',' : ''
    this.#json += separator + json
    this.#jsonBytes += separator.length + Buffer.byteLength(json)
  }

  #grow(bytesLeast: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(alignFrame(bytesLeast), this.#buffer.length * 2))
    this.#buffer.copy(grown, 0, 0, this.#end)
    this.#buffers.give(this.#buffer)
    this.#buffer = grown
  }

  /** The frame stays in memory for its readers: a buffer that was made for much more does not stay with it. */
  #fitted(bytes: number): Buffer {
    const frame = this.#buffer.subarray(0, bytes)
    if (bytes * 2 >= this.#buffer.length) return frame
    const copy = Buffer.allocUnsafeSlow(bytes)
    frame.copy(copy)
    this.#buffers.give(this.#buffer)
    return copy
  }
}
