/** Committed batches as they lie in memory, in the bytes of the frame that committed them. */

export interface TailFrame {
  readonly sequence: number
  /** The frame as it was written; batches are parts of it. */
  readonly bytes: Buffer
}

export interface TailBatch {
  readonly baseSequence: number
  /** One above the last sequence of the batch. */
  readonly nextSequence: number
  readonly count: number
  readonly arrivalUs: number
  readonly frame: TailFrame
  /** Where the batch starts in the bytes of the frame, header first. */
  readonly at: number
  readonly byteLength: number
}

export function tailBytes({ frame, at, byteLength }: TailBatch): Buffer {
  return frame.bytes.subarray(at, at + byteLength)
}
