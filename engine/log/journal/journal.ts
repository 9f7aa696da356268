/**
 * The journal: the only thing on the way of an acknowledgement. Frames go one behind the other into files that were
 * filled with zeros before; a file is used again once a checkpoint holds all that it said.
 *
 * It orders, writes and syncs; what a frame means is not its business. Recovery: `recover-journal.ts`.
 */
import type { AppendChange, ControlChange } from '../change.ts'

export interface Journal extends AsyncDisposable {
  /** Where the frame goes that is written next. */
  readonly point: JournalPoint
  /** Every frame up to this sequence is durable. */
  readonly syncedSequence: number
  /** Bytes of frames that no release covers, and of all files. */
  readonly usedBytes: number
  readonly capacityBytes: number
  /** An empty frame with the sequence of the next one. One at a time: it is written, or forgotten, before the next. */
  begin(): FrameBuilder
  /** Whether the frame can be written without waiting for a release. */
  fits(frame: FrameBuilder): boolean
  /**
   * Writes the frame behind the one before, in parts where it is large; it is not durable yet. Gives its bytes as
   * written. Waits while no file is free. DiskFull means that not one byte was taken and the journal is as it was;
   * after any other failure the journal is not to be used again.
   */
  write(frame: FrameBuilder): Promise<Buffer>
  /** Makes all durable that was written before the call; what is written meanwhile needs another. Never asked again after a failure. */
  sync(): Promise<void>
  /** Everything before the point is held by a durable checkpoint: its files may be used again. */
  release(point: JournalPoint): void
  /** Nothing will be released any more: a write that waits for a free file fails with the reason, and so do those to come. */
  stopReleasing(reason: unknown): void
}

/** What one commit puts into the journal, all of it or nothing; filled while the sync before it is under way. */
export interface FrameBuilder {
  readonly sequence: number
  /** Of the frame as it stands, without padding. */
  readonly byteLength: number
  readonly isEmpty: boolean
  /** Copies the batch and stamps it; returns where it starts in the frame's bytes. */
  append(change: AppendChange): number
  control(change: ControlChange): void
}

/** A place in the journal, and what proves that a frame found there is the one that belongs there. */
export interface JournalPoint {
  /** Of the use of a file: each use of any file has a higher one. */
  readonly epoch: number
  readonly position: number
  /** Of the frame that goes here. */
  readonly sequence: number
  /** Crc of the header of the frame before, which may lie in another file; zero before the first. */
  readonly previousCrc: number
  /** One for each opening of the directory: records cannot hold what looks like a frame of it. */
  readonly salt: number
}

/** How large the files are and how many. They are made as the load asks for them. */
export interface JournalSizes {
  /** Of the first two files. */
  readonly firstFileBytes: number
  /** Of those that are added under load. */
  readonly laterFileBytes: number
  readonly filesMax: number
}

export const JOURNAL_SIZES: JournalSizes = {
  firstFileBytes: 16 * 1024 * 1024,
  laterFileBytes: 64 * 1024 * 1024,
  filesMax: 8,
}

/** The largest body of one frame; a larger set is several frames. Less where the files are smaller. */
export const FRAME_BODY_BYTES_MAX: number = 16 * 1024 * 1024 - 8192
