/**
 * Refuses what makes data grow while the disk has little room left, before a write finds none: offsets, trims, deletes,
 * retention and checkpoints go on within the reserve, and they are what makes room again.
 *
 * It looks at the disk beside the writes, after a second or a quarter of the smallest reserve of them, and never while
 * the engine is idle, but for when space is low: then it looks by itself too, so that its end is seen without a write.
 */
import { byteText } from '../../crds/size.ts'
import { HeadgateError } from '../error.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { Disk } from '../ports/disk.ts'
import type { Logger } from '../ports/logger.ts'
import type { AppendPart, WriteGate } from './write-gate.ts'

const MEBIBYTE = 1024 * 1024
/** Two checkpoints' worth of journal. */
export const RESERVE_BYTES_MIN: number = 128 * MEBIBYTE
export const RESERVE_BYTES_MAX: number = 1024 * MEBIBYTE
export const RESERVE_SHARE_OF_DISK = 0.05
/** Of a disk so small that nothing else of it would be left. */
export const RESERVE_SHARE_OF_DISK_MAX = 0.25
/** Writes begin again only well above the reserve, or they would come and go with every sweep. */
export const RESERVE_SHARE_TO_END = 1.1
/** Between two looks writes eat into the reserve, by no more than this and what is under way. */
export const SPACE_LOOK_BYTES: number = RESERVE_BYTES_MIN / 4
export const SPACE_LOOK_MS = 1_000
export const SPACE_LOOK_WHILE_LOW_MS = 5_000

export interface SpaceGateOptions {
  readonly disk: Disk
  readonly directory: string
  readonly clock: Clock
  readonly logger: Logger | undefined
  /** Instead of what follows from the size of the disk. */
  readonly reserveBytes?: number
}

/** How much stays free of a disk of that size. */
export function reserveOf(totalBytes: number): number {
  const share = Math.floor(totalBytes * RESERVE_SHARE_OF_DISK)
  const most = Math.floor(totalBytes * RESERVE_SHARE_OF_DISK_MAX)
  return Math.min(most, Math.max(RESERVE_BYTES_MIN, Math.min(RESERVE_BYTES_MAX, share)))
}

/** Looks before it answers, so that the first write is judged as every other. */
export async function openSpaceGate(options: SpaceGateOptions): Promise<SpaceGate> {
  const gate = new SpaceGate(options)
  await gate.look()
  return gate
}

export class SpaceGate implements WriteGate, Disposable {
  readonly #options: SpaceGateOptions
  #low: string | undefined
  /** Without what is free now: the same trouble is told in the same words, and so once in a log. */
  #refusal = ''
  #blind = false
  #lookedMs: number
  /** Admitted since the last look. */
  #bytes = 0
  #looking: Promise<void> | undefined
  #timer: Timer | undefined
  #closed = false

  constructor(options: SpaceGateOptions) {
    this.#options = options
    this.#lookedMs = options.clock.monotonicMs()
  }

  /** Why appends are refused now, as a sentence; undefined when they are not. */
  lowSpace(): string | undefined {
    return this.#low
  }

  /** Looks at the disk now, as after a checkpoint, which frees and takes the most. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  admit(parts: readonly AppendPart[]): void {
    if (parts.length === 0) return
    this.#judge()
    for (const { batch } of parts) this.#bytes += batch.length
  }

  admitStream(): void {
    this.#judge()
  }

  released(): void {}
  removed(): void {}
  load(): void {}

  /** A look that is under way changes nothing any more. */
  [Symbol.dispose](): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  #judge(): void {
    const sinceMs = this.#options.clock.monotonicMs() - this.#lookedMs
    if (sinceMs >= SPACE_LOOK_MS || this.#bytes >= SPACE_LOOK_BYTES) void this.look()
    if (this.#low === undefined) return
    throw new HeadgateError('DiskFull', this.#refusal, {
      retryAfterMs: SPACE_LOOK_WHILE_LOW_MS,
      hint: 'Make room on the disk, shorten the retention of streams, or purge what is retained; writes go on by themselves.',
    })
  }

  async #lookOnce(): Promise<void> {
    const { disk, directory, clock, logger, reserveBytes } = this.#options
    this.#lookedMs = clock.monotonicMs()
    this.#bytes = 0
    try {
      const { freeBytes, totalBytes } = await disk.directories.space(directory)
      if (this.#closed) return
      this.#blind = false
      this.#weigh(freeBytes, reserveBytes ?? reserveOf(totalBytes))
    } catch (error) {
      // What was known last is believed; a disk that is gone fails the writes themselves.
      if (!this.#blind && !this.#closed) {
        logger?.warn('The space on the disk of the data directory cannot be read', { error })
      }
      this.#blind = true
    }
    this.#timer?.cancel()
    if (this.#low === undefined || this.#closed) return
    this.#timer = clock.schedule(SPACE_LOOK_WHILE_LOW_MS, () => void this.look())
  }

  #weigh(freeBytes: number, reserveBytes: number): void {
    const { directory, logger } = this.#options
    const wasLow = this.#low !== undefined
    const endBytes = Math.floor(reserveBytes * RESERVE_SHARE_TO_END)
    const isLow = freeBytes < reserveBytes || (wasLow && freeBytes <= endBytes)
    this.#low = isLow ? lowText(directory, freeBytes, reserveBytes, endBytes) : undefined
    this.#refusal = `expected more than ${byteText(endBytes)} free on the disk of ${directory}, got less; appends are refused until then`
    if (isLow === wasLow) return
    const fields = { directory, freeBytes, reserveBytes }
    if (isLow) logger?.error('The disk is nearly full; appends are refused', fields)
    else logger?.info('The disk has room again; appends are taken', fields)
  }
}

function lowText(directory: string, free: number, reserve: number, end: number): string {
  const room = free < reserve ? 'under' : 'hardly above'
  return `the disk of ${directory} has ${byteText(free)} free, ${room} the reserve of ${byteText(reserve)}: appends are refused until more than ${byteText(end)} are`
}
